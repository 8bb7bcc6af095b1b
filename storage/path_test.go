package storage_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"baas/db/fault"
	"baas/storage"
)

// cloudPaths is testdata/cloudpaths.json.
type cloudPaths struct {
	Good []string
	Bad  []struct{ Path, Says string }
}

func readCloudPaths(tb testing.TB) cloudPaths {
	tb.Helper()
	data, err := os.ReadFile("testdata/cloudpaths.json")
	if err != nil {
		tb.Fatal(err)
	}
	var cases cloudPaths
	if err := json.Unmarshal(data, &cases); err != nil {
		tb.Fatal(err)
	}
	return cases
}

func TestCheckPath(t *testing.T) {
	t.Parallel()
	cases := readCloudPaths(t)
	cases.Good = append(cases.Good, strings.Repeat("a", storage.MaxPath), strings.Repeat("文", storage.MaxPath/3))
	for _, path := range cases.Good {
		if err := storage.CheckPath(path); err != nil {
			t.Errorf("CheckPath(%q): %v, want nil", path, err)
		}
	}
	cases.Bad = append(cases.Bad,
		struct{ Path, Says string }{strings.Repeat("a", storage.MaxPath+1), "has 851 bytes"},
		struct{ Path, Says string }{strings.Repeat("文", storage.MaxPath/3+1), "at most 850"},
		struct{ Path, Says string }{"a\xffb", "valid UTF-8"},
	)
	for _, c := range cases.Bad {
		err := storage.CheckPath(c.Path)
		if !fault.Is(err, fault.InvalidParam) || !strings.HasPrefix(fault.Text(err), "cloudPath: ") || !strings.Contains(fault.Text(err), c.Says) {
			t.Errorf("CheckPath(%q): %v, want InvalidParam naming cloudPath with %q", c.Path, err, c.Says)
		}
	}
}

func FuzzCheckPath(f *testing.F) {
	cases := readCloudPaths(f)
	for _, path := range cases.Good {
		f.Add(path)
	}
	for _, c := range cases.Bad {
		f.Add(c.Path)
	}
	f.Fuzz(func(t *testing.T, path string) {
		if storage.CheckPath(path) != nil {
			return
		}
		for segment := range strings.SplitSeq(path, "/") {
			if segment == "" || segment == "." || segment == ".." {
				t.Errorf("%q passes with the segment %q", path, segment)
			}
		}
		if strings.ContainsAny(path, "\x00\n\r\\") {
			t.Errorf("%q passes", path)
		}
	})
}
