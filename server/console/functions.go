package console

import (
	"encoding/json"
	"net/http"
	"os"
	"strconv"
	"time"

	"baas/db/fault"
	"baas/functions"
	"baas/server/env"
)

// function returns the environment and the function's name in the path.
func (c *Console) function(in *call) (e *env.Env, name string, err error) {
	if e, err = c.env(in); err != nil {
		return nil, "", err
	}
	name, err = in.param("function")
	return e, name, err
}

// functionView is a function and its live version.
type functionView struct {
	Name      string    `json:"name"`
	Version   string    `json:"version"`
	Runtime   string    `json:"runtime"`
	TimeoutMS int       `json:"timeoutMs"`
	MemoryMB  int       `json:"memoryMB"`
	Updated   time.Time `json:"updated"`
	Warnings  []string  `json:"warnings"`
}

func viewFunction(name string, v functions.Version) functionView {
	view := functionView{
		Name: name, Version: strconv.Itoa(v.Number), Runtime: v.Config.Runtime,
		TimeoutMS: v.Config.Timeout * 1000, MemoryMB: v.Config.MemorySize, Updated: v.Created,
		Warnings: append([]string{}, v.Warnings...),
	}
	if view.TimeoutMS == 0 {
		view.TimeoutMS = functions.DefaultTimeout * 1000
	}
	if view.MemoryMB == 0 {
		view.MemoryMB = functions.DefaultMemory
	}
	return view
}

func functionList(c *Console, in *call) (any, error) {
	e, err := c.env(in)
	if err != nil {
		return nil, err
	}
	all, err := e.Functions.List(in.r.Context(), in.principal())
	if err != nil {
		return nil, err
	}
	list := []functionView{}
	for _, f := range all {
		for _, v := range f.Versions {
			if v.ID == f.Live {
				list = append(list, viewFunction(f.Name, v))
			}
		}
	}
	return map[string]any{"functions": list}, nil
}

// deploy makes a function of a tar archive of its folder.
func deploy(c *Console, in *call) (any, error) {
	e, name, err := c.function(in)
	if err != nil {
		return nil, err
	}
	archive, err := in.bodyOf("application/x-tar")
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "baas-deploy-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	if err := unpack(archive, dir); err != nil {
		return nil, err
	}
	v, err := e.Functions.Deploy(in.r.Context(), in.principal(), functions.Source{Name: name, Dir: dir})
	if err != nil {
		return nil, err
	}
	return viewFunction(name, v), nil
}

func deleteFunction(c *Console, in *call) (any, error) {
	e, name, err := c.function(in)
	if err != nil {
		return nil, err
	}
	return struct{}{}, e.Functions.Delete(in.r.Context(), in.principal(), name)
}

// callFunction runs a function with the body as its event.
func callFunction(c *Console, in *call) (any, error) {
	e, name, err := c.function(in)
	if err != nil {
		return nil, err
	}
	event, err := in.bodyOf("application/json")
	if err != nil {
		return nil, err
	}
	if !json.Valid(event) {
		return nil, fault.Invalid("body", "the event must be valid JSON")
	}
	res, err := e.Functions.Call(in.r.Context(), in.principal(), functions.Call{Name: name, Event: event, RequestID: in.id})
	if err != nil {
		return nil, err
	}
	result := json.RawMessage(res.Value)
	if len(result) == 0 {
		result = json.RawMessage("null")
	}
	return map[string]any{"result": result, "requestId": res.RequestID}, nil
}

// logs answers the newest log lines, oldest first, one JSON object a line;
// with follow=1 it goes on with new ones until the client leaves.
func logs(c *Console, in *call) (any, error) {
	e, err := c.env(in)
	if err != nil {
		return nil, err
	}
	limit, err := in.number("limit", 100, 1, 1000)
	if err != nil {
		return nil, err
	}
	query := in.r.URL.Query()
	q := functions.LogQuery{Function: query.Get("function"), RequestID: query.Get("requestId"), Limit: int(limit)}
	if query.Get("follow") != "1" {
		lines, err := e.Functions.Logs(in.r.Context(), in.principal(), q)
		return stream(func(out *lineWriter) error { return out.all(lines) }), err
	}
	// Followed first and read second: a line may come twice, but none is lost.
	fresh, stop := e.Functions.Follow(1000)
	lines, err := e.Functions.Logs(in.r.Context(), in.principal(), q)
	if err != nil {
		stop()
		return nil, err
	}
	return stream(func(out *lineWriter) error {
		defer stop()
		if err := out.all(lines); err != nil {
			return err
		}
		return out.follow(fresh, q, lines)
	}), nil
}

// stream is an answer that is written line by line.
type stream func(*lineWriter) error

// lineWriter writes JSON Lines to a client that may be slow or gone.
type lineWriter struct {
	w    http.ResponseWriter
	done <-chan struct{} // closed when the client has left
	now  func() time.Time
}

// lineTime is how long a client may take to accept what is written.
const lineTime = 30 * time.Second

func (o *lineWriter) all(lines []functions.LogLine) error {
	encoder := json.NewEncoder(o.w)
	control := http.NewResponseController(o.w)
	// Both are refinements that a wrapped writer may lack.
	_ = control.SetWriteDeadline(o.now().Add(lineTime))
	for _, l := range lines {
		if err := encoder.Encode(l); err != nil {
			return err
		}
	}
	_ = control.Flush()
	return nil
}

// follow writes the fresh lines that q chooses and that were not sent before.
func (o *lineWriter) follow(fresh <-chan functions.LogLine, q functions.LogQuery, sent []functions.LogLine) error {
	type key struct {
		at            int64
		request, text string
	}
	known := make(map[key]bool, len(sent))
	for _, l := range sent {
		known[key{l.Time.UnixNano(), l.RequestID, l.Text}] = true
	}
	for {
		select {
		case l, ok := <-fresh:
			if !ok {
				return nil
			}
			other := q.Function != "" && l.Function != q.Function || q.RequestID != "" && l.RequestID != q.RequestID
			if other || known[key{l.Time.UnixNano(), l.RequestID, l.Text}] {
				continue
			}
			if err := o.all([]functions.LogLine{l}); err != nil {
				return err
			}
		case <-o.done:
			return nil
		}
	}
}
