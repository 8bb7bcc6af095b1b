package update_test

import (
	"bytes"
	"testing"

	"baas/db/fault"
	"baas/db/update"
	"baas/db/value"
	"baas/db/value/valuetest"
)

// FuzzUpdate: no update and no document panics; the result is sound, the same
// twice, keeps _id, and Diff leads from the document to it.
func FuzzUpdate(f *testing.F) {
	for _, c := range cases[updateCase](f, language+"update.jsonl") {
		f.Add([]byte(c.Update), []byte(c.Document))
	}
	f.Fuzz(func(t *testing.T, spec, document []byte) {
		u, err := value.ParseJSON(spec, value.ParseOptions{Now: valuetest.Now})
		if err != nil {
			return
		}
		p, err := update.Compile(u)
		if err != nil {
			coded(t, err)
			return
		}
		d, err := value.ParseJSON(document, value.ParseOptions{Now: valuetest.Now})
		if err != nil {
			return
		}
		out, changed, err := p.Apply(run, d)
		if err != nil {
			coded(t, err)
			return
		}
		if err := value.Check(out); err != nil {
			t.Fatalf("%s on %s: %v", spec, document, err)
		}
		if changed == bytes.Equal(d, out) {
			t.Fatalf("%s on %s: changed = %v", spec, document, changed)
		}
		again, _, err := p.Apply(run, d)
		if err != nil || !bytes.Equal(again, out) {
			t.Fatalf("%s on %s: %x, then %x, %v", spec, document, out, again, err)
		}
		if id := d.Get("_id"); !id.IsMissing() && !value.Equal(id, out.Get("_id")) {
			t.Fatalf("%s on %s: _id changed", spec, document)
		}
		if inserted, err := p.ApplyInsert(run, d); err == nil && value.Check(inserted) != nil {
			t.Fatalf("%s on %s: unsound upsert %x", spec, document, inserted)
		}
		checkDiff(t, d, out)
	})
}

func coded(t *testing.T, err error) {
	t.Helper()
	if fault.CodeOf(err) == fault.SysErr {
		t.Fatalf("an error without a code: %v", err)
	}
}

// checkDiff checks that a difference is empty exactly when no member differs.
func checkDiff(t *testing.T, before, after value.Doc) {
	t.Helper()
	updated, removed := update.Diff(before, after)
	back, gone := update.Diff(after, before)
	if (len(updated)+len(removed) == 0) != (len(back)+len(gone) == 0) {
		t.Fatalf("%x and %x differ in one direction only", before, after)
	}
	for _, f := range updated {
		if f.Value.IsMissing() {
			t.Fatalf("%s was updated to nothing", f.Path)
		}
	}
}

// FuzzRaw: bytes that never saw the parser do not panic either.
func FuzzRaw(f *testing.F) {
	f.Add([]byte(valuetest.Doc(f, `{"$set":{"a.0":1}}`)), []byte(valuetest.Doc(f, `{"a":[{"b":2}]}`)))
	f.Fuzz(func(t *testing.T, spec, document []byte) {
		if out, _, err := update.Replace(document, spec); err == nil && value.Check(document) == nil && value.Check(out) != nil {
			t.Fatalf("unsound: %x", out)
		}
		update.Diff(spec, document)
		p, err := update.Compile(spec)
		if err != nil {
			return
		}
		out, changed, err := p.Apply(run, document)
		if err == nil && changed && value.Check(out) != nil {
			t.Fatalf("unsound: %x", out)
		}
	})
}

// FuzzSeed: what an upsert starts from is sound.
func FuzzSeed(f *testing.F) {
	f.Add([]byte(`{"_id":1,"a.b":{"$in":[1]},"$and":[{"c":2}]}`))
	f.Fuzz(func(t *testing.T, condition []byte) {
		c, err := value.ParseJSON(condition, value.ParseOptions{})
		if err != nil {
			return
		}
		seed, err := update.Seed(c)
		if err != nil {
			coded(t, err)
			return
		}
		if err := value.Check(seed); err != nil {
			t.Fatalf("%s: %v", condition, err)
		}
		if err := update.Storable(seed); err != nil {
			t.Fatalf("%s: %v", condition, err)
		}
	})
}

// FuzzPositions: filters of elements and the position of a condition lead to
// sound documents that keep their _id, or to errors with a code.
func FuzzPositions(f *testing.F) {
	for _, c := range cases[updateCase](f, language+"update.jsonl") {
		if c.Document != nil {
			f.Add([]byte(c.Update), []byte(c.Document), []byte(`{"filters":`+string(orNone(c.ArrayFilters))+`}`), 1)
		}
	}
	f.Fuzz(func(t *testing.T, spec, document, filters []byte, at int) {
		u, err := value.ParseJSON(spec, value.ParseOptions{Now: valuetest.Now})
		if err != nil {
			return
		}
		list, err := value.ParseJSON(filters, value.ParseOptions{Now: valuetest.Now})
		if err != nil {
			return
		}
		d, err := value.ParseJSON(document, value.ParseOptions{Now: valuetest.Now})
		if err != nil {
			return
		}
		var docs []value.Doc
		for _, v := range list.Get("filters").Doc().All() {
			docs = append(docs, v.Doc())
		}
		p, err := update.Compile(u, docs...)
		if err != nil {
			coded(t, err)
			return
		}
		out, _, err := p.Apply(update.Run{Now: valuetest.Now, Position: at}, d)
		if err != nil {
			coded(t, err)
			return
		}
		if err := value.Check(out); err != nil {
			t.Fatalf("%s on %s: %v", spec, document, err)
		}
		if id := d.Get("_id"); !id.IsMissing() && !value.Equal(id, out.Get("_id")) {
			t.Fatalf("%s on %s: _id changed", spec, document)
		}
	})
}
