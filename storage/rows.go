package storage

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"baas/db"
	"baas/db/fault"
	"baas/db/rules"
	"baas/db/value"
)

// System collections of an env that hold what the storage knows.
const (
	filesCollection = "sys.files"    // one row per path
	modeCollection  = "sys.settings" // the permission mode is the row "storage"
	modeRow         = "storage"
)

// File describes one file.
type File struct {
	Path        string
	FileID      string
	Size        int64  // bytes
	ContentType string // what the content is; see contentType
	SHA256      string // of the content, lower-case hex
	Owner       string // Principal.Owner of the creator; empty: an admin or a function
	Created     time.Time
	Updated     time.Time // of the content

	key string // of the object that holds the content
}

// rowStore reads and writes the rows of files. All changes are conditional on
// the key that the caller has seen, so two writers of a path never mix.
type rowStore struct{ db *db.Engine }

var system = rules.SystemPrincipal()

// get returns the row of a path; ok is false when there is none.
func (r rowStore) get(ctx context.Context, path string) (f File, ok bool, err error) {
	docs, err := r.find(ctx, filesCollection, db.FindRequest{Query: byID(path, ""), Limit: 1})
	if err != nil || len(docs) == 0 {
		return File{}, false, err
	}
	f = fileOf(docs[0])
	if f.Path != path || f.key == "" {
		return File{}, false, fmt.Errorf("storage: the row of %q is damaged: it has the path %q and the key %q", path, f.Path, f.key)
	}
	return f, true, nil
}

// insert adds a row; ok is false when the path has one already.
func (r rowStore) insert(ctx context.Context, f File) (ok bool, err error) {
	var b value.Builder
	b.AddString("_id", rowID(f.Path))
	b.AddString("path", f.Path)
	b.AddString("owner", f.Owner)
	b.AddTime("created", f.Created)
	f.addContent(&b)
	_, err = r.db.Insert(ctx, system, filesCollection, []value.Doc{b.Doc()})
	if errors.Is(err, db.ErrDuplicate) {
		return false, nil
	}
	return err == nil, err
}

// replace points a path at a new object; ok is false when the row no longer
// points at oldKey. Owner and time of creation stay.
func (r rowStore) replace(ctx context.Context, f File, oldKey string) (ok bool, err error) {
	var b value.Builder
	b.Object("$set", f.addContent)
	result, err := r.db.Update(ctx, system, db.UpdateRequest{
		Collection: filesCollection, Query: byID(f.Path, oldKey), Update: b.Doc(),
	})
	return result.Matched == 1, err
}

// remove deletes the row of a path; ok is false when it no longer points at
// oldKey.
func (r rowStore) remove(ctx context.Context, path, oldKey string) (ok bool, err error) {
	n, err := r.db.Remove(ctx, system, db.RemoveRequest{Collection: filesCollection, Query: byID(path, oldKey)})
	if fault.Is(err, fault.CollectionNotExist) {
		return false, nil
	}
	return n == 1, err
}

// list returns at most limit rows whose path starts with prefix and is greater
// than after, in the order of the paths' bytes.
func (r rowStore) list(ctx context.Context, prefix, after string, limit int) ([]File, error) {
	var query, sort value.Builder
	query.Object("path", func(b *value.Builder) {
		b.AddString("$gte", prefix)
		b.AddString("$gt", after)
	})
	sort.AddInt32("path", 1)
	docs, err := r.find(ctx, filesCollection, db.FindRequest{Query: query.Doc(), Sort: sort.Doc(), Limit: int64(limit)})
	if err != nil {
		return nil, err
	}
	files := make([]File, 0, len(docs))
	for _, d := range docs {
		f := fileOf(d)
		if !strings.HasPrefix(f.Path, prefix) {
			break // the order of bytes has left the prefix behind
		}
		files = append(files, f)
	}
	return files, nil
}

// keys returns the object keys that the rows with the given ids point at.
func (r rowStore) keys(ctx context.Context, ids []string) (map[string]bool, error) {
	var query value.Builder
	query.Object("_id", func(b *value.Builder) {
		b.Array("$in", func(a *value.ArrayBuilder) {
			for _, id := range ids {
				a.AddString(id)
			}
		})
	})
	docs, err := r.find(ctx, filesCollection, db.FindRequest{Query: query.Doc()})
	if err != nil {
		return nil, err
	}
	keys := make(map[string]bool, len(docs))
	for _, d := range docs {
		keys[d.Get("key").Text()] = true
	}
	return keys, nil
}

// find reads a collection that may not have been written to yet.
func (r rowStore) find(ctx context.Context, collection string, req db.FindRequest) ([]value.Doc, error) {
	req.Collection = collection
	docs, err := r.db.Find(ctx, system, req)
	if fault.Is(err, fault.CollectionNotExist) {
		return nil, nil
	}
	return docs, err
}

// mode returns the stored permission mode, or empty.
func (r rowStore) mode(ctx context.Context) (rules.Mode, error) {
	var query value.Builder
	query.AddString("_id", modeRow)
	docs, err := r.find(ctx, modeCollection, db.FindRequest{Query: query.Doc(), Limit: 1})
	if err != nil || len(docs) == 0 {
		return "", err
	}
	return rules.Mode(docs[0].Get("mode").Text()), nil
}

func (r rowStore) setMode(ctx context.Context, m rules.Mode) error {
	var query, change value.Builder
	query.AddString("_id", modeRow)
	change.Object("$set", func(b *value.Builder) { b.AddString("mode", string(m)) })
	_, err := r.db.Update(ctx, system, db.UpdateRequest{
		Collection: modeCollection, Query: query.Doc(), Update: change.Doc(), Upsert: true,
	})
	return err
}

// byID is the condition for the row of a path, and for its key unless empty.
func byID(path, key string) value.Doc {
	var b value.Builder
	b.AddString("_id", rowID(path))
	if key != "" {
		b.AddString("key", key)
	}
	return b.Doc()
}

// addContent adds the members that change with the content.
func (f File) addContent(b *value.Builder) {
	b.AddString("key", f.key)
	b.AddInt64("size", f.Size)
	b.AddString("contentType", f.ContentType)
	b.AddString("sha256", f.SHA256)
	b.AddTime("updated", f.Updated)
}

func fileOf(d value.Doc) File {
	size, _ := d.Get("size").AsInt64()
	return File{
		Path:        d.Get("path").Text(),
		Size:        size,
		ContentType: d.Get("contentType").Text(),
		SHA256:      d.Get("sha256").Text(),
		Owner:       d.Get("owner").Text(),
		Created:     time.UnixMilli(d.Get("created").Millis()),
		Updated:     time.UnixMilli(d.Get("updated").Millis()),
		key:         d.Get("key").Text(),
	}
}
