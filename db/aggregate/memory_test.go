package aggregate_test

import (
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"time"

	"baas/db/aggregate"
	"baas/db/effort"
	"baas/db/fault"
	"baas/db/query"
	"baas/db/value"
	"baas/db/value/valuetest"
)

// memory is a Store over documents in memory that behaves as the engine does:
// documents are borrowed, and gone when their view ends.
type memory struct {
	collections map[string][]value.Doc
	indexed     map[string]bool // paths
	viewing     bool
	reads       int // how often a collection was read
}

var errNoGeoIndex = fault.New(fault.DatabaseFailed, "unable to find index for $geoNear query")

var errNested = errors.New("a collection is read while a view is open")

func (m *memory) Read(in aggregate.Input, f *aggregate.Feed) error {
	if m.viewing {
		return errNested
	}
	m.reads++
	if in.Describe != "" {
		return f.Push(m.describe(in))
	}
	docs, err := m.find(in)
	if err != nil {
		return err
	}
	for len(docs) > 0 {
		n, err := m.view(docs, f)
		if err == nil {
			err = f.Drain()
		}
		if err != nil {
			return err
		}
		docs = docs[n:]
	}
	return nil
}

// Indexed implements aggregate.Store.
func (m *memory) Indexed(_, path string) bool { return m.indexed[path] }

func (m *memory) describe(in aggregate.Input) value.Doc {
	var b value.Builder
	if in.Describe == "$indexStats" {
		b.AddString("name", "_id_")
		return b.Doc()
	}
	b.AddString("ns", in.Collection)
	b.AddInt32("count", int32(len(m.collections[in.Collection])))
	b.AddInt32("size", 2048)
	return b.Doc()
}

// GeoPath implements aggregate.Store.
func (m *memory) GeoPath(string) (string, error) {
	for path := range m.indexed {
		return path, nil
	}
	return "", errNoGeoIndex
}

func (m *memory) find(in aggregate.Input) ([]value.Doc, error) {
	filter, err := query.Compile(in.Query)
	if err != nil {
		return nil, err
	}
	var docs []value.Doc
	for _, d := range m.collections[in.Collection] {
		ok, err := filter.Match(d)
		if err != nil {
			return nil, err
		}
		if ok {
			docs = append(docs, d)
		}
	}
	if near := filter.Near(); near != nil {
		slices.SortStableFunc(docs, near.Sort().Compare)
	}
	if in.Sort == nil {
		return docs, nil
	}
	order, err := query.CompileSort(in.Sort)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(docs, order.Compare)
	if in.Limit > 0 {
		docs = docs[:min(int(in.Limit), len(docs))]
	}
	return docs, nil
}

// view passes documents until the feed is full, and wipes what it lent.
func (m *memory) view(docs []value.Doc, f *aggregate.Feed) (n int, err error) {
	m.viewing = true
	defer func() { m.viewing = false }()
	for _, d := range docs {
		lent := slices.Clone(d)
		err := f.Push(lent)
		clear(lent)
		n++
		if err != nil || f.Full() {
			return n, err
		}
	}
	return n, nil
}

// roomy is a budget that no case meets.
var roomy = aggregate.Budget{Stage: 100 << 20, Sort: 32 << 20, Total: 128 << 20}

// run runs a pipeline over the collection "c" of the store.
func run(tb testing.TB, m *memory, budget aggregate.Budget, p *aggregate.Pipeline) ([]value.Doc, error) {
	tb.Helper()
	var out []value.Doc
	err := p.Run(aggregate.Execution{
		Store:      m,
		Collection: "c",
		Now:        valuetest.Now,
		Meter:      effort.New(tb.Context(), effort.Limits{Patterns: time.Second}),
		Budget:     budget,
		Emit: func(d value.Doc) error {
			if err := value.Check(d); err != nil {
				return err
			}
			out = append(out, slices.Clone(d))
			return nil
		},
	})
	return out, err
}

// stages reads a pipeline, or fails the test.
func stages(tb testing.TB, text string) ([]aggregate.Stage, error) {
	tb.Helper()
	d, err := valuetest.GoldenDoc(json.RawMessage(`{"pipeline":` + text + `}`))
	if err != nil {
		return nil, err
	}
	return aggregate.Parse("pipeline", d.Get("pipeline"))
}
