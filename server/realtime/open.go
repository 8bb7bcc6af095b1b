package realtime

import (
	"encoding/json"

	"baas/db"
	"baas/db/fault"
	"baas/db/query"
	"baas/db/value"
	"baas/server/wire"
)

// parseInit reads what INIT_WATCH asks for. Code: InvalidParam, naming the
// member.
func parseInit(envID string, data wire.Object) (spec, error) {
	s := spec{Env: envID, OrderBy: json.RawMessage(data.Raw("orderBy"))}
	var err error
	if s.Collection, err = data.Text("collName"); err != nil {
		return spec{}, err
	}
	if s.Query, err = queryText(data.Raw("query")); err != nil {
		return spec{}, err
	}
	limit, ok, err := data.Int("limit")
	if err != nil {
		return spec{}, err
	}
	if ok && (limit < 1 || limit > maxLimit) {
		return spec{}, fault.Invalid("limit", "must be 1 to %d for a watch", maxLimit)
	}
	s.Limit = limit
	return s, nil
}

// queryText returns the JSON text of a condition, which comes as a string. A
// text inside the text is tolerated: @cloudbase/database 1.4 encodes twice
// (tcb-wire-protocol.md 9.6).
func queryText(raw []byte) (string, error) {
	if raw == nil {
		return "{}", nil
	}
	if len(raw) > maxQuery {
		return "", fault.Invalid("query", "must not be longer than %d bytes", maxQuery)
	}
	text, ok := wire.Unquote(raw)
	if !ok {
		return "", fault.Invalid("query", "must be a string that holds a JSON object")
	}
	if inner, ok := wire.Unquote([]byte(text)); ok {
		text = inner
	}
	return text, nil
}

// open makes the watch that a spec describes, not yet read. Codes: those of
// value.ParseJSON and query.CompileSort.
func (s *session) open(id string, what spec) (*watch, error) {
	condition, err := value.ParseJSON([]byte(what.Query), value.ParseOptions{Now: s.hub.o.Now()})
	if err != nil {
		return nil, fault.Wrap(fault.CodeOf(err), err, "query: %s", fault.Text(err))
	}
	sort, err := sortOf(what.OrderBy)
	if err != nil {
		return nil, err
	}
	order, err := query.CompileSort(sort)
	if err != nil {
		return nil, err
	}
	token, err := what.sign(s.env.Key(keyPurpose))
	if err != nil {
		return nil, err
	}
	limits := s.hub.o.Limits
	w := &watch{
		id: id, token: token, order: order, limit: int(what.Limit), limits: limits,
		query: db.FindRequest{Collection: what.Collection, Query: condition, Sort: sort, Limit: what.Limit},
		db:    s.env.DB, feed: s.feed,
		inbox: &inbox{maxChanges: limits.InboxChanges, maxBytes: limits.InboxBytes, wake: s.ring},
	}
	if what.Limit == 0 {
		// One more than allowed, to tell a full result from one too large.
		w.query.Limit = int64(limits.Documents) + 1
	}
	return w, nil
}

// sortOf turns {"t":"asc"} into the engine's sort; the order of the members is
// the priority. Without orderBy the newest ids come first (wx-cloud-api.md 6.1);
// the SDK sends {} then.
func sortOf(raw json.RawMessage) (value.Doc, error) {
	var b value.Builder
	if raw != nil {
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
	}
	if b.Len() == 0 {
		b.AddInt32("_id", -1)
	}
	return b.Doc(), nil
}
