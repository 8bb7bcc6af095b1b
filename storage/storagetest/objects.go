package storagetest

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"baas/storage"
)

func testPutThenOpen(t *testing.T, h Harness) {
	d := h.open(t)
	for _, tc := range []struct {
		name, key string
		size      int
	}{
		{"empty", "empty", 0},
		{"one byte", "one", 1},
		{"in folders", "ab/cd/ef", 1000},
		{"every character", "abcdefghijklmnopqrstuvwxyz0123456789_-", 10},
		{"looks like an option", "-rf", 3},
		{"longest segment", strings.Repeat("a", 128), 5},
		{"longest key", strings.Repeat(strings.Repeat("k", 127)+"/", 3) + strings.Repeat("z", 128), 5},
		{"around a buffer", "buffer", 64<<10 + 1},
		{"some megabytes", "mega", 3<<20 + 7},
	} {
		t.Run(tc.name, func(t *testing.T) {
			data := content(1, tc.size)
			put := mustPut(t, d, tc.key, data)
			got, info := mustRead(t, d, tc.key, 0, -1)
			wantBytes(t, "content", got, data)
			if info.Key != tc.key || info.Size != int64(tc.size) {
				t.Errorf("Open says %+v, want key %q and %d bytes", info, tc.key, tc.size)
			}
			st, err := d.Stat(t.Context(), tc.key)
			if err != nil {
				t.Fatalf("Stat: %v", err)
			}
			if st.Key != info.Key || st.Size != info.Size || !st.Modified.Equal(info.Modified) {
				t.Errorf("Stat = %+v, Open = %+v: want the same", st, info)
			}
			if off := st.Modified.Sub(put.Modified).Abs(); off > 2*time.Second {
				t.Errorf("Modified moved by %v after Put", off)
			}
		})
	}
	t.Run("seen by another driver", func(t *testing.T) {
		got, _ := mustRead(t, h.open(t), "ab/cd/ef", 0, -1)
		wantBytes(t, "content", got, content(1, 1000))
	})
}

func testUnknownSize(t *testing.T, h Harness) {
	d := h.open(t)
	for _, size := range []int{0, 1, 512 << 10, 9<<20 + 5} {
		key := fmt.Sprintf("unknown-%d", size)
		data := content(2, size)
		info, err := d.Put(t.Context(), key, onlyReader{bytes.NewReader(data)}, -1)
		if err != nil {
			t.Fatalf("Put of %d bytes of unknown size: %v", size, err)
		}
		if info.Size != int64(size) {
			t.Errorf("Put says %d bytes, want %d", info.Size, size)
		}
		got, _ := mustRead(t, d, key, 0, -1)
		wantBytes(t, key, got, data)
	}
}

func testWrongSize(t *testing.T, h Harness) {
	d := h.open(t)
	for _, tc := range []struct {
		name          string
		actual, given int
	}{
		{"shorter", 999, 1000},
		{"longer by one", 1001, 1000},
		{"empty", 0, 1},
		{"not empty", 1, 0},
		{"shorter after several buffers", 9 << 20, 9<<20 + 1},
		{"longer after several buffers", 9<<20 + 1, 9 << 20},
	} {
		t.Run(tc.name, func(t *testing.T) {
			key := "wrong-size"
			_, err := d.Put(t.Context(), key, onlyReader{bytes.NewReader(content(3, tc.actual))}, int64(tc.given))
			if !errors.Is(err, storage.ErrSize) {
				t.Errorf("Put of %d bytes announced as %d: %v, want ErrSize", tc.actual, tc.given, err)
			}
			wantNothing(t, d, key)
		})
	}
}

func testRanges(t *testing.T, h Harness) {
	d := h.open(t)
	data := content(4, 1000)
	mustPut(t, d, "ranges", data)
	mustPut(t, d, "ranges-empty", nil)
	for _, tc := range []struct {
		name           string
		key            string
		offset, length int64
		want           []byte
	}{
		{"all", "ranges", 0, -1, data},
		{"all by length", "ranges", 0, 1000, data},
		{"first byte", "ranges", 0, 1, data[:1]},
		{"middle", "ranges", 100, 50, data[100:150]},
		{"to the end", "ranges", 990, -1, data[990:]},
		{"last byte", "ranges", 999, 1, data[999:]},
		{"cut at the end", "ranges", 990, 500, data[990:]},
		{"length zero", "ranges", 10, 0, nil},
		{"length zero at the start", "ranges", 0, 0, nil},
		{"at the end", "ranges", 1000, -1, nil},
		{"at the end with length", "ranges", 1000, 10, nil},
		{"behind the end", "ranges", 5000, 10, nil},
		{"empty object", "ranges-empty", 0, -1, nil},
		{"empty object with length", "ranges-empty", 0, 10, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, info := mustRead(t, d, tc.key, tc.offset, tc.length)
			wantBytes(t, "range", got, tc.want)
			whole := int64(len(data))
			if tc.key == "ranges-empty" {
				whole = 0
			}
			if info.Size != whole {
				t.Errorf("Info.Size = %d, want that of the whole object, %d", info.Size, whole)
			}
		})
	}
}

func testMissingKey(t *testing.T, h Harness) {
	d := h.open(t)
	mustPut(t, d, "dir/there", []byte("x"))
	for _, key := range []string{"missing", "dir/missing", "dir", "dir/there/below"} {
		_, _, openErr := d.Open(t.Context(), key, 0, -1)
		_, _, rangeErr := d.Open(t.Context(), key, 5, 1)
		_, _, noneErr := d.Open(t.Context(), key, 5, 0)
		_, statErr := d.Stat(t.Context(), key)
		for what, err := range map[string]error{"Open": openErr, "Open of a range": rangeErr, "Open of nothing": noneErr, "Stat": statErr} {
			if !errors.Is(err, storage.ErrNotExist) || !strings.Contains(err.Error(), key) {
				t.Errorf("%s(%q): %v, want ErrNotExist naming the key", what, key, err)
			}
		}
	}
}

func testBadKeys(t *testing.T, h Harness) {
	d := h.open(t)
	for _, key := range []string{
		"", "/", "/a", "a/", "a//b", ".", "..", "../a", "a/../b", "a/./b", ".tmp/a", "A", "a.b", "a b", "a\\b", "a\x00", "ä", "%2e%2e/a",
		strings.Repeat("a", 129), strings.Repeat("a/", 256) + "a",
	} {
		_, putErr := d.Put(t.Context(), key, strings.NewReader("x"), 1)
		_, _, openErr := d.Open(t.Context(), key, 0, -1)
		_, statErr := d.Stat(t.Context(), key)
		for what, err := range map[string]error{"Put": putErr, "Open": openErr, "Stat": statErr, "Delete": d.Delete(t.Context(), key)} {
			if !errors.Is(err, storage.ErrKey) {
				t.Errorf("%s(%q): %v, want ErrKey", what, key, err)
			}
		}
	}
}

// testSecondPut puts a key twice, which the Service never does: a driver may
// refuse or replace, but what is there is one of the two.
func testSecondPut(t *testing.T, h Harness) {
	d := h.open(t)
	first, second := content(5, 2000), content(6, 900)
	mustPut(t, d, "twice", first)
	want := second
	if _, err := d.Put(t.Context(), "twice", bytes.NewReader(second), 900); err != nil {
		want = first
	}
	got, _ := mustRead(t, d, "twice", 0, -1)
	wantBytes(t, "after the second Put", got, want)
}

func testDelete(t *testing.T, h Harness) {
	d := h.open(t)
	mustPut(t, d, "del/a", []byte("a"))
	mustPut(t, d, "del/b", []byte("b"))
	for _, key := range []string{"del/a", "del/a", "del/never", "never", "del/b/below"} {
		if err := d.Delete(t.Context(), key); err != nil {
			t.Errorf("Delete(%q): %v, want nil", key, err)
		}
	}
	wantNothing(t, d, "del/a")
	got, _ := mustRead(t, d, "del/b", 0, -1)
	wantBytes(t, "the neighbour", got, []byte("b"))
	mustPut(t, d, "del/c", []byte("c"))
}

func testReadDeleted(t *testing.T, h Harness) {
	d := h.open(t)
	data := content(7, 4000)
	mustPut(t, d, "going", data)
	rc, _, err := d.Open(t.Context(), "going", 0, -1)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	defer func() { _ = rc.Close() }()
	if err := d.Delete(t.Context(), "going"); err != nil {
		t.Fatalf("Delete while open: %v", err)
	}
	var got bytes.Buffer
	if _, err := got.ReadFrom(rc); err != nil {
		t.Fatalf("reading after Delete: %v", err)
	}
	wantBytes(t, "content", got.Bytes(), data)
}

func testConcurrentUse(t *testing.T, h Harness) {
	d := h.open(t)
	var wg sync.WaitGroup
	for worker := range 8 {
		wg.Go(func() {
			for i := range 6 {
				key := fmt.Sprintf("con/%d/%d", i, worker) // folders shared by the workers
				data := content(uint64(worker*100+i), 1000*i+worker)
				if _, err := d.Put(t.Context(), key, bytes.NewReader(data), int64(len(data))); err != nil {
					t.Errorf("Put(%q): %v", key, err)
					return
				}
				if _, err := d.List(t.Context(), "con/", "", 10); err != nil {
					t.Errorf("List: %v", err)
				}
				got, _ := mustRead(t, d, key, 0, -1)
				wantBytes(t, key, got, data)
				if i%2 == 1 {
					if err := d.Delete(t.Context(), key); err != nil {
						t.Errorf("Delete(%q): %v", key, err)
					}
				}
			}
		})
	}
	wg.Wait()
	if got := keysOf(t, d, "con/", "", 1000); len(got) != 8*3 {
		t.Errorf("%d objects are left, want 24: %v", len(got), got)
	}
}

// wantNothing checks that a key is nowhere to be seen.
func wantNothing(t *testing.T, d storage.Driver, key string) {
	t.Helper()
	if _, err := d.Stat(t.Context(), key); !errors.Is(err, storage.ErrNotExist) {
		t.Errorf("Stat(%q): %v, want ErrNotExist", key, err)
	}
	rc, _, err := d.Open(t.Context(), key, 0, -1)
	if err == nil {
		_ = rc.Close()
	}
	if !errors.Is(err, storage.ErrNotExist) {
		t.Errorf("Open(%q): %v, want ErrNotExist", key, err)
	}
	for _, k := range keysOf(t, d, key, "", 1000) {
		if k == key {
			t.Errorf("List shows %q", key)
		}
	}
}
