package realtime_test

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"baas/db"
	"baas/db/rules"
)

// TestModel: while writers work, watchers of several queries are cut off again
// and again and resume, on a new socket or the same one. In the end each holds,
// built from nothing but its events, what its query gives.
func TestModel(t *testing.T) {
	t.Parallel()
	const cuts = 200 // of all watchers together
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	h := open(t, func(h *house) { h.options.Limits.InboxChanges = 50 })
	h.collection("c", rules.Private)
	h.collection("fence", rules.ReadOnly)
	alice, bob := h.user("alice"), h.user("bob")
	owners := []string{alice.UID, bob.UID}

	stop := make(chan struct{})
	var writers sync.WaitGroup
	for n := range 3 {
		w := &writer{house: h, rand: rand.New(rand.NewPCG(seed, uint64(n))), owners: owners}
		writers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					w.write()
				}
			}
		})
	}
	watched := []object{
		watchRequest("c", `{}`),
		watchRequest("c", `{"room": 1}`),
		watchRequest("c", `{"n": {"$gte": 3}}`),
		{"collName": "c", "query": `{"room": 2}`, "limit": 3, "orderBy": object{"n": "desc"}},
		{"collName": "c", "query": `{}`, "limit": 5},
	}
	var watchers sync.WaitGroup
	views := make([]*watcher, 0, 2*len(watched))
	for _, p := range []rules.Principal{alice, bob} {
		for _, request := range watched {
			w := &watcher{house: h, who: p, request: request, rand: rand.New(rand.NewPCG(seed, uint64(100+len(views))))}
			views = append(views, w)
			watchers.Go(func() { w.follow(cuts / (2 * len(watched))) })
		}
	}
	watchers.Wait()
	close(stop)
	writers.Wait()
	for _, w := range views {
		w.finish()
	}
}

// writer changes documents of collection c at random.
type writer struct {
	*house
	rand   *rand.Rand
	owners []string
}

func (w *writer) write() {
	w.t.Helper()
	query := fmt.Sprintf(`{"_id": "d%02d"}`, w.rand.IntN(30))
	fields := fmt.Sprintf(`"room": %d, "n": %d, "o": {"v": %d}, "_openid": %q`,
		w.rand.IntN(3), w.rand.IntN(6), w.rand.IntN(100), w.owners[w.rand.IntN(2)])
	request := db.UpdateRequest{Collection: "c", Query: w.doc(query)}
	switch w.rand.IntN(6) {
	case 0:
		w.remove("c", query)
		return
	case 1:
		request.Replace, request.Upsert, request.Update = true, true, w.doc("{"+fields+"}")
	case 2:
		request.Multi, request.Query = true, w.doc(fmt.Sprintf(`{"room": %d}`, w.rand.IntN(3)))
		request.Update = w.doc(`{"$inc": {"n": 1}, "$unset": {"o.v": ""}}`)
	case 3:
		request.Update = w.doc(fmt.Sprintf(`{"$mul": {"n": 0}, "$set": {"o.v": %d}}`, w.rand.IntN(100)))
	default:
		request.Upsert, request.Update = true, w.doc(`{"$set": {`+fields[:len(fields)-len(w.owners[0])-len(`, "_openid": ""`)]+`}}`)
	}
	if _, err := w.db().Update(w.t.Context(), admin, request); err != nil {
		w.t.Error(err)
	}
}

// watcher follows one query.
type watcher struct {
	*house
	who     rules.Principal
	request object
	rand    *rand.Rand
	client  *client
	view    *view
}

// follow watches through a number of cuts.
func (w *watcher) follow(cuts int) {
	w.client = w.login(w.who)
	w.view = w.client.watchWith("w", w.request)
	for range cuts {
		for range w.rand.IntN(6) {
			w.client.nextFor(w.view)
		}
		if w.rand.IntN(4) > 0 {
			_ = w.client.conn.NetConn().Close()
			w.client = w.login(w.who)
			w.client.rebuild(w.view)
			continue
		}
		id := w.client.send("REBUILD_WATCH", "w", object{"queryID": w.view.queryID, "eventID": w.view.event}, nil)
		for {
			// Pushes that were under way follow each other; the answer has
			// the number after the position that was sent, and the SDK drops
			// what it has seen.
			f := w.client.receive()
			if f.RequestID == id {
				w.view.event = f.MsgData.Events[0].ID - 1
				w.view.apply(f)
				break
			}
			w.view.apply(f)
		}
	}
}

// finish waits until everything written has been told and compares.
func (w *watcher) finish() {
	w.t.Helper()
	fence := w.client.watchBeside("fence", "fence", w.view)
	for range 2 {
		w.insert("fence", `{}`)
		for before := fence.event; fence.event == before; {
			w.either(fence)
		}
	}
	for id := w.client.send("PING", "", nil, nil); w.either(fence).RequestID != id; {
	}
	limit, _ := w.request["limit"].(int)
	sort := `{"_id": -1}`
	if limit == 3 {
		sort = `{"n": -1}`
	}
	docs, err := w.db().Find(w.t.Context(), w.who, db.FindRequest{
		Collection: "c", Query: w.doc(w.request["query"].(string)), Sort: w.doc(sort), Limit: int64(limit),
	})
	w.must(err)
	if got, want := w.view.contents(), w.view.stored(docs); got != want {
		w.t.Errorf("the watcher of %v holds\n%s\nits query gives\n%s", w.request, got, want)
	}
}

func (w *watcher) either(fence *view) frame {
	w.t.Helper()
	f := w.client.receive()
	switch {
	case f.WatchID == nil:
	case *f.WatchID == fence.id:
		fence.apply(f)
	default:
		w.view.apply(f)
	}
	return f
}

// watchBeside starts a watch while events of another one come in.
func (c *client) watchBeside(id, collection string, other *view) *view {
	c.t.Helper()
	v := &view{t: c.t, id: id}
	for request := c.send("INIT_WATCH", id, watchRequest(collection, "{}"), nil); ; {
		f := c.receive()
		if f.RequestID == request {
			v.init(f)
			return v
		}
		other.apply(f)
	}
}
