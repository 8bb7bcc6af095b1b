package server_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"baas/db/rules"
	"baas/server/servertest"
)

// bad is a house with what bad requests are about: a collection with one
// document, and a user.
type bad struct {
	*servertest.House
	token string
}

func (b bad) signed(t *testing.T, body string) servertest.Reply {
	t.Helper()
	return b.Send(t, b.Signed(t, []byte(body)))
}

func (b bad) changed(t *testing.T, body string, change func(*http.Request)) servertest.Reply {
	t.Helper()
	r := b.Signed(t, []byte(body))
	change(r)
	return b.Send(t, r)
}

const documents = "/v1/database/instances/(default)/databases/(default)/collections/c/documents"

// Every kind of bad input gets the original's code and a text that names the
// field; nothing is written and nothing panics.
func TestBadInput(t *testing.T) {
	t.Parallel()
	house := servertest.Start(t, func(c *servertest.Config) { c.Server.BodyLimit = 64 << 10 })
	house.Collection(t, "c", rules.ReadOnly)
	house.Collection(t, "locked", rules.AdminOnly)
	token, _ := house.Anonymous(t)
	b := bad{house, token}
	if r := b.Admin(t, `"action":"database.insertDocument","collectionName":"c","data":["{\"_id\":\"x\",\"n\":{\"$numberInt\":\"1\"}}"]`); r.Code() != "" {
		t.Fatalf("seed: %s", r.Text)
	}

	admin := func(members string) func(*testing.T) servertest.Reply {
		return func(t *testing.T) servertest.Reply { return b.Admin(t, members) }
	}
	web := func(members string) func(*testing.T) servertest.Reply {
		return func(t *testing.T) servertest.Reply { return b.Web(t, b.token, members) }
	}
	rest := func(method, path, body string) func(*testing.T) servertest.Reply {
		return func(t *testing.T) servertest.Reply { return b.Do(t, method, path, b.token, body) }
	}
	signed := func(body string) func(*testing.T) servertest.Reply {
		return func(t *testing.T) servertest.Reply { return b.signed(t, body) }
	}
	changed := func(body string, change func(*http.Request)) func(*testing.T) servertest.Reply {
		return func(t *testing.T) servertest.Reply { return b.changed(t, body, change) }
	}
	huge := strings.Repeat("x", 80<<10)
	deep := strings.Repeat(`{"a":`, 120) + "1" + strings.Repeat("}", 120)
	const insert = `"action":"database.insertDocument","collectionName":"c",`
	const query = `"action":"database.getDocument","collectionName":"c",`
	const update = `"action":"database.modifyDocument","collectionName":"c",`
	const webUpdate = `"action":"database.updateDocument","collectionName":"c",`

	for _, tc := range []struct {
		name   string
		send   func(*testing.T) servertest.Reply
		status int
		code   string
		text   string // part of the message
	}{
		// Malformed JSON, at every door.
		{"admin: broken JSON", signed(`{"action":`), 200, "INVALID_PARAM", "body: is not valid JSON"},
		{"admin: no body", signed(``), 200, "INVALID_PARAM", "body: must be an object"},
		{"admin: a list", signed(`[]`), 200, "INVALID_PARAM", "body: must be an object"},
		{"web: broken JSON", func(t *testing.T) servertest.Reply { return b.Do(t, "POST", "/web", "", `{"action"`) }, 200, "INVALID_PARAM", "body: is not valid JSON"},
		{"v1: broken JSON", rest("POST", documents, `{"data":[{`), 400, "INVALID_PARAM", "body: is not valid JSON"},
		{"v1: broken query", rest("GET", documents+"?query=%7B%22a%22", ""), 400, "INVALID_PARAM", "query"},
		{"admin: a member twice", signed(`{"action":"database.addCollection","action":"x","collectionName":"d"}`), 200, "INVALID_PARAM", `the name "action" stands twice`},
		{"admin: broken document text", admin(insert + `"data":["{\"a\":"]`), 200, "INVALID_PARAM", "data"},
		{"admin: a document's key twice", admin(insert + `"data":["{\"a\":1,\"a\":2}"]`), 200, "INVALID_PARAM", "data"},
		{"web: nested too deep", web(`"action":"database.addDocument","collectionName":"c","data":` + deep), 200, "INVALID_PARAM", "body: nested deeper"},
		{"admin: document nested too deep", admin(insert + `"data":["` + strings.ReplaceAll(deep, `"`, `\"`) + `"]`), 200, "INVALID_PARAM", "data"},
		{"admin: condition nested too deep", admin(query + `"query":"` + strings.ReplaceAll(deep, `"`, `\"`) + `"`), 200, "INVALID_PARAM", "query"},
		{"v1: nested too deep", rest("POST", documents, `{"data":[`+deep+`]}`), 400, "INVALID_PARAM", "body: nested deeper"},

		// Signatures and tokens.
		{"admin: wrong signature", changed(`{"action":"database.addCollection","collectionName":"d"}`, func(r *http.Request) {
			r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), "Signature=", "Signature=00", 1))
		}), 200, "SIGN_PARAM_INVALID", "authorization: the signature does not match"},
		{"admin: unknown secret id", changed(`{"action":"database.addCollection","collectionName":"d"}`, func(r *http.Request) {
			r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), "Credential=", "Credential=AKIDother", 1))
		}), 200, "SIGN_PARAM_INVALID", "secretId"},
		{"admin: changed body", changed(`{"action":"database.addCollection","collectionName":"d"}`, func(r *http.Request) {
			other := b.Request(t, "POST", "/admin", []byte(`{"action":"database.addCollection","collectionName":"e"}`))
			r.Body, r.ContentLength, r.GetBody = other.Body, other.ContentLength, nil
		}), 200, "SIGN_PARAM_INVALID", "authorization: the signature does not match"},
		{"admin: expired time stamp", func(t *testing.T) servertest.Reply {
			return b.Send(t, b.SignedAt(t, []byte(`{"action":"database.addCollection","collectionName":"d"}`), time.Now().Add(-20*time.Minute)))
		}, 200, "SIGN_PARAM_INVALID", "x-timestamp: the signed request has expired"},
		{"admin: time stamp in the future", func(t *testing.T) servertest.Reply {
			return b.Send(t, b.SignedAt(t, []byte(`{"action":"database.addCollection","collectionName":"d"}`), time.Now().Add(20*time.Minute)))
		}, 200, "SIGN_PARAM_INVALID", "x-timestamp: lies in the future"},
		{"admin: malformed authorization", changed(`{"action":"database.addCollection","collectionName":"d"}`, func(r *http.Request) {
			r.Header.Set("Authorization", "TC3-HMAC-SHA256 nonsense")
		}), 200, "SIGN_PARAM_INVALID", "authorization: "},
		{"admin: other authorization", changed(`{"action":"database.addCollection","collectionName":"d"}`, func(r *http.Request) {
			r.Header.Set("Authorization", "Basic eDp5")
		}), 200, "SIGN_PARAM_INVALID", "authorization: "},
		{"admin: no authorization", changed(`{"action":"database.addCollection","collectionName":"d"}`, func(r *http.Request) {
			r.Header.Del("Authorization")
		}), 200, "SIGN_PARAM_INVALID", "authorization: "},
		{"admin: broken COS signature", func(t *testing.T) servertest.Reply {
			return b.Do(t, "POST", "/admin", "", `{"action":"database.addCollection","collectionName":"d","authorization":"q-sign-algorithm=md5"}`)
		}, 200, "SIGN_PARAM_INVALID", "authorization.q-sign-algorithm"},
		{"admin: bearer that is no key", changed(`{"action":"database.addCollection","collectionName":"d"}`, func(r *http.Request) {
			r.Header.Set("Authorization", "Bearer nonsense")
		}), 200, "CHECK_LOGIN_FAILED", "token"},
		{"web: a token that is none", func(t *testing.T) servertest.Reply {
			return b.Web(t, "nonsense", `"action":"database.addDocument","collectionName":"c","data":{}`)
		}, 200, "CHECK_LOGIN_FAILED", "token"},
		{"web: a token that is an object", func(t *testing.T) servertest.Reply {
			return b.Do(t, "POST", "/web", "", `{"action":"database.countDocument","collectionName":"c","access_token":{"$ne":null}}`)
		}, 200, "INVALID_PARAM", "access_token: must be a string"},
		{"v1: a token that is none", func(t *testing.T) servertest.Reply {
			return b.Do(t, "POST", documents, "nonsense", `{"data":[{}]}`)
		}, 401, "CHECK_LOGIN_FAILED", "token"},
		{"v1: other authorization", func(t *testing.T) servertest.Reply {
			r := b.Request(t, "POST", documents, []byte(`{"data":[{}]}`))
			r.Header.Set("Authorization", "Digest x")
			return b.Send(t, r)
		}, 401, "SIGN_PARAM_INVALID", "authorization: "},
		{"web: nobody writes", func(t *testing.T) servertest.Reply {
			return b.Web(t, "", `"action":"database.addDocument","collectionName":"c","data":{}`)
		}, 200, "DATABASE_PERMISSION_DENIED", "log in"},

		// Actions.
		{"admin: unknown action", admin(`"action":"database.dropEverything"`), 200, "INVALID_ACTION", `action: "database.dropEverything"`},
		{"web: unknown action", web(`"action":"x"`), 200, "INVALID_ACTION", `action: "x"`},
		{"admin: no action", admin(`"collectionName":"c"`), 200, "SIGN_PARAM_INVALID", "action must be signed"},
		{"web: no action", web(`"collectionName":"c"`), 200, "INVALID_PARAM", "action: is required"},
		{"web: an action that is no text", web(`"action":["database.addDocument"]`), 200, "INVALID_PARAM", "action: must be a string"},
		{"web: an admin's action", web(`"action":"auth.getUserInfoForAdmin","uuid":"x"`), 200, "PERMISSION_DENIED", "action: auth.getUserInfoForAdmin"},
		{"web: a transaction that is none", web(`"action":"database.getInTransaction","collectionName":"c","transactionId":"t"`), 200, "DATABASE_TRANSACTION_FAIL", "TransactionNotExist"},
		{"admin: a write in a transaction", admin(insert + `"data":["{}"],"transactionId":"t"`), 200, "DATABASE_TRANSACTION_FAIL", "TransactionNotExist"},
		{"v1: a write in a transaction", rest("POST", documents, `{"data":[{}],"transactionId":"t"}`), 409, "DATABASE_TRANSACTION_FAIL", "TransactionNotExist"},
		{"v1: unknown path", rest("POST", "/v1/unknown", `{}`), 404, "RESOURCE_NOT_FOUND", "/v1/unknown"},
		{"v1: another database", rest("POST", "/v1/database/instances/x/databases/(default)/collections", `{"collectionName":"d"}`), 400, "INVALID_PARAM", "instance: "},

		// Operators.
		{"admin: unknown operator", admin(query + `"query":"{\"a\":{\"$foo\":1}}"`), 200, "DATABASE_INVALID_OPERRATOR", "$foo"},
		{"web: unknown operator below", web(`"action":"database.queryDocument","collectionName":"c","query":{"$and":[{"a.b":{"$where":"1"}}]}`), 200, "DATABASE_INVALID_OPERRATOR", "a.b"},
		{"v1: unknown operator", rest("GET", documents+"?query=%7B%22a%22%3A%7B%22%24foo%22%3A1%7D%7D", ""), 403, "DATABASE_INVALID_OPERRATOR", "$foo"},
		{"admin: unknown update operator", admin(update + `"query":"{}","data":"{\"$foo\":{\"a\":1}}","merge":true`), 200, "DATABASE_INVALID_OPERRATOR", "$foo"},
		{"web: operators and fields", web(webUpdate + `"query":{"_id":"x"},"data":{"$set":{"a":1},"b":2}`), 200, "INVALID_PARAM", "data: mixes"},
		{"admin: operators in a replacement", admin(update + `"query":"{\"_id\":\"x\"}","data":"{\"$set\":{\"a\":1}}","merge":false,"upsert":true`), 200, "DATABASE_REQUEST_FAILED", "update operator complicit"},
		{"admin: a field that begins with $", admin(insert + `"data":["{\"$a\":1}"]`), 200, "DATABASE_REQUEST_FAILED", "$a"},

		// Collections and documents.
		{"admin: insert, missing collection", admin(`"action":"database.insertDocument","collectionName":"none","data":["{}"]`), 200, "DATABASE_COLLECTION_NOT_EXIST", "none"},
		{"admin: query, missing collection", admin(`"action":"database.getDocument","collectionName":"none"`), 200, "DATABASE_COLLECTION_NOT_EXIST", "none"},
		{"admin: update, missing collection", admin(`"action":"database.modifyDocument","collectionName":"none","query":"{}","data":"{\"a\":1}"`), 200, "DATABASE_COLLECTION_NOT_EXIST", "none"},
		{"admin: empty update, missing collection", admin(`"action":"database.modifyDocument","collectionName":"none","query":"{}","data":"{}"`), 200, "DATABASE_COLLECTION_NOT_EXIST", "none"},
		{"admin: remove, missing collection", admin(`"action":"database.removeDocument","collectionName":"none","query":"{}"`), 200, "DATABASE_COLLECTION_NOT_EXIST", "none"},
		{"admin: count, missing collection", admin(`"action":"database.calculateDocument","collectionName":"none"`), 200, "DATABASE_COLLECTION_NOT_EXIST", "none"},
		{"v1: missing collection", rest("GET", strings.Replace(documents, "/c/", "/none/", 1), ""), 404, "DATABASE_COLLECTION_NOT_EXIST", "none"},
		{"admin: no collection", admin(`"action":"database.getDocument"`), 200, "INVALID_PARAM", "collectionName: is required"},
		{"admin: a collection that is no text", admin(`"action":"database.getDocument","collectionName":{"$gt":""}`), 200, "INVALID_PARAM", "collectionName: must be a string"},
		{"admin: a system collection", admin(`"action":"database.getDocument","collectionName":"sys.users"`), 200, "INVALID_PARAM", "collectionName"},
		{"admin: collection exists", admin(`"action":"database.addCollection","collectionName":"c"`), 200, "DATABASE_REQUEST_FAILED", "Table exist"},
		{"admin: duplicate id", admin(insert + `"data":["{\"_id\":\"x\"}"]`), 200, "DATABASE_REQUEST_FAILED", "E11000 duplicate key"},
		{"admin: one of two is a duplicate", admin(insert + `"data":["{\"_id\":\"y\"}","{\"_id\":\"x\"}"]`), 200, "DATABASE_REQUEST_FAILED", "E11000 duplicate key"},
		{"v1: no such document", rest("GET", documents+"/none", ""), 404, "DOCUMENT_NOT_FOUND", "none"},
		{"v1: patch of no such document", rest("PATCH", documents+"/none", `{"data":{"a":1}}`), 404, "DOCUMENT_NOT_FOUND", "none"},
		{"v1: removal of no such document", rest("DELETE", documents+"/none", ""), 404, "DOCUMENT_NOT_FOUND", "none"},
		{"web: a locked collection", web(`"action":"database.queryDocument","collectionName":"locked"`), 200, "DATABASE_PERMISSION_DENIED", "ADMINONLY"},
		{"v1: a locked collection", rest("GET", strings.Replace(documents, "/c/", "/locked/", 1), ""), 401, "DATABASE_PERMISSION_DENIED", "ADMINONLY"},

		// Members of the wrong kind.
		{"admin: no data", admin(`"action":"database.insertDocument","collectionName":"c"`), 200, "INVALID_PARAM", "data: is required"},
		{"admin: no documents", admin(insert + `"data":[]`), 200, "INVALID_PARAM", "data: must hold at least one"},
		{"admin: data that is no document", admin(insert + `"data":["[]"]`), 200, "INVALID_PARAM", "data: must be an object"},
		{"admin: update without query", admin(update + `"data":"{\"$set\":{\"a\":1}}"`), 200, "INVALID_PARAM", "query: is required"},
		{"admin: update without data", admin(update + `"query":"{}"`), 200, "INVALID_PARAM", "data: is required"},
		{"admin: remove without query", admin(`"action":"database.removeDocument","collectionName":"c"`), 200, "INVALID_PARAM", "query: is required"},
		{"v1: remove with an empty query", rest("POST", documents+"/remove", `{"query":{},"multi":true}`), 400, "INVALID_PARAM", "query: must hold at least one"},
		{"admin: limit that is no number", admin(query + `"limit":"all"`), 200, "INVALID_PARAM", "limit: must be a whole number"},
		{"admin: negative limit", admin(query + `"limit":-1`), 200, "INVALID_PARAM", "limit: must not be negative"},
		{"v1: offset that is no number", rest("GET", documents+"?offset=x", ""), 400, "INVALID_PARAM", "offset: must be a whole number"},
		{"web: order direction", web(`"action":"database.queryDocument","collectionName":"c","order":[{"field":"a","direction":"up"}]`), 200, "INVALID_PARAM", "order.direction"},
		{"admin: multi that is no bool", admin(`"action":"database.removeDocument","collectionName":"c","query":"{}","multi":"yes"`), 200, "INVALID_PARAM", "multi: must be true or false"},
		{"admin: _id in an update", admin(update + `"query":"{\"_id\":\"x\"}","data":"{\"$set\":{\"_id\":\"y\"}}","merge":true`), 200, "INVALID_PARAM", "_id"},
		{"web: _openid in an update", web(webUpdate + `"query":{"_id":"x"},"data":{"$set":{"_openid":"me"}}`), 200, "INVALID_PARAM", "_openid"},

		// Environments and sizes.
		{"web: unknown environment", func(t *testing.T) servertest.Reply {
			return b.Do(t, "POST", "/web", "", `{"action":"database.addCollection","collectionName":"d","env":"none"}`)
		}, 200, "INVALIID_ENV", "none"},
		{"v1: unknown environment", rest("GET", documents+"?env=none", ""), 400, "INVALIID_ENV", "none"},
		{"admin: body over the limit", signed(`{"action":"database.insertDocument","collectionName":"c","data":["{\"a\":\"` + huge + `\"}"]}`), 200, "EXCEED_REQUEST_SIZE_LIMIT", "body: larger than the limit"},
		{"web: body over the limit", web(`"action":"database.addDocument","collectionName":"c","data":{"a":"` + huge + `"}`), 200, "EXCEED_REQUEST_SIZE_LIMIT", "body: larger than the limit"},
		{"v1: body over the limit", rest("POST", documents, `{"data":[{"a":"`+huge+`"}]}`), 413, "EXCEED_REQUEST_SIZE_LIMIT", "body: larger than the limit"},

		// Functions.
		{"admin: missing function", admin(`"action":"functions.invokeFunction","function_name":"none","request_data":"{}"`), 200, "FUNCTION_NOT_FOUND", "none"},
		{"web: missing function", web(`"action":"functions.invokeFunction","function_name":"none"`), 200, "FUNCTION_NOT_FOUND", "none"},
		{"v1: missing function", rest("POST", "/v1/functions/none", `{}`), 404, "FUNCTION_NOT_FOUND", "none"},
		{"fn: missing function", rest("GET", "/fn/dev/none", ""), 404, "FUNCTION_NOT_FOUND", "none"},
		{"web: no function", web(`"action":"functions.invokeFunction"`), 200, "INVALID_PARAM", "function_name: is required"},
		{"web: a function that is no text", web(`"action":"functions.invokeFunction","function_name":["a"]`), 200, "INVALID_PARAM", "function_name: must be a string"},
		{"web: an event that is no text", web(`"action":"functions.invokeFunction","function_name":"none","request_data":{"a":1}`), 200, "INVALID_PARAM", "request_data: must be a string"},
		{"web: an event that is no JSON", web(`"action":"functions.invokeFunction","function_name":"none","request_data":"{"`), 200, "INVALID_PARAM", "JSON"},

		// Files.
		{"admin: path that climbs", admin(`"action":"storage.getUploadMetadata","path":"../x"`), 200, "INVALID_PARAM", "ath"},
		{"web: path from the root", web(`"action":"storage.getUploadMetadata","path":"/x"`), 200, "INVALID_PARAM", "ath"},
		{"web: empty segment", web(`"action":"storage.getUploadMetadata","path":"a//b"`), 200, "INVALID_PARAM", "ath"},
		{"web: no path", web(`"action":"storage.getUploadMetadata"`), 200, "INVALID_PARAM", "path: is required"},
		{"web: path too long", web(`"action":"storage.getUploadMetadata","path":"` + strings.Repeat("a", 851) + `"`), 200, "INVALID_PARAM", "ath"},
		{"web: control character", web(`"action":"storage.getUploadMetadata","path":"a\u001bb"`), 200, "INVALID_PARAM", "ath"},
		{"v1: no files", rest("POST", "/v1/storages/delete-objects", `[]`), 400, "INVALID_PARAM", "body: must be a list of 1 to 50 entries"},
		{"v1: an item without id", rest("POST", "/v1/storages/delete-objects", `[{}]`), 400, "INVALID_PARAM", "cloudObjectId: is required"},
		{"web: too many files", web(`"action":"storage.batchDeleteFile","fileid_list":[` + strings.Repeat(`"x",`, 50) + `"x"]`), 200, "INVALID_PARAM", "fileid_list: must be a list of 1 to 50 entries"},
		{"web: a file id that is no text", web(`"action":"storage.batchGetDownloadUrl","file_list":[{"fileid":1}]`), 200, "INVALID_PARAM", "file_list.fileid"},
	} {
		t.Run(tc.name, func(t *testing.T) { // one after the other: each checks that nothing is written
			before, err := b.Env.DB.LastSeq(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			r := tc.send(t)
			if r.Status != tc.status || r.Code() != tc.code || !strings.Contains(r.Message(), tc.text) {
				t.Errorf("got %d %s\nwant %d %s with %q", r.Status, r.Text, tc.status, tc.code, tc.text)
			}
			if r.Header.Get("X-Request-Id") == "" || r.Get("requestId") != r.Header.Get("X-Request-Id") {
				t.Errorf("request id: header %q, body %q", r.Header.Get("X-Request-Id"), r.Get("requestId"))
			}
			after, err := b.Env.DB.LastSeq(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if before != after {
				t.Errorf("something was written: sequence %d → %d", before, after)
			}
		})
	}
	if log := house.Log.String(); strings.Contains(log, "panic") || strings.Contains(log, "level=ERROR") {
		t.Errorf("the log tells of failures inside:\n%s", log)
	}
}
