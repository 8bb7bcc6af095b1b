package console

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"

	"baas/db/fault"
)

// Limits of an unpacked archive. The archive's own size does not bound it:
// sparse files take no room in a tar.
const (
	maxFiles    = 50_000
	maxUnpacked = 256 << 20 // bytes
	maxName     = 1024      // bytes
)

// unpack writes the regular files of a tar archive below dir, which is empty.
// Links and everything else that is no file are refused: what a function needs
// lies in its own folder.
func unpack(archive []byte, dir string) (err error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	r := tar.NewReader(bytes.NewReader(archive))
	left := int64(maxUnpacked)
	for files := 0; ; files++ {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fault.Wrap(fault.InvalidParam, err, "archive: is no tar archive")
		}
		if files >= maxFiles {
			return fault.Invalid("archive", "holds more than %d files", maxFiles)
		}
		if h.Typeflag == tar.TypeDir {
			continue // made with the files in them
		}
		if err := checkEntry(h); err != nil {
			return err
		}
		if left -= h.Size; left < 0 {
			return fault.Invalid("archive", "unpacks to more than %d MB", maxUnpacked>>20)
		}
		if err := write(root, h.Name, r); err != nil {
			return err
		}
	}
}

func checkEntry(h *tar.Header) error {
	bad := len(h.Name) > maxName || !fs.ValidPath(h.Name) || h.Name == "." ||
		strings.ContainsFunc(h.Name, func(c rune) bool { return c < ' ' || c == '\\' || c == 0x7f })
	if bad {
		return fault.Invalid("archive", "the name %.60q is no relative path below the function's folder", h.Name)
	}
	if h.Typeflag != tar.TypeReg {
		return fault.Invalid("archive", "%.60q is no regular file; pack the files that links point at", h.Name)
	}
	return nil
}

func write(root *os.Root, name string, r io.Reader) error {
	if err := root.MkdirAll(path.Dir(name), 0o700); err != nil {
		return fault.Wrap(fault.InvalidParam, err, "archive: %.60q is a file and a folder at once", path.Dir(name))
	}
	f, err := root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fault.Invalid("archive", "holds %.60q twice", name)
	}
	if err != nil {
		return err
	}
	_, err = io.Copy(f, r)
	if err := errors.Join(err, f.Close()); err != nil {
		if errors.Is(err, tar.ErrHeader) || errors.Is(err, io.ErrUnexpectedEOF) {
			return fault.Wrap(fault.InvalidParam, err, "archive: ends in the middle of %.60q", name)
		}
		return err
	}
	return nil
}
