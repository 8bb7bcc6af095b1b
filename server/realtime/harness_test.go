package realtime_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"go.uber.org/goleak"

	"baas/db"
	"baas/db/commit"
	"baas/db/fault"
	"baas/db/kv"
	"baas/db/kv/memkv"
	"baas/db/rules"
	"baas/db/value"
	"baas/server/auth"
	"baas/server/env"
	"baas/server/realtime"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var admin = rules.Principal{Role: rules.Admin}

// patience is how long a test waits for what must come.
const patience = 30 * time.Second

// gate is a store whose views can be held: commits go on.
type gate struct {
	kv.Store
	mu sync.RWMutex
}

func (g *gate) View(ctx context.Context, fn func(kv.Reader) error) error {
	g.mu.RLock()
	defer g.mu.RUnlock()
	return g.Store.View(ctx, fn)
}

// house is a server of watches with the environments dev and other. Its data
// survives restart.
type house struct {
	t       testing.TB
	options realtime.Options
	window  commit.Window
	now     atomic.Int64 // of the authority's clock
	disks   map[string]*memkv.Disk
	gates   map[string]*gate
	log     *bytes.Buffer
	logMu   sync.Mutex
	dial    func(ctx context.Context, network, addr string) (net.Conn, error)

	envs   *env.Registry
	system *db.Engine
	hub    *realtime.Hub
	stop   func() error
	url    string
}

// Write lets the house be the place its server logs to.
func (h *house) Write(line []byte) (int, error) {
	h.logMu.Lock()
	defer h.logMu.Unlock()
	return h.log.Write(line)
}

func (h *house) logged() string {
	h.logMu.Lock()
	defer h.logMu.Unlock()
	return h.log.String()
}

func open(t testing.TB, edit ...func(*house)) *house {
	t.Helper()
	h := &house{
		t: t, log: new(bytes.Buffer), gates: map[string]*gate{},
		disks: map[string]*memkv.Disk{"system": {}, "dev": {}, "other": {}},
	}
	h.now.Store(time.Now().UnixNano())
	h.options.Limits.Settle = -1 // none; TestSettle has the real one
	for _, e := range edit {
		e(h)
	}
	h.start()
	t.Cleanup(func() { h.close() })
	return h
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) openStore(name string) *gate {
	store, err := h.disks[name].Open()
	h.must(err)
	h.gates[name] = &gate{Store: store}
	return h.gates[name]
}

func (h *house) start() {
	h.t.Helper()
	ctx := context.Background()
	log := slog.New(slog.NewTextHandler(h, nil))
	systemStore := h.openStore("system")
	system, err := db.Open(ctx, systemStore, db.Options{})
	h.must(err)
	h.system = system
	h.envs, err = env.Open(ctx, env.Options{
		System: system, Master: []byte("a master secret of 32 bytes, for tests"), Default: "dev", Now: time.Now,
		Open: func(ctx context.Context, e *env.Env) (err error) {
			e.DB, err = db.Open(ctx, h.openStore(e.ID), db.Options{Window: h.window, Log: log})
			e.Auth = auth.New(auth.Options{DB: e.DB, Env: e.ID, Secret: e.Key("auth"), Now: func() time.Time { return time.Unix(0, h.now.Load()) }})
			return err
		},
		Close: func(e *env.Env) error {
			return errors.Join(e.DB.Check(ctx), e.DB.Close(), h.gates[e.ID].Close())
		},
	})
	h.must(err)
	for _, id := range []string{"dev", "other"} {
		if _, err := h.envs.Get(id); err != nil {
			_, err := h.envs.Create(ctx, id)
			h.must(err)
		}
	}
	h.options.Envs, h.options.Log = h.envs, log
	h.hub = realtime.New(h.options)
	h.listen()
}

// listen serves the hub: on a real port, unless the test has a network.
func (h *house) listen() {
	if h.dial != nil {
		return
	}
	server := httptest.NewServer(h.hub)
	h.url = "ws" + strings.TrimPrefix(server.URL, "http")
	h.stop = func() error { server.Close(); return nil }
}

func (h *house) close() {
	h.t.Helper()
	if h.hub == nil {
		return
	}
	closed := h.hub.Close()
	if n := realtime.Watching(h.hub); n != 0 {
		h.t.Errorf("after all sockets have ended, %d watches are still delivered to", n)
	}
	err := errors.Join(closed, h.stop(), h.envs.Close(), h.system.Close(), h.gates["system"].Close())
	h.hub = nil
	h.must(err)
}

// restart stops the server and starts another one on the same data.
func (h *house) restart() {
	h.t.Helper()
	h.close()
	h.start()
}

func (h *house) env(id string) *env.Env {
	h.t.Helper()
	e, err := h.envs.Get(id)
	h.must(err)
	return e
}

func (h *house) db() *db.Engine { return h.env("dev").DB }

// collection makes a collection and puts documents in.
func (h *house) collection(name string, mode rules.Mode, docs ...string) {
	h.t.Helper()
	h.must(h.db().CreateCollection(h.t.Context(), admin, name))
	h.must(h.db().SetMode(h.t.Context(), admin, name, mode))
	if len(docs) > 0 {
		h.insert(name, docs...)
	}
}

func (h *house) doc(text string) value.Doc {
	h.t.Helper()
	d, err := value.ParseJSON([]byte(text), value.ParseOptions{})
	h.must(err)
	return d
}

func (h *house) insert(collection string, docs ...string) {
	h.t.Helper()
	list := make([]value.Doc, len(docs))
	for i, d := range docs {
		list[i] = h.doc(d)
	}
	_, err := h.db().Insert(h.t.Context(), admin, collection, list)
	h.must(err)
}

func (h *house) update(collection, query, update string) {
	h.t.Helper()
	_, err := h.db().Update(h.t.Context(), admin, db.UpdateRequest{Collection: collection, Query: h.doc(query), Update: h.doc(update), Multi: true})
	h.must(err)
}

func (h *house) remove(collection, query string) {
	h.t.Helper()
	_, err := h.db().Remove(h.t.Context(), admin, db.RemoveRequest{Collection: collection, Query: h.doc(query), Multi: true})
	h.must(err)
}

// user logs in the anonymous user of a device.
func (h *house) user(name string) rules.Principal {
	h.t.Helper()
	session, err := h.env("dev").Auth.SignInAnonymously(h.t.Context(), "device-0123456789-"+name)
	h.must(err)
	p, err := h.env("dev").Auth.Authenticate(h.t.Context(), session.AccessToken)
	h.must(err)
	return p
}

func (h *house) sign(p rules.Principal) string {
	h.t.Helper()
	sign, err := h.env("dev").Auth.SignSocket(h.t.Context(), p)
	h.must(err)
	return sign
}

// frame is a frame of the server.
type frame struct {
	WatchID   *string `json:"watchId"`
	RequestID string  `json:"requestId"`
	MsgType   string  `json:"msgType"`
	MsgData   *struct {
		EnvID     string      `json:"envId"`
		QueryID   string      `json:"queryID"`
		CurrEvent int64       `json:"currEvent"`
		Events    []wireEvent `json:"events"`
		Code      fault.Code  `json:"code"`
		Message   string      `json:"message"`
	} `json:"msgData"`
}

type wireEvent struct {
	ID            int64
	DataType      string
	QueueType     string
	DocID         any
	Doc           string
	UpdatedFields string
	RemovedFields string `json:"removedFields"`
}

// client is one socket.
type client struct {
	t      testing.TB
	conn   *websocket.Conn
	number int
}

func (h *house) connect() *client {
	h.t.Helper()
	dialer := websocket.Dialer{NetDialContext: h.dial}
	conn, response, err := dialer.DialContext(h.t.Context(), h.url, http.Header{"Origin": {"https://elsewhere.example"}})
	h.must(err)
	_ = response.Body.Close()
	h.t.Cleanup(func() { _ = conn.Close() })
	return &client{t: h.t, conn: conn}
}

// login connects as p.
func (h *house) login(p rules.Principal) *client {
	h.t.Helper()
	c := h.connect()
	c.logIn("dev", h.sign(p)).want("LOGIN_EVENT")
	return c
}

func (c *client) write(kind int, text string) {
	c.t.Helper()
	if err := c.conn.WriteMessage(kind, []byte(text)); err != nil {
		c.t.Fatal(err)
	}
}

// send sends a frame and returns its request id.
func (c *client) send(msgType, watchID string, data, extra any) string {
	c.t.Helper()
	c.number++
	f := map[string]any{"requestId": "r" + string(rune('0'+c.number%10)), "msgType": msgType, "msgData": data}
	if watchID != "" {
		f["watchId"] = watchID
	}
	if extra != nil {
		f["exMsgData"] = extra
	}
	text, err := json.Marshal(f)
	if err != nil {
		c.t.Fatal(err)
	}
	c.write(websocket.TextMessage, string(text))
	return f["requestId"].(string)
}

// receive returns the next frame.
func (c *client) receive() frame {
	c.t.Helper()
	f, err := c.next()
	if err != nil {
		c.t.Fatal(err)
	}
	return f
}

func (c *client) next() (f frame, err error) {
	if err := c.conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		return f, err
	}
	kind, text, err := c.conn.ReadMessage()
	if err != nil {
		return f, err
	}
	if kind != websocket.TextMessage {
		return f, errors.New("not a text frame")
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	decoder.UseNumber()
	return f, decoder.Decode(&f)
}

// answer is a frame that answered a request of a client.
type answer struct {
	frame
	t testing.TB
}

// ask sends a frame and returns its answer, which must be the next frame.
func (c *client) ask(msgType, watchID string, data, extra any) answer {
	c.t.Helper()
	id := c.send(msgType, watchID, data, extra)
	f := c.receive()
	if f.RequestID != id {
		c.t.Fatalf("request %s was answered by %+v", id, f)
	}
	return answer{f, c.t}
}

func (a answer) want(msgType string) frame {
	a.t.Helper()
	if a.MsgType != msgType {
		a.t.Fatalf("got %s %+v, want %s", a.MsgType, a.MsgData, msgType)
	}
	return a.frame
}

// refused demands an ERROR with a code and a text that names the member.
func (a answer) refused(code fault.Code, text string) {
	a.t.Helper()
	f := a.want("ERROR")
	if f.MsgData.Code != code || !strings.Contains(f.MsgData.Message, text) {
		a.t.Errorf("refused with %s %q, want %s and %q", f.MsgData.Code, f.MsgData.Message, code, text)
	}
}

type object = map[string]any

func (c *client) logIn(envID, sign string) answer {
	c.t.Helper()
	data := object{"envId": envID, "accessToken": "", "referrer": "web", "sdkVersion": "", "dataVersion": ""}
	return c.ask("LOGIN", "", data, object{"runtime": "web", "signStr": sign, "secretVersion": 1})
}

// watchRequest is the content of an INIT_WATCH frame.
func watchRequest(collection, query string) object {
	return object{"envId": "dev", "collName": collection, "query": query, "orderBy": object{}}
}

// watch starts a watch and returns how its client sees it.
func (c *client) watch(id, collection, query string) *view {
	c.t.Helper()
	return c.watchWith(id, watchRequest(collection, query))
}

func (c *client) watchWith(id string, request object) *view {
	c.t.Helper()
	v := &view{t: c.t, id: id}
	v.init(c.ask("INIT_WATCH", id, request, nil).want("INIT_EVENT"))
	return v
}

// rebuild resumes a view on this socket.
func (c *client) rebuild(v *view) {
	c.t.Helper()
	v.apply(c.ask("REBUILD_WATCH", v.id, object{"envId": "dev", "collName": "c", "queryID": v.queryID, "eventID": v.event}, nil).want("NEXT_EVENT"))
}

// next receives the next push, which must be for the view.
func (c *client) nextFor(v *view) []string {
	c.t.Helper()
	f := c.receive()
	if f.MsgType != "NEXT_EVENT" || f.WatchID == nil || *f.WatchID != v.id {
		c.t.Fatalf("got %s %+v, want an event of %s", f.MsgType, f.MsgData, v.id)
	}
	return v.apply(f)
}

// closed waits for the server's close frame and returns its code; frames
// before it are an error.
func (c *client) closed() int {
	c.t.Helper()
	f, err := c.next()
	if err == nil {
		c.t.Fatalf("got %s %+v, want the end of the connection", f.MsgType, f.MsgData)
	}
	if e, ok := errors.AsType[*websocket.CloseError](err); ok {
		return e.Code
	}
	c.t.Fatalf("the connection ended without a close frame: %v", err)
	return 0
}
