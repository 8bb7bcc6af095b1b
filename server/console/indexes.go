package console

import (
	"time"

	"baas/db"
	"baas/db/fault"
	"baas/db/plan"
	"baas/server/env"
	"baas/server/wire"
)

// indexView is an index; keys as the original's updateindex writes them
// (wx-cloud-api.md 10).
type indexView struct {
	Name     string    `json:"name"`
	Unique   bool      `json:"unique"`
	Sparse   bool      `json:"sparse"`
	Expire   *int64    `json:"expireAfterSeconds,omitempty"`
	Keys     []keyPart `json:"keys"`
	State    string    `json:"state"` // building, ready, failed
	Failure  string    `json:"failure,omitempty"`
	Progress float64   `json:"progress"`
	Entries  int64     `json:"entries"`
	Bytes    int64     `json:"bytes"`
	Created  time.Time `json:"created"`
}

type keyPart struct {
	Name      string `json:"name"`
	Direction string `json:"direction"` // "1", "-1", "2dsphere", "text"
}

func viewIndex(x db.IndexInfo) indexView {
	view := indexView{
		Name: x.Name, Unique: x.Unique, Sparse: x.Sparse, Keys: []keyPart{}, State: string(x.State),
		Failure: x.Failure, Progress: x.Progress, Entries: x.Entries, Bytes: x.Bytes, Created: x.Created.UTC(),
	}
	if x.ExpireAfter > 0 {
		seconds := int64(x.ExpireAfter / time.Second)
		view.Expire = &seconds
	}
	for _, k := range x.Keys {
		view.Keys = append(view.Keys, keyPart{k.Path, k.Kind.String()})
	}
	return view
}

func indexes(c *Console, in *call) (any, error) {
	e, name, err := c.collection(in)
	if err != nil {
		return nil, err
	}
	return listIndexes(e, in, name)
}

func listIndexes(e *env.Env, in *call, name string) (any, error) {
	infos, err := e.DB.Indexes(in.r.Context(), in.principal(), name)
	if err != nil {
		return nil, err
	}
	list := []indexView{}
	for _, x := range infos {
		list = append(list, viewIndex(x))
	}
	return map[string]any{"indexes": list}, nil
}

// updateIndexes takes the body of the original's updateindex: drop_indexes, then
// create_indexes. With wait it answers once the new ones are ready.
func updateIndexes(c *Console, in *call) (any, error) {
	e, name, err := c.collection(in)
	if err != nil {
		return nil, err
	}
	body, err := in.object()
	if err != nil {
		return nil, err
	}
	drop, err := body.Array("drop_indexes")
	if err != nil {
		return nil, err
	}
	create, err := body.Array("create_indexes")
	if err != nil {
		return nil, err
	}
	wait, err := body.Bool("wait", false)
	if err != nil {
		return nil, err
	}
	specs, err := readSpecs(create) // before anything is dropped
	if err != nil {
		return nil, err
	}
	ctx, p := in.r.Context(), in.principal()
	for _, raw := range drop {
		o, err := wire.ParseObject("drop_indexes", raw)
		if err != nil {
			return nil, err
		}
		index, err := o.Text("name")
		if err != nil {
			return nil, err
		}
		if err := e.DB.DropIndex(ctx, p, name, index); err != nil {
			return nil, err
		}
	}
	for _, s := range specs {
		if err := e.DB.CreateIndex(ctx, p, name, s); err != nil {
			return nil, err
		}
	}
	for _, s := range specs {
		if !wait {
			break
		}
		if err := e.DB.WaitIndex(ctx, p, name, nameOf(s)); err != nil {
			return nil, err
		}
	}
	return listIndexes(e, in, name)
}

func nameOf(s db.IndexSpec) string {
	if s.Name != "" {
		return s.Name
	}
	return s.DefaultName()
}

func readSpecs(list [][]byte) (specs []db.IndexSpec, err error) {
	for _, raw := range list {
		s, err := readSpec(raw)
		if err != nil {
			return nil, err
		}
		specs = append(specs, s)
	}
	return specs, nil
}

func readSpec(raw []byte) (s db.IndexSpec, err error) {
	const field = "create_indexes"
	o, err := wire.ParseObject(field, raw)
	if err != nil {
		return s, err
	}
	if s.Name, err = o.Text("name"); err != nil {
		return s, err
	}
	if s.Unique, err = o.Bool("unique", false); err != nil {
		return s, err
	}
	if s.Sparse, err = o.Bool("sparse", false); err != nil {
		return s, err
	}
	seconds, _, err := o.Int("expireAfterSeconds")
	if err != nil {
		return s, err
	}
	s.ExpireAfter = time.Duration(seconds) * time.Second
	keys, err := o.Array("keys")
	if err != nil {
		return s, err
	}
	for _, raw := range keys {
		k, err := wire.ParseObject(field+".keys", raw)
		if err != nil {
			return s, err
		}
		part := db.IndexKey{}
		if part.Path, err = k.Text("name"); err != nil {
			return s, err
		}
		direction, err := k.Text("direction")
		if err != nil {
			return s, err
		}
		kind, ok := map[string]plan.Kind{"": plan.Asc, "1": plan.Asc, "-1": plan.Desc, "2dsphere": plan.Sphere2D, "text": plan.Text}[direction]
		if !ok {
			return s, fault.Invalid("direction", `must be "1", "-1", "2dsphere" or "text"`)
		}
		part.Kind = kind
		s.Keys = append(s.Keys, part)
	}
	return s, nil
}
