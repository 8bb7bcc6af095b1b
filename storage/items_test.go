package storage_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"baas/db/fault"
	"baas/db/rules"
	"baas/storage"
)

func TestTempURLsPerItem(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *storage.Options) { o.Mode = rules.Private })
	w.write(t, alice, "mine", "x")
	w.write(t, bob, "theirs", "x")
	ids := []string{
		id("mine"), id("theirs"), id("none"), "nonsense", "cloud://dev/mine", "cloud://dev.b/", "cloud://dev.b/../mine",
		"cloud://foreign.b/mine", "cloud://old-1a2b.6465-old/mine", "cloud://dev.another-bucket/mine", "",
	}
	want := []fault.Code{
		fault.OK, fault.StorageDenied, fault.FileNotExist, fault.InvalidParam, fault.InvalidParam, fault.InvalidParam, fault.InvalidParam,
		fault.FileNotExist, fault.OK, fault.OK, fault.InvalidParam,
	}
	requests := make([]storage.TempURLRequest, len(ids))
	for i := range ids {
		requests[i].FileID = ids[i]
	}
	got, err := w.TempURLs(t.Context(), alice, requests)
	if err != nil || len(got) != len(ids) {
		t.Fatalf("TempURLs = %d items, %v", len(got), err)
	}
	for i, item := range got {
		if item.FileID != ids[i] || item.Code != want[i] || (item.URL != "") != (want[i] == fault.OK) || (item.MaxAge > 0) != (want[i] == fault.OK) {
			t.Errorf("item %q = %+v, want code %q", ids[i], item, want[i])
		}
	}
}

func TestDeletePerItem(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write(t, alice, "mine", "x")
	w.write(t, bob, "theirs", "x")
	w.write(t, admin, "nobodys", "x")
	ids := []string{id("mine"), id("mine"), id("theirs"), id("nobodys"), id("none"), "nonsense"}
	want := []fault.Code{fault.OK, fault.FileNotExist, fault.StorageDenied, fault.StorageDenied, fault.FileNotExist, fault.InvalidParam}
	got, err := w.Delete(t.Context(), alice, ids)
	if err != nil {
		t.Fatal(err)
	}
	for i, item := range got {
		if item.FileID != ids[i] || item.Code != want[i] {
			t.Errorf("item %d = %+v, want %q: %q", i, item, ids[i], want[i])
		}
	}
	left, err := w.List(t.Context(), admin, "", "", 10)
	if err != nil || len(left) != 2 {
		t.Errorf("left: %+v, %v; want two files", left, err)
	}
	if _, err := w.Delete(t.Context(), admin, []string{id("theirs"), id("nobodys")}); err != nil {
		t.Error(err)
	}
	if left, err = w.List(t.Context(), admin, "", "", 10); err != nil || len(left) != 0 {
		t.Errorf("left after the admin: %+v, %v", left, err)
	}
	// The path is free again, for anybody.
	if got := w.write(t, bob, "mine", "y").Owner; got != "openid_B-ob" {
		t.Errorf("owner %q", got)
	}
}

func TestItemCounts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for n, ok := range map[int]bool{0: false, 1: true, 50: true, 51: false} {
		_, urlErr := w.TempURLs(t.Context(), admin, make([]storage.TempURLRequest, n))
		_, deleteErr := w.Delete(t.Context(), admin, make([]string, n))
		for what, err := range map[string]error{"TempURLs": urlErr, "Delete": deleteErr} {
			if (err == nil) != ok || (err != nil && !fault.Is(err, fault.InvalidParam)) {
				t.Errorf("%s of %d items: %v", what, n, err)
			}
		}
	}
}

// A failure of the server is not an answer about one file.
func TestItemsFailWithTheDatabase(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := expired(t)
	_, urlErr := w.TempURLs(ctx, admin, []storage.TempURLRequest{{FileID: id("a")}})
	_, deleteErr := w.Delete(ctx, admin, []string{id("a")})
	if err := errors.Join(urlErr, deleteErr); urlErr == nil || deleteErr == nil {
		t.Errorf("with a database that does not answer: %v, want two errors", err)
	}
}

func TestListIsForAdmins(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, path := range []string{"a/1", "a/2", "a/3", "ab", "b/1", "猫/1"} {
		w.write(t, alice, path, path)
	}
	for _, tc := range []struct {
		prefix, after string
		limit         int
		want          []string
	}{
		{"", "", 100, []string{"a/1", "a/2", "a/3", "ab", "b/1", "猫/1"}},
		{"", "", 2, []string{"a/1", "a/2"}},
		{"", "a/2", 2, []string{"a/3", "ab"}},
		{"a/", "", 100, []string{"a/1", "a/2", "a/3"}},
		{"a/", "a/1", 1, []string{"a/2"}},
		{"a/", "a/3", 10, nil},
		{"a", "", 100, []string{"a/1", "a/2", "a/3", "ab"}},
		{"a", "z", 100, nil},
		{"b", "a", 100, []string{"b/1"}},
		{"c", "", 100, nil},
		{"猫", "", 100, []string{"猫/1"}},
	} {
		files, err := w.List(t.Context(), admin, tc.prefix, tc.after, tc.limit)
		var got []string
		for _, f := range files {
			got = append(got, f.Path)
			if f.FileID != id(f.Path) || f.Size != int64(len(f.Path)) {
				t.Errorf("List shows %+v", f)
			}
		}
		if err != nil || !slices.Equal(got, tc.want) {
			t.Errorf("List(%q, %q, %d) = %q, %v; want %q", tc.prefix, tc.after, tc.limit, got, err, tc.want)
		}
	}
	if _, err := w.List(t.Context(), alice, "", "", 10); !fault.Is(err, fault.StorageDenied) {
		t.Errorf("List by a user: %v, want StorageDenied", err)
	}
	for _, limit := range []int{0, -1, 1001} {
		if _, err := w.List(t.Context(), admin, "", "", limit); !fault.Is(err, fault.InvalidParam) {
			t.Errorf("List with the limit %d: %v, want InvalidParam", limit, err)
		}
	}
}

func TestRightsInEachMode(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		mode                      rules.Mode
		nobody, owner, other, adm string // R read, C create, W overwrite, D delete
	}{
		{rules.ReadOnly, "R", "RCWD", "RC", "RCWD"},
		{rules.Private, "", "RCWD", "C", "RCWD"},
		{rules.AdminWrite, "R", "R", "R", "RCWD"},
		{rules.AdminOnly, "", "", "", "RCWD"},
	} {
		for who, c := range map[string]struct {
			p    rules.Principal
			want string
		}{"nobody": {nobody, tc.nobody}, "owner": {alice, tc.owner}, "other": {bob, tc.other}, "admin": {admin, tc.adm}} {
			t.Run(fmt.Sprintf("%s/%s", tc.mode, who), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				w.write(t, alice, "file", "x")
				if err := w.SetMode(t.Context(), admin, tc.mode); err != nil {
					t.Fatal(err)
				}
				_, statErr := w.Stat(t.Context(), c.p, id("file"))
				_, _, readErr := w.Read(t.Context(), c.p, id("file"))
				if (statErr == nil) != (readErr == nil) {
					t.Errorf("Stat: %v, Read: %v; want the same", statErr, readErr)
				}
				_, createErr := w.Ticket(t.Context(), c.p, "free")
				_, writeErr := w.Ticket(t.Context(), c.p, "file")
				_, overwriteErr := w.Write(t.Context(), c.p, "file", strings.NewReader("y"), 1, "")
				if (writeErr == nil) != (overwriteErr == nil) {
					t.Errorf("Ticket: %v, Write: %v; want the same", writeErr, overwriteErr)
				}
				deleted, err := w.Delete(t.Context(), c.p, []string{id("file")})
				if err != nil {
					t.Fatal(err)
				}
				var deleteErr error
				if deleted[0].Code != fault.OK {
					deleteErr = fault.New(deleted[0].Code, "")
				}
				got := ""
				for _, op := range []struct {
					letter string
					err    error
				}{{"R", statErr}, {"C", createErr}, {"W", writeErr}, {"D", deleteErr}} {
					if op.err == nil {
						got += op.letter
					} else if !fault.Is(op.err, fault.StorageDenied) {
						t.Errorf("%s: %v, want StorageDenied", op.letter, op.err)
					}
				}
				if got != c.want {
					t.Errorf("may %q, want %q", got, c.want)
				}
			})
		}
	}
}

func TestSetMode(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if m, err := w.Mode(t.Context()); m != rules.ReadOnly || err != nil {
		t.Errorf("Mode = %q, %v; want the original's default", m, err)
	}
	if err := w.SetMode(t.Context(), alice, rules.Private); !fault.Is(err, fault.StorageDenied) {
		t.Errorf("SetMode by a user: %v, want StorageDenied", err)
	}
	if err := w.SetMode(t.Context(), admin, "CUSTOM"); !fault.Is(err, fault.InvalidParam) {
		t.Errorf("SetMode to an unknown one: %v, want InvalidParam", err)
	}
	if err := w.SetMode(t.Context(), admin, rules.Private); err != nil {
		t.Fatal(err)
	}
	if m, err := w.Mode(t.Context()); m != rules.Private || err != nil {
		t.Errorf("Mode = %q, %v", m, err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	w.start(t)
	if m, err := w.Mode(t.Context()); m != rules.Private || err != nil {
		t.Errorf("Mode after a restart = %q, %v", m, err)
	}
}
