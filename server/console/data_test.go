package console_test

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"runtime"
	"strings"
	"testing"

	"baas/db"
	"baas/db/commit"
	"baas/db/dbtest"
	"baas/db/rules"
	"baas/db/value"
)

const ndjson, csvType = "application/x-ndjson", "text/csv"

// step is one request of a console that works on collections, and a part of
// what it answers.
type step struct {
	name, method, path, body, media string
	status                          int
	want                            string
}

func (h *house) steps(t *testing.T, steps []step) {
	t.Helper()
	cookie := h.setUp(t)
	for _, s := range steps {
		headers := []string{}
		if s.media != "" {
			headers = append(headers, "Content-Type", s.media)
		}
		a := h.send(t, s.method, "/console/api/dev"+s.path, s.body, cookie, headers...)
		if a.status != s.status || !strings.Contains(a.text, s.want) {
			t.Errorf("%s: got %d %s\nwant %d with %s", s.name, a.status, a.text, s.status, s.want)
		}
	}
}

func TestCollectionsOfAnAdmin(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.steps(t, []step{
		{"make", "POST", "/collections", `{"name":"c","mode":"READONLY"}`, "", 200, `"mode":"READONLY"`},
		{"write", "POST", "/query", `{"query":"db.collection('c').add({data: [{_id: 'a', n: 1}, {_id: 'b', n: 2}]})"}`, "", 200, `{"id_list":["a","b"],"kind":"add"}`},
		{"list", "GET", "/collections", "", "", 200, `{"name":"c","mode":"READONLY","count":2,"bytes":46,"indexes":`},
		{"rename", "POST", "/collections/c/rename", `{"to":"d"}`, "", 200, `{"name":"d"}`},
		{"rename what is not there", "POST", "/collections/c/rename", `{"to":"e"}`, "", 404, `DATABASE_COLLECTION_NOT_EXIST`},
		{"drop", "DELETE", "/collections/d", "", "", 200, `{}`},
		{"dropped", "GET", "/dropped", "", "", 200, `{"dropped":[{"name":"d","seq":`},
		{"restore", "POST", "/dropped/d/restore", `{"as":"e"}`, "", 200, `{"name":"e","mode":"READONLY","count":2`},
		{"restore again", "POST", "/dropped/d/restore", `{}`, "", 404, `no dropped collection d`},
		{"stats", "GET", "/stats", "", "", 200, `"collections":1,"documents":2,"bytes":46`},
		{"a schema that is none", "POST", "/collections/e/validator", `{"schema":{"required":1}}`, "", 400, `required`},
		{"set a schema", "POST", "/collections/e/validator", `{"schema":{"required":["m"]}}`, "", 200, `{"schema":{"required":["m"]}}`},
		{"the schema", "GET", "/collections/e/validator", "", "", 200, `{"schema":{"required":["m"]}}`},
		{"check", "POST", "/collections/e/validator/check", `{}`, "", 200, `{"documents":2,"failed":2,"first":[{"id":"a","path":"m","text":"m: Document failed validation`},
		{"check another", "POST", "/collections/e/validator/check", `{"schema":{"required":["n"]}}`, "", 200, `"failed":0`},
		{"a write that breaks it", "POST", "/query", `{"query":"db.collection('e').add({data: {}})"}`, "", 400, `m: Document failed validation`},
		{"lift it", "POST", "/collections/e/validator", `{"schema":null}`, "", 200, `{"schema":null}`},
		{"an index", "POST", "/collections/e/indexes", `{"create_indexes":[{"name":"byN","unique":true,"keys":[{"name":"n","direction":"-1"}]}],"wait":true}`, "", 200, `{"name":"byN","unique":true,"sparse":false,"keys":[{"name":"n","direction":"-1"}],"state":"ready"`},
		{"indexes", "GET", "/collections/e/indexes", "", "", 200, `{"indexes":[{"name":"_id_"`},
		{"drop the index", "POST", "/collections/e/indexes", `{"drop_indexes":[{"name":"byN"}]}`, "", 200, `{"indexes":[{"name":"_id_"`},
		{"a direction that is none", "POST", "/collections/e/indexes", `{"create_indexes":[{"keys":[{"name":"n","direction":"up"}]}]}`, "", 400, `direction: must be`},
	})
}

func TestHistoryAndUndoOfAnAdmin(t *testing.T) {
	t.Parallel()
	h := open(t)
	if err := h.dev.CreateCollection(t.Context(), rules.Principal{Role: rules.Admin}, "c"); err != nil {
		t.Fatal(err)
	}
	insert(t, h.dev, "c", `{"_id":"a","n":1}`) // operation 2
	h.steps(t, []step{
		{"change", "POST", "/query", `{"query":"db.collection('c').doc('a').update({data: {n: _.inc(1)}})"}`, "", 200, `{"kind":"update","matched":1,"modified":1}`},
		{"remove", "POST", "/query", `{"query":"db.collection('c').doc('a').remove()"}`, "", 200, `{"deleted":1,"kind":"remove"}`},
		{"history", "GET", "/collections/c/history?id=a", "", "", 200, `"kind":"updated","actor":{"role":"admin","login":"console:Ann","request":"`},
		{"the newest", "GET", "/collections/c/history?id=%22a%22&limit=1", "", "", 200, `"kind":"removed"`},
		{"images", "GET", "/collections/c/history?id=a&limit=1&images=1", "", "", 200, `"before":{"_id":"a","n":{"$numberInt":"2"}}`},
		{"no id", "GET", "/collections/c/history", "", "", 400, `id: give the _id`},
		{"undo", "POST", "/collections/c/undo", `{"id":"a","before":4}`, "", 200, `{"added":1,"changed":0,"removed":0,"to":3}`},
		{"undo to", "POST", "/collections/c/undo", `{"id":"a","to":2}`, "", 200, `{"added":0,"changed":1,"removed":0,"to":2}`},
		{"undo of all", "POST", "/collections/c/undo", `{"to":1}`, "", 200, `{"added":0,"changed":0,"removed":1,"to":1}`},
		{"undo to the future", "POST", "/collections/c/undo", `{"to":1000}`, "", 400, `to: the newest operation`},
		{"undo without a word", "POST", "/collections/c/undo", `{"id":"a"}`, "", 400, `to: give one of`},
		{"undo to a date that is none", "POST", "/collections/c/undo", `{"at":"yesterday"}`, "", 400, `at: must be a date`},
	})
}

func TestScriptsOfAnAdmin(t *testing.T) {
	t.Parallel()
	h := open(t)
	if err := h.dev.CreateCollection(t.Context(), rules.Principal{Role: rules.Admin}, "c"); err != nil {
		t.Fatal(err)
	}
	for i := range 12 {
		insert(t, h.dev, "c", fmt.Sprintf(`{"_id":%d,"even":%t}`, i, i%2 == 0))
	}
	ask := func(script string) string {
		return `{"query":` + string(value.AppendPlain(nil, value.String(script))) + `}`
	}
	h.steps(t, []step{
		{"get", "POST", "/query", ask(`db.collection("c").where({_id: _.gt(9)}).get()`), "", 200, `{"kind":"get","list":[{"_id":{"$numberInt":"10"},"even":true},{"_id":{"$numberInt":"11"},"even":false}],"pager":{"Limit":10,"Offset":0,"Total":2}}`},
		{"default limit", "POST", "/query", ask(`db.collection("c").get()`), "", 200, `"pager":{"Limit":10,"Offset":0,"Total":12}`},
		{"count", "POST", "/query", ask(`db.collection("c").where({even: true}).count()`), "", 200, `{"count":6,"kind":"count"}`},
		{"set", "POST", "/query", ask(`db.collection("c").doc("x").set({data: {n: 1}})`), "", 200, `{"id":"x","kind":"set","matched":0,"modified":0}`},
		{"update of nothing", "POST", "/query", ask(`db.collection("c").doc("x").update({data: {}})`), "", 200, `"matched":0`},
		{"aggregate", "POST", "/query", ask(`db.collection("c").aggregate().match({even: true}).count("n").end()`), "", 200, `{"kind":"aggregate","list":[{"n":{"$numberInt":"6"}}]}`},
		{"explain", "POST", "/query", `{"explain":true,` + ask(`db.collection("c").where({even: true}).get()`)[1:], "", 200, `"kind":"explain","ms":`},
		{"explain of another", "POST", "/query", `{"explain":true,` + ask(`db.collection("c").count()`)[1:], "", 400, `explain: only a get()`},
		{"syntax", "POST", "/query", ask("db.collection(\n'c'.get()"), "", 400, `"code":"DATABASE_SCRIPT_INVALID","message":"line 2, column `},
		{"unknown operator", "POST", "/query", ask(`db.collection("c").where({x: {$frob: 1}}).get()`), "", 403, `DATABASE_INVALID_OPERRATOR`},
		{"no collection", "POST", "/query", ask(`db.collection("none").get()`), "", 404, `DATABASE_COLLECTION_NOT_EXIST`},
		{"the server's own", "POST", "/query", ask(`db.collection("sys.keys").get()`), "", 400, `INVALID_PARAM`},
	})
}

func TestImportAndExportOfAnAdmin(t *testing.T) {
	t.Parallel()
	h := open(t)
	large := strings.Repeat(`{"t":"`+strings.Repeat("x", 1000)+"\"}\n", 3000)
	h.steps(t, []step{
		{"no collection", "POST", "/collections/c/import", `{}`, ndjson, 404, `DATABASE_COLLECTION_NOT_EXIST`},
		{
			"lines", "POST", "/collections/c/import?create=1", "{\"_id\":1}\n{\"_id\":2,\"at\":{\"$date\":\"2024-05-01T00:00:00Z\"}}\nx\n{\"_id\":1}\n", ndjson, 200,
			`{"inserted":2,"updated":0,"unchanged":0,"failed":2,"errors":[{"line":3,"code":"INVALID_PARAM","message":"JSON: `,
		},
		{"next", "POST", "/collections/c/import?from=11", "{\"_id\":3}\n", ndjson, 200, `"next":12`},
		{"stop", "POST", "/collections/c/import?stop=1", "{\"_id\":4}\n{\"_id\":1}\n{\"_id\":5}\n", ndjson, 200, `"inserted":1,"updated":0,"unchanged":0,"failed":1,"errors":[{"line":2,"code":"DATABASE_DUPLICATE_WRITE"`},
		{"stop at a bad line", "POST", "/collections/c/import?stop=1", "{\"_id\":6}\nx\n{\"_id\":5}\n", ndjson, 200, `"next":2,"stopped":true`},
		{"upsert", "POST", "/collections/c/import?mode=upsert", "{\"_id\":1,\"n\":1}\n{\"_id\":3}\n{\"_id\":7}\n", ndjson, 200, `"inserted":1,"updated":1,"unchanged":1`},
		{"csv", "POST", "/collections/d/import?create=1&texts=phone", "_id,a.b,phone\nx,1.5,0138\n", csvType, 200, `"inserted":1`},
		{"a media type that pages can send", "POST", "/collections/c/import", "{}", "text/plain", 400, `content-type: must be`},
		{"a mode that is none", "POST", "/collections/c/import?mode=merge", "{}", ndjson, 400, `mode: must be`},
		{"export", "GET", "/collections/d/export", "", "", 200, `{"_id":"x","a":{"b":1.5},"phone":"0138"}` + "\n"},
		{"export, strict", "GET", "/collections/d/export?strict=1&fields=a.b", "", "", 200, `{"a":{"b":{"$numberDouble":"1.5"}}}` + "\n"},
		{"export as csv", "GET", "/collections/d/export?format=csv", "", "", 200, "_id,a,phone\nx,\"{\"\"b\"\":1.5}\",0138\n"},
		{"export of fields", "GET", "/collections/d/export?format=csv&fields=phone,a.b", "", "", 200, "phone,a.b\n0138,1.5\n"},
		{"fields", "GET", "/collections/d/fields", "", "", 200, `{"fields":["_id","a","phone"]}`},
		{"export of a choice", "GET", "/collections/c/export?query=" + url.QueryEscape(`{"_id":{"$gt":3}}`), "", "", 200, "{\"_id\":4}\n{\"_id\":6}\n{\"_id\":7}\n"},
		{"export of what is not there", "GET", "/collections/none/export", "", "", 404, `DATABASE_COLLECTION_NOT_EXIST`},
		{"export to a format that is none", "GET", "/collections/c/export?format=xml", "", "", 400, `format: must be`},
		{"much", "POST", "/collections/big/import?create=1", large, ndjson, 200, `"inserted":3000`},
	})
	// In parts, which together are the whole.
	cookie := h.send(t, "POST", "/console/api/login", `{"name":"Ann","password":"`+password+`"}`, "").cookie
	var whole strings.Builder
	parts := 0
	for after := "start"; after != ""; parts++ {
		path := "/console/api/dev/collections/big/export?part=1000000"
		if after != "start" {
			path += "&after=" + url.QueryEscape(after)
		}
		a := h.send(t, "GET", path, "", cookie.Name+"="+cookie.Value)
		if a.status != 200 || a.header.Get("Content-Type") != ndjson {
			t.Fatalf("%d %s", a.status, a.text)
		}
		whole.WriteString(a.text)
		after = a.header.Get("Baas-Next")
	}
	if n := strings.Count(whole.String(), "\n"); n != 3000 || parts < 3 {
		t.Errorf("%d documents in %d parts, want 3,000 in some", n, parts)
	}
}

// manyLines is a body of n lines of about 10 KB that is made as it is read. It
// notes how much memory is in use now and then.
type manyLines struct {
	n, at int
	rest  []byte
	peak  uint64
}

func (m *manyLines) Read(b []byte) (int, error) {
	if len(m.rest) == 0 {
		if m.at == m.n {
			return 0, io.EOF
		}
		if m.at%100 == 0 {
			var s runtime.MemStats
			runtime.ReadMemStats(&s)
			m.peak = max(m.peak, s.HeapAlloc)
		}
		m.at++
		m.rest = fmt.Appendf(m.rest[:0], `{"_id":%d,"t":%q}`+"\n", m.at, strings.Repeat("x", 10_000))
	}
	n := copy(b, m.rest)
	m.rest = m.rest[n:]
	return n, nil
}

// TestImportHoldsOneBatch: a large body is stored as it comes; it is never in
// memory as a whole.
func TestImportHoldsOneBatch(t *testing.T) {
	h := openWith(t, dbtest.Bolt(t).Open(t, db.Options{Window: commit.Window{Bytes: 4 << 20}}), nil)
	n := 3_000
	if os.Getenv("BAAS_ROUNDS") != "" {
		n = 100_000
	}
	body := &manyLines{n: n}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, h.url+"/console/api/dev/collections/c/import?create=1", body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", ndjson)
	req.Header.Set("Authorization", "Bearer "+credential)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil || !strings.Contains(string(text), fmt.Sprintf(`"inserted":%d,`, n)) {
		t.Fatalf("%s, %v", text, err)
	}
	if most := uint64(n) * 10_000 * 2 / 3; body.peak > most {
		t.Errorf("%d MB were in use while %d MB were imported", body.peak>>20, n/100)
	}
	t.Logf("at most %d MB in use for %d MB", body.peak>>20, n/100)
}
