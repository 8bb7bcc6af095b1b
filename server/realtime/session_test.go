package realtime_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"baas/db/fault"
	"baas/db/rules"
	"baas/server/auth"
	"baas/server/realtime"
)

func TestLogin(t *testing.T) {
	t.Parallel()
	h := open(t)
	good := h.sign(h.user("alice"))
	foreign, err := h.env("other").Auth.SignSocket(t.Context(), rules.Principal{})
	h.must(err)

	c := h.connect()
	early := c.ask("INIT_WATCH", "w", watchRequest("c", "{}"), nil)
	early.refused(fault.CheckLoginFailed, "LOGIN")
	if early.WatchID != nil {
		t.Errorf("a watch before LOGIN was refused by its name %q, which js-sdk shows to the application", *early.WatchID)
	}
	c.ask("REBUILD_WATCH", "w", object{"queryID": "x"}, nil).refused(fault.CheckLoginFailed, "LOGIN")
	c.ask("PING", "", nil, nil).want("PONG")
	c.ask("LOGIN", "", object{"envId": "dev"}, nil).refused(fault.CheckLoginFailed, "signStr")
	c.ask("LOGIN", "", object{"envId": "dev"}, object{"signStr": 5}).refused(fault.InvalidParam, "signStr")
	c.logIn("dev", "forged").refused(fault.CheckLoginFailed, "signStr")
	c.logIn("dev", foreign).refused(fault.CheckLoginFailed, "signStr")
	c.logIn("nowhere", good).refused(fault.InvalidEnv, "nowhere")
	if f := c.logIn("dev", good).want("LOGIN_EVENT"); f.MsgData.EnvID != "dev" || f.WatchID != nil {
		t.Errorf("LOGIN_EVENT is %+v of watch %v", f.MsgData, f.WatchID)
	}
	c.logIn("dev", good).want("LOGIN_EVENT")
	c.logIn("other", foreign).refused(fault.InvalidEnv, "logged in to dev")
	if f := c.logIn("", good).want("LOGIN_EVENT"); f.MsgData.EnvID != "dev" {
		t.Errorf("without an env LOGIN_EVENT says %q", f.MsgData.EnvID)
	}

	h.now.Add(int64(3 * time.Minute))
	h.connect().logIn("dev", good).refused(fault.SignExpired, "signStr")
	if strings.Contains(h.logged(), good) {
		t.Error("the log holds a sign")
	}
}

func TestMalformedFrames(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.collection("c", rules.ReadOnly)
	c := h.login(h.user("alice"))
	for _, tc := range []struct {
		name, text, want string
	}{
		{"nothing", ``, "frame"},
		{"not JSON", `{"msgType":`, "frame"},
		{"no object", `["PING"]`, "frame"},
		{"text behind it", `{"msgType":"PING"}{}`, "frame"},
		{"a name twice", `{"msgType":"PING","msgType":"LOGIN"}`, "msgType"},
		{"too deep", strings.Repeat(`{"msgData":`, 200) + `1` + strings.Repeat(`}`, 200), "100 levels"},
		{"type no string", `{"msgType":5}`, "msgType"},
		{"type null", `{"msgType":null}`, "msgType"},
		{"unknown type", `{"requestId":"x","msgType":"DROP_TABLE"}`, "DROP_TABLE"},
		{"type in other letters", `{"MSGTYPE":"PING"}`, "msgType"},
		{"data no object", `{"msgType":"INIT_WATCH","msgData":"c"}`, "msgData"},
		{"no watch id", `{"msgType":"INIT_WATCH","msgData":{"collName":"c"}}`, "watchId"},
		{"long watch id", `{"watchId":"` + strings.Repeat("x", 300) + `","msgType":"INIT_WATCH","msgData":{"collName":"c"}}`, "watchId"},
		{"watch id no string", `{"watchId":{},"msgType":"PING"}`, "watchId"},
	} {
		c.write(websocket.TextMessage, tc.text)
		f := c.receive()
		if f.MsgType != "ERROR" || f.MsgData.Code != fault.InvalidParam || !strings.Contains(f.MsgData.Message, tc.want) {
			t.Errorf("%s: got %s %+v, want %s naming %q", tc.name, f.MsgType, f.MsgData, fault.InvalidParam, tc.want)
		}
	}
	c.write(websocket.BinaryMessage, `{"msgType":"PING"}`)
	if f := c.receive(); f.MsgType != "ERROR" {
		t.Errorf("a binary frame got %s", f.MsgType)
	}
	c.ask("PING", "", nil, nil).want("PONG")
	c.write(websocket.TextMessage, `{"requestId":"`+strings.Repeat("x", 1<<20)+`"}`)
	if code := c.closed(); code != websocket.CloseMessageTooBig {
		t.Errorf("a frame over the limit ended the connection with %d", code)
	}
}

func TestRefusedWatches(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.collection("c", rules.ReadOnly, `{"_id": "a"}`)
	h.collection("shut", rules.AdminOnly)
	with := func(edit func(object)) object {
		r := watchRequest("c", "{}")
		edit(r)
		return r
	}
	c := h.login(h.user("alice"))
	for _, tc := range []struct {
		name    string
		request object
		code    fault.Code
		text    string
	}{
		{"query no JSON", watchRequest("c", "{"), fault.InvalidParam, "query"},
		{"query no object", watchRequest("c", "[]"), fault.InvalidParam, "query"},
		{"query no text", with(func(r object) { r["query"] = 5 }), fault.InvalidParam, "query"},
		{"query too long", watchRequest("c", `{"a":"`+strings.Repeat("x", 70_000)+`"}`), fault.InvalidParam, "query"},
		{"query too deep", watchRequest("c", strings.Repeat(`{"a":`, 101)+"1"+strings.Repeat("}", 101)), fault.InvalidParam, "query"},
		{"unknown operator", watchRequest("c", `{"a": {"$where": 1}}`), fault.DatabaseOperator, "$where"},
		{"missing collection", watchRequest("nosuch", "{}"), fault.CollectionNotExist, "nosuch"},
		{"no collection", watchRequest("", "{}"), fault.InvalidParam, "collection"},
		{"collection no text", with(func(r object) { r["collName"] = object{} }), fault.InvalidParam, "collName"},
		{"a system collection", watchRequest("sys.sessions", "{}"), fault.InvalidParam, ""},
		{"a collection for administrators", watchRequest("shut", "{}"), fault.CollectionDenied, "ADMINONLY"},
		{"limit 0", with(func(r object) { r["limit"] = 0 }), fault.InvalidParam, "limit"},
		{"limit too large", with(func(r object) { r["limit"] = 201 }), fault.InvalidParam, "limit"},
		{"limit no number", with(func(r object) { r["limit"] = "5" }), fault.InvalidParam, "limit"},
		{"orderBy no object", with(func(r object) { r["orderBy"] = []any{} }), fault.InvalidParam, "orderBy"},
		{"orderBy no direction", with(func(r object) { r["orderBy"] = object{"t": -1} }), fault.InvalidParam, "orderBy.t"},
		{"orderBy of six", with(func(r object) {
			r["orderBy"] = object{"a": "asc", "b": "asc", "c": "asc", "d": "asc", "e": "asc", "f": "asc"}
		}), fault.InvalidParam, "orderBy"},
		{"another environment", with(func(r object) { r["envId"] = "other" }), fault.InvalidEnv, "dev"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a := c.ask("INIT_WATCH", "w", tc.request, nil)
			a.t = t
			a.refused(tc.code, tc.text)
			if a.WatchID == nil || *a.WatchID != "w" {
				t.Errorf("the error is for watch %v, want w", a.WatchID)
			}
		})
	}
	nobody := h.connect()
	nobody.logIn("dev", h.sign(rules.Principal{})).want("LOGIN_EVENT")
	nobody.ask("INIT_WATCH", "w", watchRequest("c", "{}"), nil).refused(fault.CollectionDenied, "log in")
	c.watch("w", "c", "{}").wantDocs(`{"_id": "a"}`)
}

func TestQueryForms(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.collection("c", rules.ReadOnly, `{"_id": "a", "room": 1}`, `{"_id": "b", "room": 2}`)
	c := h.login(h.user("alice"))
	c.watchWith("none", object{"collName": "c"}).wantDocs(`{"_id": "a", "room": 1}`, `{"_id": "b", "room": 2}`)
	c.watch("twice", "c", `"{\"room\": 1}"`).wantDocs(`{"_id": "a", "room": 1}`)
}

func TestCheckAndClose(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.collection("c", rules.ReadOnly)
	h.collection("fence", rules.ReadOnly)
	c := h.login(h.user("alice"))
	v := c.watch("w", "c", "{}")
	check := func() answer {
		return c.ask("CHECK_LAST", "w", object{"queryID": v.queryID, "eventID": v.event}, nil)
	}
	if f := check().want("CHECK_EVENT"); f.MsgData.CurrEvent != 1 || f.MsgData.QueryID != v.queryID || *f.WatchID != "w" {
		t.Errorf("CHECK_EVENT is %+v", f.MsgData)
	}
	h.insert("c", `{"_id": "a"}`)
	c.nextFor(v)
	if f := check().want("CHECK_EVENT"); f.MsgData.CurrEvent != 2 {
		t.Errorf("after an event CHECK_EVENT says %d, want 2", f.MsgData.CurrEvent)
	}
	fence := c.watch("fence", "fence", "{}")
	c.send("CLOSE_WATCH", "w", nil, nil)
	c.send("CLOSE_WATCH", "w", nil, nil) // closed already, no error
	c.ask("PING", "", nil, nil).want("PONG")
	if n := realtime.Watching(h.hub); n != 1 {
		t.Errorf("after one of two watches was closed, %d are delivered to", n)
	}
	h.insert("c", `{"_id": "b"}`)
	h.insert("fence", `{}`)
	c.nextFor(fence)
	check().refused(fault.WatchQueryInvalid, "watch")
	c.watch("w", "c", "{}").wantDocs(`{"_id": "a"}`, `{"_id": "b"}`)
}

func TestSameWatchIDReplaces(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.collection("c", rules.ReadOnly, `{"_id": "a", "room": 1}`)
	c := h.login(h.user("alice"))
	c.watch("w", "c", `{"room": 1}`)
	v := c.watch("w", "c", `{"room": 2}`)
	v.wantDocs()
	h.update("c", `{"_id": "a"}`, `{"$set": {"room": 2}}`)
	wantLines(t, c.nextFor(v), `2 update/enqueue a {"_id":"a","room":2}`)
}

func TestRebuild(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.collection("c", rules.ReadOnly, `{"_id": "a", "room": 1}`)
	alice := h.user("alice")
	c := h.login(alice)
	v := c.watch("w", "c", `{"room": 1}`)

	h.insert("c", `{"_id": "b", "room": 1}`)
	c.nextFor(v)
	c.rebuild(v) // on the same socket, after a gap that the client saw
	v.wantDocs(`{"_id": "a", "room": 1}`, `{"_id": "b", "room": 1}`)
	h.insert("c", `{"_id": "c", "room": 1}`)
	wantLines(t, c.nextFor(v), `4 add/enqueue c {"_id":"c","room":1}`)

	h.must(c.conn.NetConn().Close()) // the connection is cut
	h.remove("c", `{"_id": "b"}`)
	c = h.login(alice)
	c.rebuild(v)
	v.wantDocs(`{"_id": "a", "room": 1}`, `{"_id": "c", "room": 1}`)

	h.restart()
	h.remove("c", `{}`)
	c = h.login(alice)
	c.rebuild(v) // an empty result
	v.wantDocs()
	if v.event != 6 {
		t.Errorf("after four events and two rebuilds the number is %d, want 6", v.event)
	}
	h.insert("c", `{"_id": "d", "room": 1}`)
	wantLines(t, c.nextFor(v), `7 add/enqueue d {"_id":"d","room":1}`)
}

func TestRebuildAsksPermissionAgain(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.collection("c", rules.Private)
	alice, bob := h.user("alice"), h.user("bob")
	h.insert("c", `{"_id": "a", "_openid": "`+alice.UID+`"}`, `{"_id": "b", "_openid": "`+bob.UID+`"}`)
	v := h.login(alice).watch("w", "c", "{}")
	v.wantDocs(`{"_id": "a", "_openid": "` + alice.UID + `"}`)

	c := h.login(bob) // who has got hold of the queryID
	c.rebuild(v)
	v.wantDocs(`{"_id": "b", "_openid": "` + bob.UID + `"}`)

	h.must(h.db().SetMode(t.Context(), admin, "c", rules.AdminOnly))
	f := c.receive()
	if f.MsgType != "ERROR" || f.MsgData.Code != fault.CollectionDenied || *f.WatchID != "w" || f.RequestID != "" {
		t.Fatalf("after the mode was set: %s %+v", f.MsgType, f.MsgData)
	}
	rebuild := object{"envId": "dev", "collName": "c", "queryID": v.queryID, "eventID": v.event}
	c.ask("REBUILD_WATCH", "w", rebuild, nil).refused(fault.CollectionDenied, "ADMINONLY")
}

func TestRefusedRebuilds(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.collection("c", rules.ReadOnly)
	h.must(h.env("other").DB.CreateCollection(t.Context(), admin, "c"))
	c := h.login(h.user("alice"))
	good := c.watch("w", "c", "{}").queryID
	stranger := h.connect()
	key, err := h.env("other").Auth.CreateKey(t.Context(), auth.KeyAdmin)
	h.must(err)
	sign, err := h.env("other").Auth.SignSocket(t.Context(), rules.Principal{Role: rules.Admin, Session: "key:" + key.ID})
	h.must(err)
	stranger.logIn("other", sign).want("LOGIN_EVENT")
	foreign := stranger.ask("INIT_WATCH", "w", object{"envId": "other", "collName": "c"}, nil).want("INIT_EVENT").MsgData.QueryID
	for _, tc := range []struct {
		name    string
		queryID any
		eventID any
		code    fault.Code
		text    string
	}{
		{"nothing", "", 1, fault.WatchQueryInvalid, "queryID"},
		{"no token", "xyz", 1, fault.WatchQueryInvalid, "queryID"},
		{"a changed token", "e30" + good[3:], 1, fault.WatchQueryInvalid, "queryID"},
		{"a token without its end", good[:len(good)-2], 1, fault.WatchQueryInvalid, "queryID"},
		{"a token that is no base64", strings.Replace(good, ".", "!.!", 1), 1, fault.WatchQueryInvalid, "queryID"},
		{"another environment's", foreign, 1, fault.WatchQueryInvalid, "queryID"},
		{"a number as token", 5, 1, fault.InvalidParam, "queryID"},
		{"a negative event", good, -1, fault.InvalidParam, "eventID"},
		{"an event beyond all numbers", good, int64(1) << 53, fault.InvalidParam, "eventID"},
		{"an event that is no number", good, "1", fault.InvalidParam, "eventID"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a := c.ask("REBUILD_WATCH", "w", object{"envId": "dev", "collName": "c", "queryID": tc.queryID, "eventID": tc.eventID}, nil)
			a.t = t
			a.refused(tc.code, tc.text)
		})
	}
}

func TestDefaultEnvironment(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.collection("c", rules.ReadOnly)
	c := h.connect()
	c.logIn("", h.sign(h.user("alice"))).want("LOGIN_EVENT")
	for _, id := range []string{"", "dev"} {
		r := watchRequest("c", "{}")
		r["envId"] = id
		c.watchWith("w"+id, r)
	}
}

func TestTooManyWatches(t *testing.T) {
	t.Parallel()
	h := open(t, func(h *house) { h.options.Limits.Watches = 3 })
	h.collection("c", rules.ReadOnly)
	c := h.login(h.user("alice"))
	for i := range 3 {
		c.watch(fmt.Sprint(i), "c", "{}")
	}
	c.ask("INIT_WATCH", "3", watchRequest("c", "{}"), nil).refused(fault.RequestLimit, "at most 3")
	c.watch("2", "c", "{}") // in place of itself
	c.send("CLOSE_WATCH", "0", nil, nil)
	c.watch("3", "c", "{}")
}

func TestTooManyDocuments(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.collection("c", rules.ReadOnly)
	batch := make([]string, 1000)
	for i := range 5 {
		for n := range batch {
			batch[n] = fmt.Sprintf(`{"_id": "%d-%d"}`, i, n)
		}
		h.insert("c", batch...)
	}
	c := h.login(h.user("alice"))
	v := c.watch("w", "c", "{}")
	if len(v.docs) != 5000 {
		t.Fatalf("the result has %d documents, want 5000", len(v.docs))
	}
	h.insert("c", `{"_id": "one too many"}`)
	if f := c.receive(); f.MsgType != "ERROR" || f.MsgData.Code != fault.InvalidParam || *f.WatchID != "w" {
		t.Fatalf("the document beyond the limit: %s %+v", f.MsgType, f.MsgData)
	}
	c.ask("INIT_WATCH", "w", watchRequest("c", "{}"), nil).refused(fault.InvalidParam, "5000")
	c.watchWith("w", object{"collName": "c", "limit": 200})
}

func TestResultTooLarge(t *testing.T) {
	t.Parallel()
	h := open(t, func(h *house) { h.options.Limits.ResultBytes = 1000 })
	h.collection("c", rules.ReadOnly, `{"_id": "a", "t": "`+strings.Repeat("x", 1000)+`"}`)
	h.login(h.user("alice")).ask("INIT_WATCH", "w", watchRequest("c", "{}"), nil).refused(fault.ResultTooLarge, "1000 bytes")
}

func TestLoginAgainAsAnotherUser(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.collection("c", rules.Private)
	alice, bob := h.user("alice"), h.user("bob")
	h.insert("c", `{"_id": "a", "_openid": "`+alice.UID+`"}`, `{"_id": "b", "_openid": "`+bob.UID+`"}`)
	c := h.login(alice)
	v := c.watch("w", "c", "{}")
	c.logIn("dev", h.sign(alice)).want("LOGIN_EVENT") // the same: nothing changes
	c.logIn("dev", h.sign(bob)).want("LOGIN_EVENT")
	wantLines(t, c.nextFor(v), `2 init/init b {"_id":"b","_openid":"`+bob.UID+`"}`)
	h.update("c", `{}`, `{"$set": {"x": 1}}`)
	wantLines(t, c.nextFor(v), `3 update/update b set {"x":1} unset []`)
}

func TestPanicEndsAtItsFrame(t *testing.T) {
	t.Parallel()
	broken := false
	h := open(t, func(h *house) {
		h.options.Now = func() time.Time {
			if broken {
				panic("the clock is broken")
			}
			return time.Now()
		}
	})
	h.collection("c", rules.ReadOnly)
	c := h.login(h.user("alice"))
	broken = true
	c.ask("INIT_WATCH", "w", watchRequest("c", "{}"), nil).refused(fault.SysErr, "internal error")
	c.ask("PING", "", nil, nil).want("PONG")
	if !strings.Contains(h.logged(), "the clock is broken") {
		t.Error("the panic is not in the log")
	}
}

func TestCloseEndsSockets(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.collection("c", rules.ReadOnly)
	c := h.login(h.user("alice"))
	c.watch("w", "c", "{}")
	idle := h.connect()
	h.must(h.hub.Close())
	for _, c := range []*client{c, idle} {
		if code := c.closed(); code != websocket.CloseServiceRestart {
			t.Errorf("the connection ended with %d, want %d, on which clients connect again", code, websocket.CloseServiceRestart)
		}
	}
	if _, response, err := websocket.DefaultDialer.Dial(h.url, nil); err == nil || response.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("after Close a socket is answered with %v", err)
	}
}
