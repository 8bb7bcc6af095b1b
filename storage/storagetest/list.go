package storagetest

import (
	"fmt"
	"slices"
	"testing"

	"baas/storage"
)

// keysOf lists and checks the descriptions on the way.
func keysOf(t *testing.T, d storage.Driver, prefix, after string, limit int) []string {
	t.Helper()
	infos, err := d.List(t.Context(), prefix, after, limit)
	if err != nil {
		t.Fatalf("List(%q, %q, %d): %v", prefix, after, limit, err)
	}
	keys := []string{}
	for _, info := range infos {
		if info.Modified.IsZero() || info.Size < 0 {
			t.Errorf("List shows %+v: want a size and a time", info)
		}
		keys = append(keys, info.Key)
	}
	return keys
}

// testListOrder uses keys that sort differently as paths and as bytes: '-'
// comes before '/', the digits and '_' after it.
func testListOrder(t *testing.T, h Harness) {
	d := h.open(t)
	keys := []string{"a-b", "a-b-c", "a/b", "a/b-c", "a/c/d", "a0", "a_b", "aa/a", "b", "b-a/x", "c/a/a/a"}
	for _, i := range []int{5, 0, 3, 10, 1, 8, 2, 9, 4, 7, 6} {
		mustPut(t, d, keys[i], []byte(keys[i]))
	}
	if !slices.IsSorted(keys) {
		t.Fatal("the table must be in byte order")
	}
	for _, tc := range []struct {
		name, prefix, after string
		limit               int
		want                []string
	}{
		{"all", "", "", 100, keys},
		{"limited", "", "", 3, keys[:3]},
		{"after a key", "", "a-b", 100, keys[1:]},
		{"after the last of a folder", "", "a/c/d", 100, keys[5:]},
		{"after a key that is not there", "", "a/bb", 100, keys[4:]},
		{"after a folder's name", "", "a", 100, keys},
		{"after the last", "", "c/a/a/a", 100, []string{}},
		{"after and limited", "", "a/b", 2, keys[3:5]},
		{"prefix of a folder", "a/", "", 100, keys[2:5]},
		{"prefix of names", "a", "", 100, keys[:8]},
		{"prefix inside a folder", "a/b", "", 100, keys[2:4]},
		{"prefix is a key", "b", "", 100, keys[8:10]},
		{"prefix after", "a/", "a/b", 100, keys[3:5]},
		{"prefix after something before it", "b", "a", 100, keys[8:10]},
		{"prefix after something behind it", "a/", "b", 100, []string{}},
		{"prefix not there", "zz/", "", 100, []string{}},
		{"prefix deep and not there", "a/c/d/e/", "", 100, []string{}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := keysOf(t, d, tc.prefix, tc.after, tc.limit); !slices.Equal(got, tc.want) {
				t.Errorf("List(%q, %q, %d) = %q, want %q", tc.prefix, tc.after, tc.limit, got, tc.want)
			}
		})
	}
	infos, err := d.List(t.Context(), "a/b", "", 1)
	if err != nil || len(infos) != 1 || infos[0].Size != 3 {
		t.Errorf("List(a/b) = %+v, %v: want one object of 3 bytes", infos, err)
	}
}

func testListPages(t *testing.T, h Harness) {
	d := h.open(t)
	if got := keysOf(t, d, "", "", 10); len(got) != 0 {
		t.Fatalf("an empty place lists %q", got)
	}
	var want []string
	for i := range 40 {
		key := fmt.Sprintf("%02x/page-%03d", i*37%16, i)
		mustPut(t, d, key, []byte{byte(i)})
		want = append(want, key)
	}
	slices.Sort(want)
	for _, limit := range []int{1, 7, 40, 41} {
		var got []string
		after := ""
		for {
			page := keysOf(t, d, "", after, limit)
			if len(page) > limit {
				t.Fatalf("a page of %d has %d keys", limit, len(page))
			}
			if len(page) == 0 {
				break
			}
			got = append(got, page...)
			after = page[len(page)-1]
		}
		if !slices.Equal(got, want) {
			t.Errorf("pages of %d give %d keys %q, want %d keys", limit, len(got), got, len(want))
		}
	}
}
