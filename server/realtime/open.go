package realtime

import (
	"context"
	"encoding/json"
	"time"

	"baas/db"
	"baas/db/fault"
	"baas/db/rules"
	"baas/db/value"
	"baas/server/env"
)

// parseInit reads what INIT_WATCH asks for. Code: InvalidParam, naming the
// member.
func parseInit(envID string, raw json.RawMessage) (spec, error) {
	var d initData
	if err := json.Unmarshal(raw, &d); err != nil {
		return spec{}, fault.Invalid("msgData", "must be an object with collName and query")
	}
	if d.EnvID != "" && d.EnvID != envID {
		return spec{}, fault.Invalid("msgData.envId", "is not the environment of this connection; log in to it first")
	}
	s := spec{Env: envID, Collection: d.CollName, Query: unwrapText(d.Query), OrderBy: d.OrderBy}
	if s.Query == "" {
		s.Query = "{}"
	}
	if d.Limit != nil {
		if *d.Limit < 1 || *d.Limit > maxLimit {
			return spec{}, fault.Invalid("msgData.limit", "must be 1 to %d for a watch", maxLimit)
		}
		s.Limit = *d.Limit
	}
	return s, nil
}

// unwrapText tolerates a query that was encoded twice, a JSON text inside a
// JSON text, as @cloudbase/database 1.4 sends it (9.6).
func unwrapText(text string) string {
	var inner string
	if json.Unmarshal([]byte(text), &inner) == nil {
		return inner
	}
	return text
}

// openWatch makes the watch that a spec describes, not yet loaded.
func openWatch(e *env.Env, who rules.Principal, id string, s spec, now time.Time) (*watch, error) {
	filter, err := value.ParseJSON([]byte(s.Query), value.ParseOptions{Now: now})
	if err != nil {
		return nil, fault.Wrap(fault.InvalidParam, err, "query: %s", fault.Text(err))
	}
	order, err := sortOf(s.OrderBy)
	if err != nil {
		return nil, err
	}
	token, err := s.sign(e.Key("watch"))
	if err != nil {
		return nil, err
	}
	w := &watch{
		id: id, env: e, who: who, token: token, limit: int(s.Limit),
		query: db.FindRequest{Collection: s.Collection, Query: filter, Sort: order, Limit: s.Limit},
	}
	if s.Limit == 0 {
		// One more than allowed, to tell a full result from one too large.
		w.query.Limit = maxDocs + 1
	}
	return w, nil
}

// sortOf turns {"t":"asc"} into the engine's sort; the order of the members is
// the priority. Without orderBy the newest ids come first (wx-cloud-api.md 6.1).
func sortOf(raw json.RawMessage) (value.Doc, error) {
	var b value.Builder
	if len(raw) == 0 || string(raw) == "null" {
		b.AddInt32("_id", -1)
		return b.Doc(), nil
	}
	order, err := value.ParseJSON(raw, value.ParseOptions{})
	if err != nil {
		return nil, fault.Invalid("orderBy", "must be an object such as {\"t\": \"asc\"}")
	}
	if order.Len() > maxOrder {
		return nil, fault.Invalid("orderBy", "has more than %d fields", maxOrder)
	}
	for field, direction := range order.All() {
		switch direction.Text() {
		case "asc":
			b.AddInt32(field, 1)
		case "desc":
			b.AddInt32(field, -1)
		default:
			return nil, fault.Invalid("orderBy."+field, "must be \"asc\" or \"desc\"")
		}
	}
	return b.Doc(), nil
}

// start registers the watch with the feed, then takes its first result: what
// happens in between waits in the inbox and is told apart by its number.
func (w *watch) start(ctx context.Context, f *feed) ([]value.Doc, error) {
	f.add(w)
	docs, err := w.load(ctx)
	if err != nil {
		f.remove(w)
		return nil, err
	}
	return docs, nil
}
