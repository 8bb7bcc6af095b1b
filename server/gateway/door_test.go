package gateway_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"baas/db/rules"
	"baas/server/servertest"
)

func TestMain(m *testing.M) { servertest.Main(m) }

const (
	collections = "/v1/database/instances/(default)/databases/(default)/collections"
	documents   = collections + "/c/documents"
)

type step struct {
	name, method, path, body string
	status                   int
	want                     map[string]string // path in the reply → value
}

func run(t *testing.T, h *servertest.House, token string, steps []step) {
	t.Helper()
	for _, s := range steps {
		r := h.Do(t, s.method, s.path, token, s.body)
		if r.Status != s.status {
			t.Errorf("%s: got %d %s, want %d", s.name, r.Status, r.Text, s.status)
			continue
		}
		for path, want := range s.want {
			if got := r.Get(path); got != want {
				t.Errorf("%s: %s is %s, want %s", s.name, path, got, want)
			}
		}
	}
}

// The requests of js-sdk 3 as captured, against a collection that all may read
// (tcb-wire-protocol.md 10).
func TestDocuments(t *testing.T) {
	t.Parallel()
	h := servertest.Start(t)
	h.Collection(t, "c", rules.ReadOnly)
	token, uid := h.Anonymous(t)
	query := func(parts ...string) string {
		v := url.Values{}
		for i := 0; i < len(parts); i += 2 {
			v.Set(parts[i], parts[i+1])
		}
		return documents + "?" + v.Encode() + "&" // the SDK leaves this ampersand
	}
	run(t, h, token, []step{
		{
			"add", "POST", documents, `{"data":[{"_id":"a","n":1,"f":1.5,"d":{"$date":5},"t":"中文"},{"_id":"b","n":2}]}`, 200,
			map[string]string{"insertedIds": `["a","b"]`},
		},
		{
			"query", "GET", query("projection", `{"n":1}`, "offset", "0", "limit", "5", "order", `[{"field":"n","direction":"desc"}]`, "query", `{"n":{"$gte":{"$numberInt":"1"}}}`), "", 200,
			map[string]string{"offset": "0", "limit": "5", "list": `[{"_id":"b","n":{"$numberInt":"2"}},{"_id":"a","n":{"$numberInt":"1"}}]`},
		},
		{
			"all values", "GET", query("query", `{"_id":"a"}`, "projection", "{}"), "", 200,
			map[string]string{
				"limit": "20",
				"list":  `[{"_id":"a","_openid":"` + uid + `","n":{"$numberInt":"1"},"f":{"$numberDouble":"1.5"},"d":{"$date":{"$numberLong":"5"}},"t":"中文"}]`,
			},
		},
		{"count", "GET", query("count", "true", "query", `{"n":{"$gt":1}}`), "", 200, map[string]string{"total": "1"}},
		{
			"update", "PATCH", documents, `{"query":{"_id":"a"},"data":{"$inc":{"n":2},"$set":{"o.x":1}},"multi":false,"upsert":false,"replaceMode":false}`, 200,
			map[string]string{"updated": "1", "matched": "1", "upsert_id": "null", "upserted_id": "null"},
		},
		{
			"update many", "PATCH", documents, `{"query":{},"data":{"$set":{"m":1}},"multi":true}`, 200,
			map[string]string{"updated": "2", "matched": "2"},
		},
		{
			"a plain document is merged", "PATCH", documents, `{"query":{"_id":"b"},"data":{"k":1},"multi":false,"upsert":true,"replaceMode":false}`, 200,
			map[string]string{"updated": "1"},
		},
		{
			"it was merged", "GET", documents + "/b", "", 200,
			map[string]string{"n": `{"$numberInt":"2"}`, "m": `{"$numberInt":"1"}`, "k": `{"$numberInt":"1"}`},
		},
		{
			"set makes a document", "PATCH", documents, `{"query":{"_id":"s"},"data":{"n":5},"multi":false,"upsert":true,"replaceMode":false}`, 200,
			map[string]string{"updated": "0", "upsert_id": "s", "upserted_id": "s"},
		},
		{
			"replace one", "PATCH", documents + "/s", `{"data":{"v":1},"replaceMode":true,"returnDoc":true}`, 200,
			map[string]string{"updated": "1", "doc._id": "s", "doc.v": `{"$numberInt":"1"}`, "doc.n": ""},
		},
		{
			"an upsert by path", "PATCH", documents + "/p%2F1", `{"data":{"v":1},"upsert":true}`, 200,
			map[string]string{"upserted_id": "p/1"},
		},
		{"its document", "GET", documents + "/p%2F1", "", 200, map[string]string{"_id": "p/1"}},
		{"remove one", "DELETE", documents + "/s", "", 200, map[string]string{"deleted": "1"}},
		{"remove by condition", "POST", documents + "/remove", `{"query":{"_id":"a"},"multi":false}`, 200, map[string]string{"deleted": "1"}},
		{"remove many", "POST", documents + "/remove", `{"query":{"_id":{"$exists":true}},"multi":true}`, 200, map[string]string{"deleted": "2"}},
		{"a user makes no collections", "POST", collections, `{"collectionName":"d"}`, 401, map[string]string{"code": "DATABASE_PERMISSION_DENIED"}},
	})
}

func TestServersHaveAdminRights(t *testing.T) {
	t.Parallel()
	h := servertest.Start(t)
	key, err := h.Env.Auth.CreateKey(t.Context(), "api")
	if err != nil {
		t.Fatal(err)
	}
	run(t, h, key.Token, []step{
		{"make", "POST", collections, `{"collectionName":"c"}`, 200, nil},
		{"again", "POST", collections, `{"collectionName":"c"}`, 409, map[string]string{"code": "DATABASE_COLLECTION_ALREADY_EXIST"}},
		{"add", "POST", documents, `{"data":[{"_id":"a"}]}`, 200, nil},
		{"again", "POST", documents, `{"data":[{"_id":"a"}]}`, 409, map[string]string{"code": "DATABASE_DUPLICATE_WRITE"}},
		{"no owner", "GET", documents + "/a", "", 200, map[string]string{"_openid": ""}},
	})
}

func TestFunctions(t *testing.T) {
	t.Parallel()
	h := servertest.Start(t)
	h.Function(t, "echo", `exports.main = async (event) => event.fail ? Promise.reject(new Error("no " + event.fail)) : event.none ? undefined : { got: event }`)
	token, _ := h.Anonymous(t)
	run(t, h, token, []step{
		{"result", "POST", "/v1/functions/echo", `{"x":1,"s":" 空格 "}`, 200, map[string]string{"got.x": "1", "got.s": " 空格 "}},
		{"threw", "POST", "/v1/functions/echo", `{"fail":"way"}`, 500, map[string]string{"code": "FUNCTION_INVOCATION_FAILED"}},
		{"missing", "POST", "/v1/functions/none", `{}`, 404, map[string]string{"code": "FUNCTION_NOT_FOUND"}},
		{"no JSON", "POST", "/v1/functions/echo", `{"x":`, 400, map[string]string{"code": "INVALID_PARAM"}},
	})
	if r := h.Do(t, "POST", "/v1/functions/echo", token, `{"none":1}`); r.Text != "null" {
		t.Errorf("undefined: got %q, want null", r.Text)
	}
	if r := h.Do(t, "POST", "/v1/functions/echo", token, ``); r.Status != 200 {
		t.Errorf("no event: got %d %s", r.Status, r.Text)
	}
}

func TestFiles(t *testing.T) {
	t.Parallel()
	h := servertest.Start(t)
	token, _ := h.Anonymous(t)
	one := func(path, body string) servertest.Reply {
		r := h.Do(t, "POST", path, token, body)
		if r.Status != 200 || !strings.HasPrefix(r.Text, "[") {
			t.Fatalf("%s: %d %s", path, r.Status, r.Text)
		}
		r.Text = strings.TrimSuffix(strings.TrimPrefix(r.Text, "["), "]")
		return r
	}
	up := one("/v1/storages/get-objects-upload-info", `[{"objectId":"dir/a.txt","signedHeader":{"content-length":["2"]}}]`)
	for _, member := range []string{"uploadUrl", "authorization", "token", "cloudObjectMeta", "cloudObjectId", "downloadUrl", "downloadUrlEncoded"} {
		if up.Get(member) == "" {
			t.Errorf("no %s: %s", member, up.Text)
		}
	}
	put, err := http.NewRequestWithContext(t.Context(), http.MethodPut, up.Get("uploadUrl"), strings.NewReader("hi"))
	if err != nil {
		t.Fatal(err)
	}
	if r := h.Send(t, put); r.Status/100 != 2 {
		t.Fatalf("upload: %d %s", r.Status, r.Text)
	}
	id := up.Get("cloudObjectId")
	down := one("/v1/storages/get-objects-download-info", `[{"cloudObjectId":"`+id+`"}]`)
	get, err := http.NewRequestWithContext(t.Context(), http.MethodGet, down.Get("downloadUrl"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if r := h.Send(t, get); r.Text != "hi" {
		t.Errorf("download: %d %q", r.Status, r.Text)
	}
	if r := one("/v1/storages/delete-objects", `[{"cloudObjectId":"`+id+`"}]`); r.Get("cloudObjectId") != id || r.Code() != "" {
		t.Errorf("delete: %s", r.Text)
	}
	if r := one("/v1/storages/delete-objects", `[{"cloudObjectId":"`+id+`"}]`); r.Code() != "STORAGE_FILE_NONEXIST" || r.Message() == "" {
		t.Errorf("delete again: %s", r.Text)
	}
	if r := one("/v1/storages/get-objects-upload-info", `[{"objectId":"../x"}]`); r.Code() != "INVALID_PARAM" || r.Message() == "" {
		t.Errorf("a bad path is one item's failure: %s", r.Text)
	}
}

// A client that was pointed at a host names no environment.
func TestEnvironment(t *testing.T) {
	t.Parallel()
	h := servertest.Start(t, func(c *servertest.Config) { c.Envs = []string{"dev", "prod"} })
	h.Collection(t, "c", rules.ReadOnly)
	prod, err := h.Envs.Get("prod")
	if err != nil {
		t.Fatal(err)
	}
	s, err := prod.Auth.SignInAnonymously(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	inDev, _ := h.Anonymous(t)
	// The collection exists only in dev.
	for _, tc := range []struct {
		name, token, query, host string
		status                   int
	}{
		{"default", inDev, "", "", 200},
		{"by the token", s.AccessToken, "", "", 404},
		{"by the query", s.AccessToken, "?env=prod", "", 404},
		{"by the host", s.AccessToken, "", "prod.api.example", 404},
		{"a host that names none", inDev, "", "www.example", 200},
		{"a token of another environment", s.AccessToken, "?env=dev", "", 401},
		{"a host of another environment", inDev, "", "prod.api.example", 401},
		{"unknown", inDev, "?env=none", "", 400},
	} {
		r := h.Request(t, "GET", documents+tc.query, nil)
		r.Header.Set("Authorization", "Bearer "+tc.token)
		r.Host = tc.host
		if got := h.Send(t, r); got.Status != tc.status {
			t.Errorf("%s: got %d %s, want %d", tc.name, got.Status, got.Text, tc.status)
		}
	}
}
