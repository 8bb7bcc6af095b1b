package console

import (
	"time"

	"baas/db"
	"baas/db/fault"
	"baas/db/rules"
	"baas/server/env"
)

// collection returns the environment and the collection's name in the path.
func (c *Console) collection(in *call) (e *env.Env, name string, err error) {
	if e, err = c.env(in); err != nil {
		return nil, "", err
	}
	name, err = in.param("collection")
	return e, name, err
}

type collectionView struct {
	Name  string     `json:"name"`
	Mode  rules.Mode `json:"mode"`
	Count int64      `json:"count"`
	Bytes int64      `json:"bytes"`
	// The original's updateindex family calls these index_count and index_size.
	Indexes    int       `json:"indexes"`
	IndexBytes int64     `json:"indexBytes"`
	Created    time.Time `json:"created"`
	Validated  bool      `json:"validated"`
}

func viewCollection(i db.CollectionInfo) collectionView {
	return collectionView{i.Name, i.Mode, i.Count, i.Bytes, i.Indexes, i.IndexBytes, i.Created, i.Validated}
}

func collections(c *Console, in *call) (any, error) {
	e, err := c.env(in)
	if err != nil {
		return nil, err
	}
	infos, err := e.DB.Collections(in.r.Context(), in.principal())
	if err != nil {
		return nil, err
	}
	list := []collectionView{}
	for _, i := range infos {
		list = append(list, viewCollection(i))
	}
	return map[string]any{"collections": list}, nil
}

// setCollection gives a collection its permission mode, and makes it if it is
// missing.
func setCollection(c *Console, in *call) (any, error) {
	e, err := c.env(in)
	if err != nil {
		return nil, err
	}
	texts, err := in.texts("name", "mode")
	if err != nil {
		return nil, err
	}
	name, mode := texts[0], rules.Mode(texts[1])
	if !mode.Valid() { // before anything is made
		return nil, fault.Invalid("mode", "use one of READONLY, PRIVATE, ADMINWRITE, ADMINONLY")
	}
	err = e.DB.CreateCollection(in.r.Context(), in.principal(), name)
	if err != nil && !fault.Is(err, fault.CollectionExists) {
		return nil, err
	}
	if err := e.DB.SetMode(in.r.Context(), in.principal(), name, mode); err != nil {
		return nil, err
	}
	return map[string]any{"name": name, "mode": mode}, nil
}

func dropCollection(c *Console, in *call) (any, error) {
	e, name, err := c.collection(in)
	if err != nil {
		return nil, err
	}
	return struct{}{}, e.DB.DropCollection(in.r.Context(), in.principal(), name)
}

// renameCollection takes {to}.
func renameCollection(c *Console, in *call) (any, error) {
	e, name, err := c.collection(in)
	if err != nil {
		return nil, err
	}
	texts, err := in.texts("to")
	if err != nil {
		return nil, err
	}
	return map[string]any{"name": texts[0]}, e.DB.RenameCollection(in.r.Context(), in.principal(), name, texts[0])
}

type droppedView struct {
	Name  string    `json:"name"`
	Seq   uint64    `json:"seq"`
	Date  time.Time `json:"date"`
	Until time.Time `json:"until"`
	Count int64     `json:"count"`
	Bytes int64     `json:"bytes"`
}

func droppedCollections(c *Console, in *call) (any, error) {
	e, err := c.env(in)
	if err != nil {
		return nil, err
	}
	all, err := e.DB.Dropped(in.r.Context(), in.principal())
	if err != nil {
		return nil, err
	}
	list := []droppedView{}
	for _, d := range all {
		list = append(list, droppedView(d))
	}
	return map[string]any{"dropped": list}, nil
}

// restoreCollection brings a dropped collection back; it takes {seq, as}, both
// optional.
func restoreCollection(c *Console, in *call) (any, error) {
	e, name, err := c.collection(in)
	if err != nil {
		return nil, err
	}
	body, err := in.object()
	if err != nil {
		return nil, err
	}
	q := db.UndropRequest{Name: name}
	if q.As, err = body.Text("as"); err != nil {
		return nil, err
	}
	seq, _, err := body.Int("seq")
	if err != nil {
		return nil, err
	}
	q.Seq = uint64(max(seq, 0))
	info, err := e.DB.Undrop(in.r.Context(), in.principal(), q)
	if err != nil {
		return nil, err
	}
	return viewCollection(info), nil
}

// statsView is db.Stats; the window is in seconds.
type statsView struct {
	Collections  int     `json:"collections"`
	Documents    int64   `json:"documents"`
	Bytes        int64   `json:"bytes"`
	Dropped      int     `json:"dropped"`
	DroppedBytes int64   `json:"droppedBytes"`
	FileBytes    int64   `json:"fileBytes"`
	Log          logView `json:"log"`
}

type logView struct {
	Newest        uint64     `json:"newest"`
	Reach         uint64     `json:"reach"`
	Bytes         int64      `json:"bytes"`
	Oldest        *time.Time `json:"oldest,omitempty"`
	WindowBytes   int        `json:"windowBytes"`
	WindowSeconds int64      `json:"windowSeconds"`
}

func stats(c *Console, in *call) (any, error) {
	e, err := c.env(in)
	if err != nil {
		return nil, err
	}
	s, err := e.DB.Stats(in.r.Context(), in.principal())
	if err != nil {
		return nil, err
	}
	view := statsView{
		Collections: s.Collections, Documents: s.Documents, Bytes: s.Bytes,
		Dropped: s.Dropped, DroppedBytes: s.DroppedBytes, FileBytes: s.FileBytes,
		Log: logView{
			Newest: s.Log.Newest, Reach: s.Log.Reach, Bytes: s.Log.Bytes,
			WindowBytes: s.Log.Window.Bytes, WindowSeconds: int64(s.Log.Window.Age.Seconds()),
		},
	}
	if !s.Log.Oldest.IsZero() {
		view.Log.Oldest = &s.Log.Oldest
	}
	return view, nil
}
