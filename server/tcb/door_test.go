package tcb_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"baas/db/rules"
	"baas/server/reply"
	"baas/server/servertest"
	"baas/server/tcb"
)

func TestMain(m *testing.M) { servertest.Main(m) }

// step is one request of a scenario and what its reply must hold.
type step struct {
	name string
	send string            // members of the body
	want map[string]string // path → value; "code" must be empty unless it is here
}

func run(t *testing.T, send func(string) servertest.Reply, steps []step) {
	t.Helper()
	for _, s := range steps {
		r := send(s.send)
		if r.Status != http.StatusOK || r.Header.Get("Content-Type") != "application/json; charset=utf-8" {
			t.Errorf("%s: status %d, type %s", s.name, r.Status, r.Header.Get("Content-Type"))
		}
		if _, ok := s.want["code"]; !ok && r.Code() != "" {
			t.Errorf("%s: got %s", s.name, r.Text)
		}
		for path, want := range s.want {
			if got := r.Get(path); got != want {
				t.Errorf("%s: %s is %s, want %s", s.name, path, got, want)
			}
		}
	}
}

// The actions of server SDKs: documents are texts of canonical extended JSON
// (tcb-wire-protocol.md 6.4).
func TestNewDialect(t *testing.T) {
	t.Parallel()
	h := servertest.Start(t)
	run(t, func(members string) servertest.Reply { return h.Admin(t, members) }, []step{
		{"create", `"action":"database.addCollection","collectionName":"c"`, map[string]string{"data": "{}"}},
		{
			"insert", `"action":"database.insertDocument","collectionName":"c","data":["{\"_id\":\"a\",\"n\":{\"$numberInt\":\"1\"},\"big\":{\"$numberLong\":\"1099511627776\"},\"d\":{\"$date\":{\"$numberLong\":\"5\"}}}"]`,
			map[string]string{"data.insertedIds": `["a"]`, "data._id": "a"},
		},
		{
			"insert two", `"action":"database.insertDocument","collectionName":"c","data":["{\"_id\":\"b\",\"n\":{\"$numberInt\":\"1\"}}","{\"_id\":\"c\",\"n\":{\"$numberInt\":\"2\"}}"]`,
			map[string]string{"data.insertedIds": `["b","c"]`, "data._id": ""},
		},
		{
			"get", `"action":"database.getDocument","collectionName":"c","query":"{\"_id\":\"a\"}","queryType":"DOC","multi":false`,
			map[string]string{
				"data.list":  `["{\"_id\":\"a\",\"n\":{\"$numberInt\":\"1\"},\"big\":{\"$numberLong\":\"1099511627776\"},\"d\":{\"$date\":{\"$numberLong\":\"5\"}}}"]`,
				"data.limit": "100", "data.offset": "0",
			},
		},
		{
			"order by two fields, skip, limit, projection",
			`"action":"database.getDocument","collectionName":"c","order":"{\"n\":{\"$numberInt\":\"-1\"},\"_id\":{\"$numberInt\":\"-1\"}}","offset":1,"limit":5,"projection":"{\"_id\":{\"$numberInt\":\"1\"}}"`,
			map[string]string{"data.list": `["{\"_id\":\"b\"}","{\"_id\":\"a\"}"]`, "data.limit": "5", "data.offset": "1"},
		},
		{"count", `"action":"database.calculateDocument","collectionName":"c","query":"{\"n\":{\"$numberInt\":\"1\"}}"`, map[string]string{"data.total": "2"}},
		{
			"update", `"action":"database.modifyDocument","collectionName":"c","query":"{\"n\":{\"$numberInt\":\"1\"}}","data":"{\"$inc\":{\"n\":{\"$numberInt\":\"9\"}}}","multi":true,"merge":true,"upsert":false`,
			map[string]string{"data.updated": "2", "data.upsert_id": "null"},
		},
		{
			"update of one", `"action":"database.modifyDocument","collectionName":"c","query":"{}","data":"{\"$set\":{\"one\":true}}","multi":false,"merge":true`,
			map[string]string{"data.updated": "1"},
		},
		{
			"nothing to update", `"action":"database.modifyDocument","collectionName":"c","query":"{\"_id\":\"a\"}","data":"{}","merge":true`,
			map[string]string{"data.updated": "0"},
		},
		{
			"update and return", `"action":"database.modifyAndReturnDoc","collectionName":"c","query":"{\"_id\":\"c\"}","data":"{\"$set\":{\"n\":{\"$numberInt\":\"2\"}}}"`,
			map[string]string{"data.updated": "1", "data.doc": `{"_id":"c","n":{"$numberInt":"2"}}`},
		},
		{
			"update and return nothing", `"action":"database.modifyAndReturnDoc","collectionName":"c","query":"{\"_id\":\"none\"}","data":"{\"$set\":{\"n\":1}}"`,
			map[string]string{"data.updated": "0", "data.doc": "null"},
		},
		{
			"set makes a document", `"action":"database.modifyDocument","collectionName":"c","query":"{\"_id\":\"s\"}","queryType":"DOC","data":"{\"v\":{\"$numberInt\":\"1\"}}","multi":false,"merge":false,"upsert":true`,
			map[string]string{"data.updated": "0", "data.upsert_id": "s", "data.upserted_id": "s"},
		},
		{
			"set replaces it", `"action":"database.modifyDocument","collectionName":"c","query":"{\"_id\":\"s\"}","queryType":"DOC","data":"{\"v\":{\"$numberInt\":\"1\"}}","multi":false,"merge":false,"upsert":true`,
			map[string]string{"data.updated": "1", "data.upsert_id": "null"},
		},
		{
			"set replaced the whole", `"action":"database.getDocument","collectionName":"c","query":"{\"_id\":\"s\"}"`,
			map[string]string{"data.list": `["{\"_id\":\"s\",\"v\":{\"$numberInt\":\"1\"}}"]`},
		},
		{"remove", `"action":"database.removeDocument","collectionName":"c","query":"{\"_id\":\"s\"}","multi":false`, map[string]string{"data.deleted": "1"}},
		{"remove many", `"action":"database.removeDocument","collectionName":"c","query":"{}","multi":true`, map[string]string{"data.deleted": "3"}},
		{"reports are dropped", `"action":"analytics.report","x":1`, map[string]string{"data": ""}},
	})
}

// The actions of clients: documents are plain JSON (tcb-wire-protocol.md 6.5).
func TestOldDialect(t *testing.T) {
	t.Parallel()
	h := servertest.Start(t)
	h.Collection(t, "c", rules.ReadOnly)
	token, uid := h.Anonymous(t)
	other, _ := h.Anonymous(t)
	run(t, func(members string) servertest.Reply { return h.Web(t, token, members) }, []step{
		{
			"add", `"action":"database.addDocument","collectionName":"c","_id":"a","data":{"n":1,"f":1.5,"d":{"$date":5},"r":{"$regex":"x","$options":"i"}}`,
			map[string]string{"data._id": "a", "data.insertedIds": `["a"]`},
		},
		{
			"get", `"action":"database.queryDocument","collectionName":"c","query":{"n":{"$gte":1}},"order":[{"field":"n","direction":"desc"}],"limit":1000,"projection":{}`,
			map[string]string{
				"data.list":  `[{"_id":"a","_openid":"` + uid + `","n":1,"f":1.5,"d":{"$date":5},"r":{"$regex":"x","$options":"i"}}]`,
				"data.limit": "1000",
			},
		},
		{"get without a limit", `"action":"database.queryDocument","collectionName":"c"`, map[string]string{"data.limit": "20"}},
		{"a limit beyond the most", `"action":"database.queryDocument","collectionName":"c","limit":5000`, map[string]string{"data.limit": "1000"}},
		{"own by placeholder", `"action":"database.countDocument","collectionName":"c","query":{"_openid":"{openid}"}`, map[string]string{"data.total": "1"}},
		{"not in a pattern", `"action":"database.countDocument","collectionName":"c","query":{"_openid":{"$regex":"{openid}"}}`, map[string]string{"data.total": "0"}},
		{
			"update", `"action":"database.updateDocument","collectionName":"c","query":{"_id":"a"},"queryType":"DOC","data":{"$set":{"o.x":1}},"multi":false,"merge":true,"upsert":false`,
			map[string]string{"data.updated": "1", "data.upserted_id": "null", "data.upsert_id": "null"},
		},
		{
			"set", `"action":"database.updateDocument","collectionName":"c","query":{"_id":"b"},"queryType":"DOC","data":{"n":2},"multi":false,"merge":false,"upsert":true`,
			map[string]string{"data.updated": "0", "data.upserted_id": "b", "data.upsert_id": "b"},
		},
	})
	for _, s := range []step{
		{"others' documents are not updated", `"action":"database.updateDocument","collectionName":"c","query":{"_id":"a"},"data":{"$set":{"n":9}},"multi":false,"merge":true`, map[string]string{"data.updated": "0"}},
		{"nor removed", `"action":"database.deleteDocument","collectionName":"c","query":{"_id":"a"},"multi":false`, map[string]string{"data.deleted": "0"}},
		{"but read", `"action":"database.countDocument","collectionName":"c"`, map[string]string{"data.total": "2"}},
		{"and own ones found by placeholder are none", `"action":"database.countDocument","collectionName":"c","query":{"_openid":"{openid}"}`, map[string]string{"data.total": "0"}},
	} {
		run(t, func(members string) servertest.Reply { return h.Web(t, other, members) }, []step{s})
	}
	run(t, func(members string) servertest.Reply { return h.Web(t, token, members) }, []step{
		{"remove", `"action":"database.deleteDocument","collectionName":"c","query":{"_id":"a"},"multi":false`, map[string]string{"data.deleted": "1"}},
	})
}

// An action's name tells the dialect, not the door: tcb-admin-node sends the
// old one to /admin.
func TestOldDialectAtTheAdminDoor(t *testing.T) {
	t.Parallel()
	h := servertest.Start(t)
	run(t, func(members string) servertest.Reply { return h.Admin(t, members) }, []step{
		{"create", `"action":"database.addCollection","collectionName":"c"`, nil},
		{"add", `"action":"database.addDocument","collectionName":"c","data":[{"_id":"a"},{"_id":"b"}]`, map[string]string{"data.insertedIds": `["a","b"]`}},
		{"get", `"action":"database.queryDocument","collectionName":"c"`, map[string]string{"data.list": `[{"_id":"a"},{"_id":"b"}]`, "data.limit": "100"}},
	})
}

func TestResultsOfUsersAreLimited(t *testing.T) {
	t.Parallel()
	h := servertest.Start(t)
	h.Collection(t, "c", rules.ReadOnly)
	token, _ := h.Anonymous(t)
	text := strings.Repeat("x", 300<<10)
	for i := range 4 {
		if r := h.Web(t, token, fmt.Sprintf(`"action":"database.addDocument","collectionName":"c","data":{"i":%d,"text":"%s"}`, i, text)); r.Code() != "" {
			t.Fatal(r.Text)
		}
	}
	const query = `"action":"database.queryDocument","collectionName":"c"`
	if r := h.Web(t, token, query); r.Code() != "DATABASE_RESULT_EXCEED_LIMIT" {
		t.Errorf("a user got %d bytes, code %q", len(r.Text), r.Code())
	}
	if r := h.Web(t, token, query+`,"limit":3`); r.Code() != "" {
		t.Errorf("three documents: %s", r.Text)
	}
	if r := h.Admin(t, query); r.Code() != "" {
		t.Errorf("an admin: %s", r.Text)
	}
}

// The login of generation 1: members at the top level, durations in
// milliseconds (tcb-wire-protocol.md 5.2).
func TestLoginOfGeneration1(t *testing.T) {
	t.Parallel()
	h := servertest.Start(t)
	web := func(members string) servertest.Reply { return h.Web(t, "", members) }
	in := web(`"action":"auth.signInAnonymously","anonymous_uuid":"","refresh_token":""`)
	device, refresh := in.Get("uuid"), in.Get("refresh_token")
	if in.Code() != "" || device == "" || refresh == "" || in.Get("data") != "" {
		t.Fatalf("sign in: %s", in.Text)
	}
	token := web(`"action":"auth.fetchAccessTokenWithRefreshToken","refresh_token":"` + refresh + `"`)
	if token.Code() != "" || token.Get("access_token") == "" || token.Get("access_token_expire") != "7200000" {
		t.Fatalf("token: %s", token.Text)
	}
	me := h.Web(t, token.Get("access_token"), `"action":"auth.getUserInfo"`)
	uid := me.Get("data.uid")
	if uid == "" || uid == device || me.Get("data.loginType") != "ANONYMOUS" {
		t.Errorf("user: %s (the device's secret must not be the public id %s)", me.Text, device)
	}
	again := web(`"action":"auth.signInAnonymously","anonymous_uuid":"` + device + `"`)
	if back := h.Web(t, again.Get("access_token"), `"action":"auth.getUserInfo"`); back.Get("data.uid") != uid {
		t.Errorf("the same installation is another user: %s", back.Text)
	}
	if r := h.Admin(t, `"action":"auth.getUserInfoForAdmin","uuid":"`+uid+`"`); r.Get("data.uuid") != uid || r.Get("data.envName") != "dev" {
		t.Errorf("for admin: %s", r.Text)
	}
	sign := h.Web(t, token.Get("access_token"), `"action":"auth.wsWebSign","runtime":"web"`)
	if sign.Get("data.signStr") == "" || sign.Get("data.envId") != "dev" || sign.Get("data.secretVersion") != "1" ||
		sign.Get("data.wsUrl") != strings.Replace(h.URL, "http", "ws", 1)+"/ws" {
		t.Errorf("socket: %s", sign.Text)
	}
	if r := web(`"action":"auth.logout","refresh_token":"` + refresh + `"`); r.Code() != "" {
		t.Errorf("logout: %s", r.Text)
	}
	if r := web(`"action":"auth.fetchAccessTokenWithRefreshToken","refresh_token":"` + refresh + `"`); r.Code() == "" || r.Get("access_token") != "" {
		t.Errorf("after logout: %s", r.Text)
	}
	if r := h.Web(t, token.Get("access_token"), `"action":"auth.getUserInfo"`); r.Code() != "ACCESS_TOKEN_EXPIRED" {
		t.Errorf("after logout the access token: %s", r.Text)
	}
}

// Functions get the event as it was sent and answer with a JSON text
// (tcb-wire-protocol.md 7).
func TestFunctions(t *testing.T) {
	t.Parallel()
	h := servertest.Start(t)
	h.Collection(t, "c", rules.ReadOnly)
	h.Function(t, "f", `
const cloud = require("wx-server-sdk")
cloud.init({ env: cloud.DYNAMIC_CURRENT_ENV })
exports.main = async (event) => {
  if (event.fail) throw new Error("way out")
  if (event.add) return (await cloud.database().collection("c").add({ data: { _id: event.add } }))._id
  if (event.none) return
  return { x: event.x, uid: cloud.getWXContext().TCB_UUID }
}`)
	token, uid := h.Anonymous(t)
	call := func(event string) string {
		return `"action":"functions.invokeFunction","function_name":"f","request_data":"` + strings.ReplaceAll(event, `"`, `\"`) + `"`
	}
	run(t, func(members string) servertest.Reply { return h.Web(t, token, members) }, []step{
		{"result", call(`{"x":" 空格 "}`), map[string]string{"data.response_data": `{"x":" 空格 ","uid":"` + uid + `"}`}},
		{"no event", `"action":"functions.invokeFunction","function_name":"f"`, map[string]string{"data.response_data": `{"uid":"` + uid + `"}`}},
		{"undefined", call(`{"none":1}`), map[string]string{"data.response_data": "null"}},
		{"a document", call(`{"add":"d1"}`), map[string]string{"data.response_data": `"d1"`}},
		{"threw", call(`{"fail":1}`), map[string]string{"code": "FUNCTIONS_EXECUTE_FAIL"}},
	})
	if r := h.Web(t, token, call(`{"fail":1}`)); !strings.Contains(r.Message(), "Error: way out") {
		t.Errorf("the caller does not see why: %s", r.Text)
	}
	if r := h.Web(t, "", call(`{}`)); r.Code() != "EXCEED_AUTHORITY" {
		t.Errorf("nobody: %s", r.Text)
	}
	run(t, func(members string) servertest.Reply { return h.Admin(t, members) }, []step{
		{"a server", call(`{"x":1}`), map[string]string{"data.response_data": `{"x":1}`}},
		{"written with admin rights", `"action":"database.getDocument","collectionName":"c"`, map[string]string{"data.list": `["{\"_id\":\"d1\"}"]`}},
	})
}

// Upload, address, download and removal of a file, with URLs that work as they
// are given.
func TestFiles(t *testing.T) {
	t.Parallel()
	h := servertest.Start(t)
	token, _ := h.Anonymous(t)
	ticket := h.Web(t, token, `"action":"storage.getUploadMetadata","path":"dir/a 中.txt"`)
	for _, member := range []string{"url", "token", "authorization", "fileId", "cosFileId", "download_url"} {
		if ticket.Get("data."+member) == "" {
			t.Fatalf("no %s: %s", member, ticket.Text)
		}
	}
	id := ticket.Get("data.fileId")
	if !strings.HasPrefix(ticket.Get("data.url"), h.URL+"/files/") || id != "cloud://dev.test/dir/a 中.txt" {
		t.Errorf("ticket: %s", ticket.Text)
	}
	put, err := http.NewRequestWithContext(t.Context(), http.MethodPut, ticket.Get("data.url"), strings.NewReader("hi"))
	if err != nil {
		t.Fatal(err)
	}
	if r := h.Send(t, put); r.Status/100 != 2 || r.Text != "" {
		t.Fatalf("upload: %d %s", r.Status, r.Text)
	}
	list := h.Web(t, token, `"action":"storage.batchGetDownloadUrl","file_list":[{"fileid":"`+id+`","max_age":60},"cloud://dev.test/none"]`)
	if !strings.Contains(list.Text, `"code":"STORAGE_FILE_NONEXIST"`) || !strings.Contains(list.Text, `"maxAge":60`) {
		t.Errorf("addresses: %s", list.Text)
	}
	_, url, _ := strings.Cut(list.Text, `"tempFileURL":"`)
	url, _, _ = strings.Cut(url, `"`)
	get, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if r := h.Send(t, get); r.Status != 200 || r.Text != "hi" {
		t.Errorf("download from %s: %d %q", url, r.Status, r.Text)
	}
	gone := h.Web(t, token, `"action":"storage.batchDeleteFile","fileid_list":["`+id+`"]`)
	if want := `[{"fileID":"` + id + `","code":"SUCCESS"}]`; gone.Get("data.delete_list") != want {
		t.Errorf("delete: %s, want %s", gone.Text, want)
	}
}

// The environment is found in the body or the query, and one never sees
// another's data.
func TestEnvironments(t *testing.T) {
	t.Parallel()
	h := servertest.Start(t, func(c *servertest.Config) { c.Envs = []string{"dev", "prod"} })
	h.Collection(t, "c", rules.ReadOnly)
	token, _ := h.Anonymous(t)
	add := `"action":"database.addDocument","collectionName":"c","data":{},"access_token":"` + token + `"`
	for _, tc := range []struct{ name, path, members, code string }{
		{"default", "/web", add, ""},
		{"named in the query", "/web?env=dev", add, ""},
		{"named in the body", "/web?env=prod", add + `,"env":"dev"`, ""},
		{"a token of another environment", "/web?env=prod", add, "CHECK_LOGIN_FAILED"},
		{"a query nobody could read", "/web?&eventId=1&env=dev&seqId=%zz&", add, ""},
	} {
		if r := h.Do(t, "POST", tc.path, "", "{"+tc.members+"}"); r.Code() != tc.code {
			t.Errorf("%s: got %s, want code %q", tc.name, r.Text, tc.code)
		}
	}
}

// Logging in is limited as it is at /auth/v1: another door is no way around.
func TestTooManyLoginsOfOneAddressAreRefused(t *testing.T) {
	t.Parallel()
	h := servertest.Start(t, func(c *servertest.Config) {
		start := time.Now()
		c.Now = func() time.Time { return start } // no try is earned back
	})
	tries := 0
	for _, action := range []string{
		`"action":"auth.signInAnonymously"`, `"action":"auth.fetchAccessTokenWithRefreshToken","refresh_token":"guess"`,
	} {
		for {
			if tries++; tries > 1_000 {
				t.Fatal("a thousand tries were answered")
			}
			if h.Web(t, "", action).Code() == "EXCEED_RATELIMIT" {
				break
			}
		}
	}
	token, _ := h.Anonymous(t)
	if r := h.Web(t, token, `"action":"auth.getUserInfo"`); r.Code() != "" {
		t.Errorf("someone who is logged in: %s", r.Text)
	}
}

// A function that asks for another environment must not work on its own
// instead. Ids that are no environment here come from where the code was before.
func TestFunctionsDoNotReachOtherEnvironments(t *testing.T) {
	t.Parallel()
	h := servertest.Start(t, func(c *servertest.Config) { c.Envs = []string{"dev", "prod"} })
	host := tcb.NewHost(h.Dispatcher, h.Env)
	p := rules.Principal{Role: rules.User, UID: "u"}.AsFunction()
	for _, tc := range []struct{ env, code string }{
		{"dev", ""}, {"", ""}, {"app-1a2b3c", ""}, {"prod", "INVALIID_ENV"},
	} {
		body := `{"action":"storage.getUploadMetadata","path":"a","envName":"` + tc.env + `"}`
		if r := (servertest.Reply{Text: string(host.Act(t.Context(), p, []byte(body)))}); r.Code() != tc.code {
			t.Errorf("%q: got %s, want code %q", tc.env, r.Text, tc.code)
		}
	}
}

// What a function asks is answered like a request at /admin, under an id of
// its own.
func TestHost(t *testing.T) {
	t.Parallel()
	h := servertest.Start(t)
	host := tcb.NewHost(h.Dispatcher, h.Env)
	p := rules.Principal{Role: rules.User, UID: "u"}.AsFunction()
	ctx := reply.WithID(t.Context(), "outer")
	act := func(body string) servertest.Reply {
		return servertest.Reply{Text: string(host.Act(ctx, p, []byte(body)))}
	}
	if r := act(`{"action":"database.addCollection","collectionName":"c"}`); r.Code() != "" || r.Get("requestId") == "outer" {
		t.Errorf("act: %s", r.Text)
	}
	if r := act(`{"action":`); r.Code() != "INVALID_PARAM" || r.Get("requestId") == "" {
		t.Errorf("broken body: %s", r.Text)
	}
	id, err := host.Upload(ctx, p, "a/b.txt", strings.NewReader("hello"))
	if err != nil {
		t.Fatal(err)
	}
	r, err := host.Download(ctx, p, id)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if text, err := io.ReadAll(r); string(text) != "hello" || err != nil {
		t.Errorf("download: %q, %v", text, err)
	}
	// Outside of an HTTP request the configured address is used.
	urls := act(`{"action":"storage.batchGetDownloadUrl","file_list":["` + id + `"]}`)
	if !strings.Contains(urls.Text, `"tempFileURL":"`+h.URL+"/files/") {
		t.Errorf("address: %s", urls.Text)
	}
}
