package console

import (
	"encoding/json"
	"strconv"
	"time"

	"baas/db"
	"baas/db/fault"
	"baas/db/rules"
	"baas/db/value"
)

// versionView is one version of a document. Values are canonical extended JSON.
type versionView struct {
	Seq     uint64                     `json:"seq"`
	Date    time.Time                  `json:"date"`
	Kind    string                     `json:"kind"` // added, updated, replaced, removed
	Actor   actorView                  `json:"actor"`
	Updated map[string]json.RawMessage `json:"updated"`
	Removed []string                   `json:"removed"`
	Before  json.RawMessage            `json:"before,omitempty"`
	After   json.RawMessage            `json:"after,omitempty"`
}

// actorView says who made a change.
type actorView struct {
	Role     string `json:"role"` // nobody, user, admin, system
	UID      string `json:"uid,omitempty"`
	OpenID   string `json:"openid,omitempty"`
	Login    string `json:"login,omitempty"`
	Function string `json:"function,omitempty"`
	Request  string `json:"request,omitempty"`
}

func viewActor(a db.Actor) actorView {
	role := map[rules.Role]string{rules.Nobody: "nobody", rules.User: "user", rules.Admin: "admin", rules.System: "system"}[a.Role]
	return actorView{role, a.UID, a.OpenID, a.Login, a.Function, a.Request}
}

func strictJSON(v value.Value) json.RawMessage { return value.AppendStrict(nil, v) }

func viewVersion(v db.Version) versionView {
	view := versionView{
		Seq: v.Seq, Date: v.Date, Actor: viewActor(v.Actor),
		Kind:    map[db.ChangeKind]string{db.Added: "added", db.Updated: "updated", db.Replaced: "replaced", db.Removed: "removed"}[v.Kind],
		Updated: map[string]json.RawMessage{}, Removed: append([]string{}, v.Removed...),
	}
	for _, f := range v.Updated {
		view.Updated[f.Path] = strictJSON(f.Value)
	}
	if v.Before != nil {
		view.Before = strictJSON(value.FromDoc(v.Before))
	}
	if v.After != nil {
		view.After = strictJSON(value.FromDoc(v.After))
	}
	return view
}

// documentID reads an id: extended JSON, such as "x" in quotes, 5 or
// {"$oid": …}; what is no JSON is a text.
func documentID(text string) (value.Value, error) {
	if text == "" {
		return value.Value{}, fault.Invalid("id", "give the _id of a document")
	}
	if !json.Valid([]byte(text)) {
		return value.String(text), nil
	}
	return value.ParseJSONValue([]byte(text), value.ParseOptions{})
}

// history answers the versions of the document ?id=, newest first; before and
// limit page through them, images=1 adds the whole documents.
func history(c *Console, in *call) (any, error) {
	e, name, err := c.collection(in)
	if err != nil {
		return nil, err
	}
	query := in.r.URL.Query()
	q := db.HistoryRequest{Collection: name, Images: query.Get("images") == "1"}
	if q.ID, err = documentID(query.Get("id")); err != nil {
		return nil, err
	}
	limit, err := in.number("limit", defaultPage, 1, maxPage)
	if err != nil {
		return nil, err
	}
	before, err := in.number("before", 0, 0, 1<<62)
	if err != nil {
		return nil, err
	}
	q.Limit, q.Before = int(limit), uint64(before)
	h, err := e.DB.History(in.r.Context(), in.principal(), q)
	if err != nil {
		return nil, err
	}
	list := []versionView{}
	for _, v := range h.Versions {
		list = append(list, viewVersion(v))
	}
	return map[string]any{"versions": list, "more": h.More, "reach": h.Reach}, nil
}

// undo brings one document back, or all of a collection when there is no id, to
// the state right after the operation "to", right before the operation
// "before", or at the date "at" (ISO).
func undo(c *Console, in *call) (any, error) {
	e, name, err := c.collection(in)
	if err != nil {
		return nil, err
	}
	body, err := in.object()
	if err != nil {
		return nil, err
	}
	q := db.UndoRequest{Collection: name}
	if raw := body.Raw("id"); raw != nil {
		if q.ID, err = value.ParseJSONValue(raw, value.ParseOptions{}); err != nil {
			return nil, err
		}
	}
	to, hasTo, err := body.Int("to")
	if err != nil {
		return nil, err
	}
	before, hasBefore, err := body.Int("before")
	if err != nil {
		return nil, err
	}
	at, err := body.Text("at")
	if err != nil {
		return nil, err
	}
	switch {
	case hasTo && !hasBefore && at == "" && to >= 0:
		q.To = uint64(to)
	case hasBefore && !hasTo && at == "" && before >= 1:
		q.To = uint64(before) - 1
	case at != "" && !hasTo && !hasBefore:
		if q.At, err = time.Parse(time.RFC3339Nano, at); err != nil {
			return nil, fault.Invalid("at", "must be a date such as 2024-05-01T08:00:00+08:00")
		}
	default:
		return nil, fault.Invalid("to", "give one of to (a number of the history), before (a number), at (a date)")
	}
	res, err := e.DB.Undo(in.r.Context(), in.principal(), q)
	if err != nil {
		if done := res.Changed + res.Added + res.Removed; done > 0 {
			c.o.Log.Warn("an undo ended half way", "collection", name, "to", strconv.FormatUint(q.To, 10), "documents", done, "request_id", in.id)
		}
		return nil, err
	}
	return map[string]any{"to": res.To, "changed": res.Changed, "added": res.Added, "removed": res.Removed}, nil
}
