package db

import (
	"context"
	"encoding/binary"
	"errors"
	"maps"
	"slices"
	"sync/atomic"

	"baas/db/commit"
	"baas/db/effort"
	"baas/db/fault"
	"baas/db/kv"
	"baas/db/query"
	"baas/db/rules"
	"baas/db/value"
)

// validator is what the documents of a collection must fulfil.
type validator struct {
	schema   value.Doc
	compiled *query.Schema
}

func compileValidator(schema value.Doc) (*validator, error) {
	compiled, err := query.CompileSchema("", schema)
	if err != nil {
		return nil, err
	}
	return &validator{slices.Clone(schema), compiled}, nil
}

// check refuses a document that does not fulfil the validator; nil admits all.
func (v *validator) check(e *effort.Meter, d value.Doc) error {
	if v == nil {
		return nil
	}
	return v.compiled.Check(e, d)
}

// validators are those of an engine by collection id, in memory: a write must
// not read the store to learn that there is none. The zero value is empty.
type validators struct {
	byID atomic.Pointer[map[uint32]*validator]
}

func (s *validators) of(coll uint32) *validator {
	if m := s.byID.Load(); m != nil {
		return (*m)[coll]
	}
	return nil
}

// set replaces a validator; nil removes it.
func (s *validators) set(coll uint32, v *validator) {
	for {
		old := s.byID.Load()
		fresh := map[uint32]*validator{}
		if old != nil {
			maps.Copy(fresh, *old)
		}
		if fresh[coll] = v; v == nil {
			delete(fresh, coll)
		}
		if s.byID.CompareAndSwap(old, &fresh) {
			return
		}
	}
}

// loadValidators reads the validators of all collections, dropped ones too.
func (e *Engine) loadValidators(ctx context.Context) error {
	return e.store.View(ctx, func(r kv.Reader) error {
		return r.Scan(kv.Prefix([]byte{prefixRule}), func(key, b []byte) error {
			if len(key) != 5 {
				return errors.New("db: the key of a validator is malformed")
			}
			v, err := compileValidator(b)
			if err != nil {
				return err
			}
			e.validators.set(binary.BigEndian.Uint32(key[1:]), v)
			return nil
		})
	})
}

// SetValidator makes every document that is written to a collection from now on
// fulfil a JSON Schema, as $jsonSchema means it; documents that are there stay.
// A nil schema lifts the rule. A write that breaks it fails with DatabaseFailed
// and the path in the document; of an operation on many documents all is
// undone.
//
// Codes: InvalidParam, DatabaseDenied, CollectionNotExist, those of
// query.Compile for a schema that is not one.
func (e *Engine) SetValidator(ctx context.Context, p rules.Principal, name string, schema value.Doc) error {
	var v *validator
	if schema != nil {
		var err error
		if v, err = compileValidator(schema); err != nil {
			return err
		}
	}
	if isSystem(name) {
		return fault.Invalid("collectionName", "the server's own collections have no validator")
	}
	var coll uint32
	err := e.manage(ctx, p, name, func(tx *commit.Tx) error {
		c, ok, err := readCollection(tx, name)
		if err != nil {
			return err
		}
		if !ok {
			return missingCollection(name)
		}
		coll = c.id
		key := collectionPrefix(prefixRule, coll)
		if v == nil {
			return tx.Delete(key)
		}
		return tx.Put(key, schema)
	})
	if err == nil {
		e.validators.set(coll, v)
	}
	return err
}

// Validator returns the JSON Schema of a collection, nil when it has none.
// Codes: InvalidParam, DatabaseDenied, CollectionNotExist.
func (e *Engine) Validator(ctx context.Context, p rules.Principal, name string) (value.Doc, error) {
	c, err := e.catalogEntry(ctx, p, name)
	if err != nil {
		return nil, err
	}
	if v := e.validators.of(c.id); v != nil {
		return slices.Clone(v.schema), nil
	}
	return nil, nil
}

// catalogEntry returns a collection's record to those who manage.
func (e *Engine) catalogEntry(ctx context.Context, p rules.Principal, name string) (c collection, err error) {
	if err := mayManage(p); err != nil {
		return c, err
	}
	if err := checkReach(p, name); err != nil {
		return c, err
	}
	err = e.view(ctx, func(r kv.Reader) error {
		var ok bool
		if c, ok, err = readCollection(r, name); err == nil && !ok {
			err = missingCollection(name)
		}
		return err
	})
	return c, err
}

// Violation is a document that a validator does not admit, and why.
type Violation struct {
	ID   value.Value
	Path string // where in the document
	Text string
}

// Violations is what CheckDocuments finds.
type Violations struct {
	Documents int64 // looked at
	Failed    int64
	First     []Violation // at most 100
}

const maxViolations = 100

// CheckDocuments holds the documents of a collection against a JSON Schema, the
// collection's own when schema is nil. It reads in many short views. Codes as
// those of SetValidator, InvalidParam when there is no schema at all.
func (e *Engine) CheckDocuments(ctx context.Context, p rules.Principal, name string, schema value.Doc) (found Violations, err error) {
	if schema == nil {
		if schema, err = e.Validator(ctx, p, name); err != nil {
			return found, err
		}
		if schema == nil {
			return found, fault.Invalid("schema", "the collection has no validator; give a schema to hold its documents against")
		}
	}
	v, err := compileValidator(schema)
	if err != nil {
		return found, err
	}
	x, err := e.Export(p, ExportRequest{Collection: name})
	if err != nil {
		return found, err
	}
	for {
		docs, err := x.Next(ctx)
		if len(docs) == 0 || err != nil {
			return found, err
		}
		for _, d := range docs {
			if err := found.add(v, d); err != nil {
				return found, err
			}
		}
	}
}

func (f *Violations) add(v *validator, d value.Doc) error {
	f.Documents++
	err := v.check(nil, d)
	broken, ok := errors.AsType[*fault.Error](err)
	if !ok || broken.Code != fault.DatabaseFailed {
		return err
	}
	if f.Failed++; len(f.First) < maxViolations {
		f.First = append(f.First, Violation{d.Get(fieldID).Clone(), broken.Field, broken.Msg})
	}
	return nil
}
