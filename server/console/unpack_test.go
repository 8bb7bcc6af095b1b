package console

import (
	"archive/tar"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"baas/db/fault"
)

type entry struct {
	name string
	kind byte
	text string
}

func pack(t *testing.T, entries ...entry) []byte {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, e := range entries {
		h := &tar.Header{Name: e.name, Typeflag: e.kind, Mode: 0o777, Size: int64(len(e.text))}
		if e.kind == tar.TypeSymlink || e.kind == tar.TypeLink {
			h.Linkname, h.Size = e.text, 0
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if h.Size > 0 {
			if _, err := w.Write([]byte(e.text)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestUnpack(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	text := pack(t, entry{"a/", tar.TypeDir, ""}, entry{"a/b/c.js", tar.TypeReg, "1"}, entry{"空格 x.js", tar.TypeReg, "2"})
	if err := unpack(text, dir); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"a/b/c.js": "1", "空格 x.js": "2"} {
		if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(got) != want {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

func TestUnpackRefuses(t *testing.T) {
	t.Parallel()
	good := pack(t, entry{"a.js", tar.TypeReg, strings.Repeat("x", 2000)})
	for _, tc := range []struct {
		name    string
		archive []byte
	}{
		{"folder above", pack(t, entry{"../x", tar.TypeReg, "1"})},
		{"folder above, in between", pack(t, entry{"a/../../x", tar.TypeReg, "1"})},
		{"absolute path", pack(t, entry{"/tmp/x", tar.TypeReg, "1"})},
		{"dot", pack(t, entry{"./x", tar.TypeReg, "1"})},
		{"empty name", pack(t, entry{"", tar.TypeReg, "1"})},
		{"backslash", pack(t, entry{`..\x`, tar.TypeReg, "1"})},
		{"line feed", pack(t, entry{"a\nb", tar.TypeReg, "1"})},
		{"long name", pack(t, entry{strings.Repeat("a/", 600) + "x", tar.TypeReg, "1"})},
		{"symbolic link", pack(t, entry{"a", tar.TypeSymlink, "/etc/passwd"})},
		{"file through a symbolic link", pack(t, entry{"a", tar.TypeSymlink, "/tmp"}, entry{"a/x", tar.TypeReg, "1"})},
		{"hard link", pack(t, entry{"a", tar.TypeLink, "/etc/passwd"})},
		{"device", pack(t, entry{"a", tar.TypeChar, ""})},
		{"pipe", pack(t, entry{"a", tar.TypeFifo, ""})},
		{"twice", pack(t, entry{"a", tar.TypeReg, "1"}, entry{"a", tar.TypeReg, "2"})},
		{"file and folder", pack(t, entry{"a", tar.TypeReg, "1"}, entry{"a/b", tar.TypeReg, "2"})},
		{"cut", good[:1024]},
		{"no tar", []byte(strings.Repeat("x", 1024))},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			err := unpack(tc.archive, t.TempDir())
			if fault.CodeOf(err) != fault.InvalidParam || !strings.HasPrefix(fault.Text(err), "archive: ") {
				t.Fatalf("got %v", err)
			}
		})
	}
}

// A file with a hole of 300 MB takes 3 KB of a tar (PAX, GNU sparse 1.0).
func TestUnpackCountsHolesInFiles(t *testing.T) {
	t.Parallel()
	const hole = 300 << 20
	records := ""
	for _, r := range []string{"major=1", "minor=0", "name=hole", fmt.Sprint("realsize=", hole)} {
		r = " GNU.sparse." + r + "\n"
		records += fmt.Sprint(len(r)+2, r) // each record begins with its own length
	}
	places := fmt.Sprintf("1\n%d\n1\n", hole-1)
	text := pack(t, entry{"x", tar.TypeReg, records}, entry{"y", tar.TypeReg, places + strings.Repeat("\x00", 512-len(places)) + "x"})
	text[156] = tar.TypeXHeader // the writer does not make these by itself
	sum := 0
	copy(text[148:156], "        ")
	for _, b := range text[:512] {
		sum += int(b)
	}
	copy(text[148:156], fmt.Sprintf("%06o\x00 ", sum))
	if h, err := tar.NewReader(bytes.NewReader(text)).Next(); err != nil || h.Size != hole || h.Typeflag != tar.TypeReg {
		t.Fatalf("the test's own archive is wrong: %+v, %v", h, err)
	}
	err := unpack(text, t.TempDir())
	if fault.CodeOf(err) != fault.InvalidParam || !strings.Contains(fault.Text(err), "unpacks to more than") {
		t.Fatalf("got %v", err)
	}
}
