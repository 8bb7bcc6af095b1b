package realtime_test

import (
	"fmt"
	"testing"
	"testing/synctest"

	"baas/db/commit"
	"baas/db/rules"
	"baas/server/realtime"
)

// TestTrimmedLog: what is not in the change log any more comes as a fresh
// snapshot.
func TestTrimmedLog(t *testing.T) {
	t.Parallel()
	h := open(t, func(h *house) { h.window = commit.Window{Parts: 5} })
	h.collection("c", rules.ReadOnly)
	c := h.login(h.user("alice"))
	all, room := c.watch("all", "c", "{}"), c.watch("room", "c", `{"room": 1}`)
	h.gates["dev"].mu.Lock() // the feed cannot read
	for i := range 20 {
		h.insert("c", fmt.Sprintf(`{"_id": "%02d"}`, i))
	}
	h.gates["dev"].mu.Unlock()
	views := map[string]*view{"all": all, "room": room}
	for range 2 {
		f := c.receive()
		views[*f.WatchID].apply(f)
	}
	if len(all.docs) != 20 || all.event != 2 || room.event != 2 {
		t.Fatalf("the result has %d documents at event %d and %d; want a fresh snapshot of 20 as event 2", len(all.docs), all.event, room.event)
	}
	room.wantDocs()
	h.insert("c", `{"_id": "x", "room": 1}`)
	for range 2 {
		f := c.receive()
		wantLines(t, views[*f.WatchID].apply(f), `3 add/enqueue x {"_id":"x","room":1}`)
	}
}

// TestLoginsDoNotTrimTheLog: operations that the log does not tell, of system
// collections, move the feed on all the same.
func TestLoginsDoNotTrimTheLog(t *testing.T) {
	timed(t, realtime.Limits{Settle: -1}, func(t *testing.T, h *house) {
		h.collection("c", rules.ReadOnly)
		c := h.login(h.user("alice"))
		v := c.watch("w", "c", "{}")
		for i := range 20 {
			h.user(fmt.Sprintf("user-%02d", i))
			synctest.Wait()
		}
		h.insert("c", `{"_id": "a"}`)
		wantLines(t, c.nextFor(v), `2 add/enqueue a {"_id":"a"}`)
	}, func(h *house) { h.window = commit.Window{Parts: 5} })
}
