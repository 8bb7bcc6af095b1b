package console

import (
	"encoding/json"
	"mime"
	"net/http"
	"net/url"
	"strconv"

	"github.com/labstack/echo/v4"

	"baas/db/fault"
	"baas/server/auth/throttle"
	"baas/server/reply"
	"baas/server/wire"
)

// route is one row of the API: the role it takes and what it does. None is
// open to everybody.
type route struct {
	method, path string
	role         Role
	handle       handler
}

// handler answers a call with something that encodes as a JSON object.
type handler func(c *Console, in *call) (any, error)

// routes is the whole API. Default is deny: what is not here is refused.
func routes() []route {
	return []route{
		{http.MethodGet, "/state", None, state},
		{http.MethodPost, "/setup", None, setUp},
		{http.MethodPost, "/login", None, login},
		{http.MethodPost, "/logout", None, logout},
		{http.MethodGet, "/me", Owner, me},
		{http.MethodGet, "/envs", Owner, envs},
		{http.MethodPost, "/envs", Owner, createEnv},
		{http.MethodGet, "/:env/keys", Owner, keys},
		{http.MethodPost, "/:env/keys", Owner, createKey},
		{http.MethodDelete, "/:env/keys/:key", Owner, revokeKey},
		{http.MethodGet, "/:env/collections", Owner, collections},
		{http.MethodPost, "/:env/collections", Owner, setCollection},
		{http.MethodDelete, "/:env/collections/:collection", Owner, dropCollection},
		{http.MethodPost, "/:env/collections/:collection/rename", Owner, renameCollection},
		{http.MethodGet, "/:env/collections/:collection/documents", Owner, documents},
		{http.MethodGet, "/:env/collections/:collection/fields", Owner, fields},
		{http.MethodGet, "/:env/collections/:collection/export", Owner, exportDocuments},
		{http.MethodPost, "/:env/collections/:collection/import", Owner, importDocuments},
		{http.MethodGet, "/:env/collections/:collection/history", Owner, history},
		{http.MethodPost, "/:env/collections/:collection/undo", Owner, undo},
		{http.MethodGet, "/:env/collections/:collection/validator", Owner, validator},
		{http.MethodPost, "/:env/collections/:collection/validator", Owner, setValidator},
		{http.MethodPost, "/:env/collections/:collection/validator/check", Owner, checkDocuments},
		{http.MethodGet, "/:env/collections/:collection/indexes", Owner, indexes},
		{http.MethodPost, "/:env/collections/:collection/indexes", Owner, updateIndexes},
		{http.MethodGet, "/:env/dropped", Owner, droppedCollections},
		{http.MethodPost, "/:env/dropped/:collection/restore", Owner, restoreCollection},
		{http.MethodGet, "/:env/stats", Owner, stats},
		{http.MethodPost, "/:env/query", Owner, runScript},
		{http.MethodGet, "/:env/functions", Owner, functionList},
		{http.MethodPut, "/:env/functions/:function", Owner, deploy},
		{http.MethodDelete, "/:env/functions/:function", Owner, deleteFunction},
		{http.MethodPost, "/:env/functions/:function/call", Owner, callFunction},
		{http.MethodGet, "/:env/logs", Owner, logs},
	}
}

// call is one request that passed the guard.
type call struct {
	ec    echo.Context
	r     *http.Request
	w     http.ResponseWriter
	id    string // request id
	admin Admin  // zero on open routes
	login string // what the admin showed: "key:" and an id, or "console:" and a name
	limit int64  // bytes of the body
	raw   []byte // the body, once it has been read
	read  bool
}

// Limits of a request's body, in bytes: the largest event of a function
// (wx-cloud-api.md 13) and a little, and a function's folder.
const (
	maxBody    = 6 << 20
	maxArchive = 128 << 20
)

// serve makes the echo handler of a row: the one place where the API checks
// requests and writes replies.
func (c *Console) serve(row route) echo.HandlerFunc {
	return func(ec echo.Context) error {
		r := ec.Request()
		id := reply.ID(r.Context())
		if id == "" {
			id = reply.NewID()
			r = r.WithContext(reply.WithID(r.Context(), id))
		}
		header := ec.Response().Header()
		header.Set("Cache-Control", "no-store")
		header.Set("X-Content-Type-Options", "nosniff")
		in := &call{ec: ec, r: r, w: ec.Response(), id: id, limit: maxBody}
		if row.method == http.MethodPut {
			in.limit = maxArchive
		}
		answer, err := c.answer(in, row)
		if err != nil {
			return c.refuse(in, err)
		}
		if file, ok := answer.(*download); ok {
			return c.send(in, file)
		}
		if lines, ok := answer.(stream); ok {
			header.Set(echo.HeaderContentType, "application/x-ndjson")
			ec.Response().WriteHeader(http.StatusOK)
			return lines(&lineWriter{w: ec.Response(), done: r.Context().Done(), now: c.o.Now})
		}
		body, err := json.Marshal(answer)
		if err != nil {
			return c.refuse(in, err)
		}
		return ec.JSONBlob(http.StatusOK, body)
	}
}

func (c *Console) refuse(in *call, err error) error {
	if after := throttle.RetryAfter(err); after != "" {
		in.w.Header().Set("Retry-After", after)
	}
	status, body := reply.Gateway(in.id, reply.Explain(in.r.Context(), c.o.Log, err))
	return in.ec.JSONBlob(status, body)
}

func (c *Console) answer(in *call, row route) (any, error) {
	if err := c.guard(in.r); err != nil {
		return nil, err
	}
	if row.role != None {
		admin, err := c.identify(in)
		if err != nil {
			return nil, err
		}
		if admin.Role != row.role {
			return nil, fault.New(fault.PermissionDenied, "this needs the role %s", row.role)
		}
		in.admin = admin
		if in.login == "" {
			in.login = "console:" + admin.Name
		}
	}
	return row.handle(c, in)
}

// guard refuses requests that another site's page made the browser send.
// Browsers say where a request comes from (Sec-Fetch-Site, or Origin); who
// says nothing is no browser and has no cookie that was not given to it.
func (c *Console) guard(r *http.Request) error {
	foreign := fault.New(fault.InvalidRequestSource, "the console's API answers only to the console's own page")
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "same-origin", "none":
	default:
		return foreign
	}
	if err := c.origin.Check(r); err != nil {
		return foreign
	}
	return nil
}

// object reads a JSON body.
func (in *call) object() (wire.Object, error) {
	raw, err := in.bodyOf("application/json")
	if err != nil {
		return wire.Object{}, err
	}
	return wire.ParseObject("body", raw)
}

// bodyOf reads the body, which must be of a media type that a page of another
// site cannot send without asking first.
func (in *call) bodyOf(media string) ([]byte, error) {
	got, _, err := mime.ParseMediaType(in.r.Header.Get("Content-Type"))
	if err != nil || got != media {
		return nil, fault.Invalid("content-type", "must be %s", media)
	}
	return in.body()
}

func (in *call) body() ([]byte, error) {
	if in.read {
		return in.raw, nil
	}
	raw, err := wire.Read(in.r.Body, in.limit)
	in.raw, in.read = raw, err == nil
	return raw, err
}

// param returns a part of the path. Echo matches the escaped path when it
// differs, and leaves the parts escaped then.
func (in *call) param(name string) (string, error) {
	text := in.ec.Param(name)
	if in.r.URL.RawPath == "" {
		return text, nil
	}
	plain, err := url.PathUnescape(text)
	if err != nil {
		return "", fault.Invalid(name, "is not well escaped in the path")
	}
	return plain, nil
}

// number returns a whole number of the query within bounds.
func (in *call) number(name string, otherwise, low, high int64) (int64, error) {
	text := in.r.URL.Query().Get(name)
	if text == "" {
		return otherwise, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < low || n > high {
		return 0, fault.Invalid(name, "must be a whole number from %d to %d", low, high)
	}
	return n, nil
}

func notFound(_ *Console, in *call) (any, error) {
	return nil, fault.New(fault.InvalidAction, "the console's API has no %s %.200s", in.r.Method, in.r.URL.Path)
}
