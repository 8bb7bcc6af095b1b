package wxsdk_test

import (
	"encoding/json"
	"testing"

	"github.com/dop251/goja"

	"baas/functions/wxsdk"
)

// runWorker runs a script in the worker's engine with a bridge that answers
// every action with the reply given, and returns the actions it was asked.
func runWorker(t *testing.T, reply, script string) (got string, actions []map[string]any) {
	t.Helper()
	vm := goja.New()
	modules := map[string]goja.Value{}
	bridge := vm.NewObject()
	set := func(name string, value any) {
		if err := bridge.Set(name, value); err != nil {
			t.Fatal(err)
		}
	}
	set("env", "dev")
	set("context", func() *goja.Object {
		context := vm.NewObject() // a Go map would list its members in any order
		for _, member := range [][2]string{{"OPENID", "o-1"}, {"ENV", "dev"}} {
			if err := context.Set(member[0], member[1]); err != nil {
				t.Error(err)
			}
		}
		return context
	})
	set("act", func(body string) *goja.Promise {
		var action map[string]any
		if err := json.Unmarshal([]byte(body), &action); err != nil {
			t.Errorf("the bridge got no JSON: %v", err)
		}
		actions = append(actions, action)
		promise, resolve, _ := vm.NewPromise()
		if err := resolve(reply); err != nil {
			t.Error(err)
		}
		return promise
	})
	modules["baas:host"] = bridge
	var require func(name string) goja.Value
	require = func(name string) goja.Value {
		if loaded, ok := modules[name]; ok {
			return loaded
		}
		source := wxsdk.Source(name)
		if source == nil {
			panic(vm.NewTypeError("unexpected require of " + name))
		}
		wrapped, err := vm.RunScript(name, "(function(module, exports, require){"+string(source)+"\n})")
		if err != nil {
			t.Fatal(err)
		}
		call, _ := goja.AssertFunction(wrapped)
		module, exports := vm.NewObject(), vm.NewObject()
		if err := module.Set("exports", exports); err != nil {
			t.Fatal(err)
		}
		if _, err := call(goja.Undefined(), module, exports, vm.ToValue(require)); err != nil {
			t.Fatal(err)
		}
		modules[name] = module.Get("exports")
		return modules[name]
	}
	if err := vm.Set("require", require); err != nil {
		t.Fatal(err)
	}
	if _, err := vm.RunScript("main", `var out; (async () => {`+script+`})().then(
		(v) => { out = JSON.stringify(v) }, (e) => { out = 'failed: ' + (e.errMsg || e.code + ' ' + e.message) })`); err != nil {
		t.Fatal(err)
	}
	return vm.Get("out").String(), actions
}

func TestRunsInTheWorkersEngine(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, reply, script, want string
		action                    string
		member, value             string // a member of the action, and its expected text
	}{
		{
			name:   "query of the wx shape",
			reply:  `{"requestId":"r","data":{"list":["{\"_id\":\"a\",\"n\":{\"$numberInt\":\"3\"}}"]}}`,
			script: `const cloud = require('wx-server-sdk'); cloud.init(); const db = cloud.database(); const _ = db.command; return db.collection('c').where({n: _.gt(1).lt(5)}).get()`,
			want:   `{"data":[{"_id":"a","n":3}],"requestId":"r","errMsg":"collection.get:ok"}`,
			action: "database.getDocument", member: "query",
			value: `{"$and":[{"n":{"$gt":{"$numberInt":"1"}}},{"n":{"$lt":{"$numberInt":"5"}}}]}`,
		},
		{
			name:   "update of the node shape",
			reply:  `{"requestId":"r","data":{"updated":1}}`,
			script: `const app = require('@cloudbase/node-sdk').init(); const db = app.database(); return db.collection('c').doc('x').update({n: db.command.inc(1)})`,
			want:   `{"updated":1,"requestId":"r"}`,
			action: "database.modifyDocument", member: "data",
			value: `{"$inc":{"n":{"$numberInt":"1"}}}`,
		},
		{
			name:   "failure of the server",
			reply:  `{"requestId":"r","code":"DATABASE_COLLECTION_NOT_EXIST","message":"[ResourceNotFound] Db or Table not exist: c."}`,
			script: `const cloud = require('wx-server-sdk'); cloud.init(); return cloud.database().collection('c').add({data: {a: new Date(0)}})`,
			want:   `failed: collection.add:fail -502005 database collection not exists. [ResourceNotFound] Db or Table not exist: c.`,
			action: "database.insertDocument", member: "collectionName", value: "c",
		},
		{
			name:   "call of a function by a method taken off the module",
			reply:  `{"requestId":"r","data":{"response_data":"{\"sum\":3}"}}`,
			script: `const { init, callFunction } = require('wx-server-sdk'); init(); return callFunction({name: 'add', data: {a: 1}})`,
			want:   `{"result":{"sum":3},"requestID":"r","errMsg":"callFunction:ok"}`,
			action: "functions.invokeFunction", member: "request_data", value: `{"a":1}`,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got, actions := runWorker(t, tc.reply, tc.script)
			if got != tc.want {
				t.Errorf("result:\n got %s\nwant %s", got, tc.want)
			}
			if len(actions) != 1 || actions[0]["action"] != tc.action || actions[0][tc.member] != tc.value {
				t.Errorf("actions = %v, want one %s with %s = %s", actions, tc.action, tc.member, tc.value)
			}
		})
	}
}

func TestContextAndPlatformOnlyAPIs(t *testing.T) {
	t.Parallel()
	got, actions := runWorker(t, `{}`, `return require('wx-server-sdk').getWXContext()`)
	if want := `{"OPENID":"o-1","ENV":"dev"}`; got != want || len(actions) != 0 {
		t.Errorf("getWXContext = %s after %d actions, want %s and none", got, len(actions), want)
	}
	got, _ = runWorker(t, `{}`, `return require('wx-server-sdk').openapi.subscribeMessage.send({})`)
	if want := `failed: openapi.subscribeMessage.send:fail openapi.subscribeMessage.send is not supported in self-hosting`; got != want {
		t.Errorf("openapi: got %s, want %s", got, want)
	}
	got, _ = runWorker(t, `{}`, `return require('wx-server-sdk').database()`)
	if want := `failed: database:fail Cloud API isn't enabled, please call init first`; got != want {
		t.Errorf("before init: got %s, want %s", got, want)
	}
}
