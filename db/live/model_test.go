package live_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"baas/db/live"
	"baas/db/query"
	"baas/db/value"
)

// table is a collection in natural order, the plainest there is.
type table struct {
	t    *testing.T
	rand *rand.Rand
	docs []value.Doc
}

func (m *table) doc(id string) value.Doc {
	var b value.Builder
	b.AddString("_id", id)
	b.AddInt32("room", m.rand.Int32N(2))
	b.AddInt32("n", m.rand.Int32N(4)) // many are equal in order
	b.AddInt32("v", m.rand.Int32N(100))
	return b.Doc()
}

// operation changes up to three documents.
func (m *table) operation() []live.Change {
	var out []live.Change
	for range 1 + m.rand.IntN(3) {
		id := fmt.Sprintf("d%02d", m.rand.IntN(12))
		at := slices.IndexFunc(m.docs, func(d value.Doc) bool { return d.Get("_id").Text() == id })
		c := live.Change{ID: value.String(id), After: m.doc(id)}
		switch {
		case at < 0:
			c.Data = live.DataAdd
			m.docs = append(m.docs, c.After)
		case m.rand.IntN(3) == 0:
			c.Data, c.Before, c.After = live.DataRemove, m.docs[at], nil
			m.docs = slices.Delete(m.docs, at, at+1)
		default:
			c.Data, c.Before = live.DataUpdate, m.docs[at]
			if m.rand.IntN(2) == 0 {
				c.Data = live.DataReplace
			}
			m.docs[at] = c.After
		}
		out = append(out, c)
	}
	return out
}

func (m *table) find(f *query.Filter, s *query.Sort, limit int) []value.Doc {
	var out []value.Doc
	for _, d := range m.docs {
		if ok, err := f.Match(d); err != nil {
			m.t.Fatal(err)
		} else if ok {
			out = append(out, d)
		}
	}
	slices.SortStableFunc(out, s.Compare)
	if limit > 0 && len(out) > limit {
		out = out[:limit]
	}
	return out
}

// follow applies events to a client's documents as the SDK does
// (wx-cloud-api.md 6.4) and refuses those that make no sense there.
func follow(t *testing.T, shown map[string]string, events []live.Event) {
	t.Helper()
	for _, e := range events {
		id := e.DocID.Text()
		_, known := shown[id]
		if known == (e.Queue == live.QueueEnqueue) {
			t.Fatalf("%v, while the client holds %v", brief([]live.Event{e}), slices.Sorted(maps.Keys(shown)))
		}
		switch {
		case e.Queue == live.QueueDequeue:
			delete(shown, id)
		case e.Doc != nil:
			shown[id] = plain(value.FromDoc(e.Doc))
		default:
			shown[id] = patch(t, shown[id], e)
		}
	}
}

func patch(t *testing.T, text string, e live.Event) string {
	t.Helper()
	var b value.Builder
	before := doc(t, json.RawMessage(text))
	for name, v := range before.All() {
		for _, f := range e.Updated {
			if f.Path == name {
				v = f.Value
			}
		}
		b.Add(name, v)
	}
	return plain(value.FromDoc(b.Doc()))
}

func contents(docs []value.Doc) map[string]string {
	out := make(map[string]string, len(docs))
	for _, d := range docs {
		out[d.Get("_id").Text()] = plain(value.FromDoc(d))
	}
	return out
}

// TestResultModel: after every operation a watcher who applies the events
// holds what the query gives, whatever the limit.
func TestResultModel(t *testing.T) {
	t.Parallel()
	for _, limit := range []int{0, 1, 3, 5} {
		t.Run(fmt.Sprintf("limit %d", limit), func(t *testing.T) {
			t.Parallel()
			seed := rand.Uint64()
			t.Logf("seed %d", seed)
			m := &table{t: t, rand: rand.New(rand.NewPCG(seed, 1))}
			f, s := filter(t, json.RawMessage(`{"room": 1}`)), order(t, json.RawMessage(`{"n": -1}`))
			r, shown, asked := live.NewResult(f, s, limit, nil), map[string]string{}, 0
			for range 2000 {
				operation := m.operation()
				events, known, err := r.Apply(operation)
				if err != nil {
					t.Fatal(err)
				}
				want := m.find(f, s, limit)
				if !known {
					asked++
					later := live.NewResult(f, s, limit, want)
					events = r.Become(later, operation)
					r = later
				}
				follow(t, shown, events)
				if got, want := fmt.Sprint(shown), fmt.Sprint(contents(want)); got != want {
					t.Fatalf("after %v the client holds\n%s\nthe query gives\n%s", brief(events), got, want)
				}
				if r.Len() != len(want) {
					t.Fatalf("the result says %d documents, the query gives %d", r.Len(), len(want))
				}
			}
			if limit == 0 && asked > 0 {
				t.Errorf("the database was asked %d times for an unlimited result", asked)
			}
			t.Logf("asked %d times in 2000 operations", asked)
		})
	}
}
