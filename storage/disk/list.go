package disk

import (
	"cmp"
	"context"
	"io/fs"
	"path"
	"slices"
	"strings"

	"baas/storage"
)

// List implements storage.Driver. It reads only the folders that can hold keys
// of the page, whole ones: the Service spreads its keys over folders.
func (d *Driver) List(ctx context.Context, prefix, after string, limit int) ([]storage.Info, error) {
	ctx, leave, err := d.gate.Enter(ctx)
	if err != nil {
		return nil, failed("list", prefix, err)
	}
	defer leave()
	l := &listing{ctx: ctx, driver: d, prefix: prefix, after: after, limit: limit}
	start, _ := path.Split(prefix) // the deepest folder that holds all of the prefix
	if err := l.walk(start); err != nil && !missing(err) {
		return nil, failed("list", prefix, err)
	}
	return l.found, nil
}

// listing is one page under construction.
type listing struct {
	ctx           context.Context
	driver        *Driver
	prefix, after string
	limit         int
	found         []storage.Info
}

// entry is a name in a folder as a part of keys: a folder's ends in a slash,
// which is what sorts its keys among those of the files beside it.
type entry struct {
	key  string
	file fs.DirEntry // nil for a folder
}

// walk lists below dir, which is empty or ends in a slash.
func (l *listing) walk(dir string) error {
	if l.ctx.Err() != nil {
		return context.Cause(l.ctx)
	}
	entries, err := l.read(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if len(l.found) == l.limit {
			return nil
		}
		if e.file == nil {
			err = l.walk(e.key)
		} else {
			err = l.take(e)
		}
		// What vanished since the folder was read is not there.
		if err != nil && !missing(err) {
			return err
		}
	}
	return nil
}

// read returns the entries of dir that can lead to keys of the page, in order.
func (l *listing) read(dir string) ([]entry, error) {
	all, err := l.driver.readDir(path.Clean("./" + dir))
	if err != nil {
		return nil, err
	}
	var entries []entry
	for _, de := range all {
		name := de.Name()
		switch {
		case strings.HasPrefix(name, "."): // the folder of temporary files
		case de.IsDir():
			if key := dir + name + "/"; l.mayHold(key) {
				entries = append(entries, entry{key: key})
			}
		case de.Type().IsRegular():
			if key := dir + name; strings.HasPrefix(key, l.prefix) && key > l.after {
				entries = append(entries, entry{key, de})
			}
		}
	}
	slices.SortFunc(entries, func(a, b entry) int { return cmp.Compare(a.key, b.key) })
	return entries, nil
}

// mayHold reports whether a folder can hold keys of the page.
func (l *listing) mayHold(dir string) bool {
	inPrefix := strings.HasPrefix(dir, l.prefix) || strings.HasPrefix(l.prefix, dir)
	return inPrefix && (dir > l.after || strings.HasPrefix(l.after, dir))
}

func (l *listing) take(e entry) error {
	st, err := e.file.Info()
	if err != nil {
		return err
	}
	l.found = append(l.found, storage.Info{Key: e.key, Size: st.Size(), Modified: st.ModTime()})
	return nil
}
