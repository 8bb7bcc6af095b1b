package functions_test

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"baas/db/fault"
	"baas/db/rules"
	"baas/functions"
	"baas/functions/worker"
)

func TestWhatAFunctionSeesOfItsCaller(t *testing.T) {
	h := open(t)
	h.deploy(t, "f", map[string]string{"index.js": `
		const cloud = require('wx-server-sdk')
		exports.main = (event, context) => ({ event, wx: cloud.getWXContext(), context, env: process.env })`})
	for _, tc := range []struct {
		name, event string
		p           rules.Principal
		want        map[string]string // dotted path → JSON
		absent      []string
	}{
		{"WeChatUser", `{"a":1,"userInfo":{"openId":"forged"},"big":12345678901234567890,"b":2}`, wechatUser(), map[string]string{
			"event.a": "1", "event.b": "2", "event.userInfo": `{"appId":"wx1","openId":"00123"}`,
			"wx":          `{"APPID":"wx1","CLIENTIP":"192.0.2.7","ENV":"dev","OPENID":"00123","SOURCE":"wx_client","UNIONID":"un"}`,
			"env.TCB_ENV": `"dev"`, "env.SCF_NAMESPACE": `"dev"`, "env.TENCENTCLOUD_RUNENV": `"SCF"`,
			"env.WX_CONTEXT_KEYS": `"WX_APPID,WX_CLIENTIP,WX_OPENID,WX_UNIONID"`, "env.TCB_SOURCE": `"wx_client"`, "env.TCB_UUID": `"u1"`,
			"context.request_id": `"r-7"`, "context.function_name": `"f"`, "context.function_version": `"$LATEST"`,
			"context.namespace": `"dev"`, "context.memory_limit_in_mb": "256", "context.time_limit_in_ms": "3000",
		}, []string{"env.PATH", "env.HOME", "wx.TCB_UUID"}},
		{"AnonymousUser", `{"userInfo":"mine"}`, rules.Principal{Role: rules.User, UID: "u2", LoginType: rules.Anonymous, Source: "web"}, map[string]string{
			"event":                    `{"userInfo":"mine"}`,
			"wx":                       `{"ENV":"dev","LOGINTYPE":"ANONYMOUS","SOURCE":"web","TCB_ISANONYMOUS_USER":"true","TCB_UUID":"u2"}`,
			"env.TCB_ISANONYMOUS_USER": `"true"`, "env.TCB_UUID": `"u2"`,
		}, []string{"env.WX_OPENID"}},
		{"Admin", ``, admin(), map[string]string{"event": "{}", "wx": `{"ENV":"dev","SOURCE":""}`}, []string{"env.TCB_UUID", "env.WX_OPENID"}},
		{"EventThatIsNoObject", `[1]`, wechatUser(), map[string]string{"event": "[1]"}, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r, err := h.Call(t.Context(), tc.p, functions.Call{Name: "f", Event: []byte(tc.event), RequestID: "r-7"})
			if err != nil {
				t.Fatal(err)
			}
			if r.RequestID != "r-7" {
				t.Errorf("request id %q", r.RequestID)
			}
			for path, want := range tc.want {
				if got, _ := lookup(t, r.Value, path); got != want {
					t.Errorf("%s: got %s, want %s", path, got, want)
				}
			}
			for _, path := range tc.absent {
				if got, ok := lookup(t, r.Value, path); ok {
					t.Errorf("%s is there: %s", path, got)
				}
			}
		})
	}
}

func lookup(t *testing.T, text []byte, path string) (string, bool) {
	t.Helper()
	var v any
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	for name := range strings.SplitSeq(path, ".") {
		m, _ := v.(map[string]any)
		member, ok := m[name]
		if !ok {
			return "", false
		}
		v = member
	}
	out, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(out), true
}

func TestRefusedCalls(t *testing.T) {
	h := open(t)
	h.deploy(t, "f", source(1))
	for _, tc := range []struct {
		name string
		p    rules.Principal
		call functions.Call
		code fault.Code
	}{
		{"NotLoggedIn", rules.Principal{}, functions.Call{Name: "f"}, fault.ExceedAuthority},
		{"Missing", admin(), functions.Call{Name: "g"}, fault.FunctionNotFound},
		{"MissingBadName", admin(), functions.Call{Name: "../f"}, fault.FunctionNotFound},
		{"ObjectPrototype", admin(), functions.Call{Name: "constructor"}, fault.FunctionNotFound},
		{"EventIsNoJSON", admin(), functions.Call{Name: "f", Event: []byte(`{"a":}`)}, fault.InvalidParam},
		{"EventWithATail", admin(), functions.Call{Name: "f", Event: []byte(`{} {}`)}, fault.InvalidParam},
		{"EventTooLarge", admin(), functions.Call{Name: "f", Event: make([]byte, worker.MaxEvent+1)}, fault.RequestTooLarge},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r, err := h.Call(t.Context(), tc.p, tc.call)
			if fault.CodeOf(err) != tc.code {
				t.Errorf("got %v, want %s", err, tc.code)
			}
			if r.RequestID == "" {
				t.Error("no request id")
			}
		})
	}
}

func TestLargeEventAndResult(t *testing.T) {
	h := open(t)
	h.deploy(t, "f", map[string]string{
		"index.js": `exports.main = e => e.text ? e.text.length : 'x'.repeat((1 << 20) - 2)`, "config.json": `{"timeout":30}`,
	})
	event := `{"text":"` + strings.Repeat("x", worker.MaxEvent-11) + `"}`
	if got := h.mustCall(t, "f", event); got != strconv.Itoa(worker.MaxEvent-11) {
		t.Errorf("got %s", got)
	}
	if got := h.mustCall(t, "f", ""); len(got) != worker.MaxResult {
		t.Errorf("got %d bytes", len(got))
	}
}

func TestFunctionsReachTheServerAsTheirCaller(t *testing.T) {
	h := open(t)
	h.deploy(t, "inner", map[string]string{"index.js": `exports.main = e => ({ openid: e.userInfo.openId, source: require('wx-server-sdk').getWXContext().SOURCE })`})
	h.deploy(t, "outer", map[string]string{"index.js": `
		const cloud = require('wx-server-sdk')
		cloud.init({ env: cloud.DYNAMIC_CURRENT_ENV })
		exports.main = async () => {
			const { result } = await cloud.callFunction({ name: 'inner', data: { a: 1 } })
			const { fileID } = await cloud.uploadFile({ cloudPath: 'a.txt', fileContent: Buffer.from('hi') })
			return { result, fileID }
		}`})
	got := h.mustCall(t, "outer", "{}")
	if want := `{"result":{"openid":"00123","source":"wx_client,scf"},"fileID":"cloud://dev.bucket/a.txt#hi"}`; got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	if p := *h.last.Load(); p.Role != rules.Admin || p.OpenID != "00123" || p.Source != "wx_client,scf" {
		t.Errorf("the server was asked by %+v", p)
	}
}

func TestFunctionsThatCallThemselvesEnd(t *testing.T) {
	h := open(t)
	h.deploy(t, "f", map[string]string{"config.json": `{"timeout":30}`, "index.js": `
		const cloud = require('wx-server-sdk')
		cloud.init()
		exports.main = async ({ n }) => {
			try {
				return (await cloud.callFunction({ name: 'f', data: { n: n + 1 } })).result
			} catch (e) {
				return { n, text: String(e.errMsg || e.message) }
			}
		}`})
	got := h.mustCall(t, "f", `{"n":1}`)
	if !strings.Contains(got, `"n":10`) || !strings.Contains(got, "more than 10 deep") {
		t.Errorf("got %s", got)
	}
}

func TestStackTracesNameTheUsersFiles(t *testing.T) {
	h := open(t)
	h.deploy(t, "f", map[string]string{
		"index.ts":     "import { divide } from './lib/calc'\n\nexport const main = async (e: { n: number }) => {\n  return divide(e.n)\n}",
		"lib/calc.ts":  "interface Unused { a: number }\n// a comment\nexport function divide(n: number): number {\n  if (n === 0) console.error(new Error('seen'))\n  throw new RangeError('by zero')\n}",
		"package.json": "{}",
	})
	_, err := h.call(t, "f", `{"n":0}`)
	text := fault.Text(err)
	for _, want := range []string{"RangeError: by zero\n", "at divide (/var/user/lib/calc.ts:5:9)", "/var/user/index.ts:4:10"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in %s", want, text)
		}
	}
	lines, err := h.Logs(t.Context(), admin(), functions.LogQuery{Function: "f"})
	if err != nil {
		t.Fatal(err)
	}
	if i := slices.IndexFunc(lines, func(l functions.LogLine) bool { return l.Kind == functions.LogConsole }); i < 0 ||
		!strings.Contains(lines[i].Text, "/var/user/lib/calc.ts:4:") {
		t.Errorf("log: %+v", lines)
	}
}

func TestLogs(t *testing.T) {
	h := open(t)
	h.deploy(t, "f", map[string]string{"index.js": `exports.main = e => { console.log('hello', {n: e.n}); console.warn('careful'); if (e.n == 2) throw new Error('two') }`})
	h.deploy(t, "g", map[string]string{"index.js": `exports.main = () => console.info('g')`})
	lines, stop := h.Follow(100)
	defer stop()
	for _, id := range []string{"r-1", "r-2"} {
		_, _ = h.Call(t.Context(), admin(), functions.Call{Name: "f", Event: []byte(`{"n":` + id[2:] + `}`), RequestID: id})
	}
	h.mustCall(t, "g", "")

	got, err := h.Logs(t.Context(), admin(), functions.LogQuery{RequestID: "r-2"})
	if err != nil {
		t.Fatal(err)
	}
	type line struct {
		kind        functions.LogKind
		level, text string
	}
	want := []line{
		{functions.LogStart, "info", "START RequestId: r-2"},
		{functions.LogConsole, "log", "hello { n: 2 }"},
		{functions.LogConsole, "warn", "careful"},
		{functions.LogFailure, "error", "Error: two\n    at /var/user/index.js:1:"},
		{functions.LogEnd, "info", "END RequestId: r-2"},
		{functions.LogReport, "info", "Report RequestId: r-2 Duration:"},
	}
	if len(got) != len(want) {
		t.Fatalf("got %d lines: %+v", len(got), got)
	}
	for i, w := range want {
		if g := got[i]; g.Kind != w.kind || g.Level != w.level || !strings.HasPrefix(g.Text, w.text) || g.Function != "f" || g.RequestID != "r-2" || g.Time.IsZero() {
			t.Errorf("line %d: got %+v, want %+v", i, g, w)
		}
	}
	if !strings.Contains(got[5].Text, "Memory:256MB MemUsage:") {
		t.Errorf("report: %s", got[5].Text)
	}

	all, err := h.Logs(t.Context(), admin(), functions.LogQuery{})
	if err != nil {
		t.Fatal(err)
	}
	for i, l := range all {
		if f := <-lines; f.Text != l.Text || f.RequestID != l.RequestID {
			t.Errorf("followed line %d: got %+v, want %+v", i, f, l)
		}
	}
	newest, err := h.Logs(t.Context(), admin(), functions.LogQuery{Function: "f", Limit: 1})
	if err != nil || len(newest) != 1 || newest[0].Text != got[5].Text {
		t.Errorf("the newest: %+v, %v", newest, err)
	}
	if _, err := h.Logs(t.Context(), wechatUser(), functions.LogQuery{}); !fault.Is(err, fault.PermissionDenied) {
		t.Errorf("a user reads logs: %v", err)
	}
	h.reopen(t)
	if again, err := h.Logs(t.Context(), admin(), functions.LogQuery{}); err != nil || len(again) != len(all) {
		t.Errorf("after a restart: %d lines, want %d, %v", len(again), len(all), err)
	}
}

func TestCallsAtOnce(t *testing.T) {
	h := open(t)
	h.deploy(t, "f", map[string]string{"index.js": `exports.main = async e => { await new Promise(r => setTimeout(r, 20)); return e.n }`, "config.json": `{"timeout":30}`})
	var wg sync.WaitGroup
	for n := range 60 {
		wg.Go(func() {
			r, err := h.Call(t.Context(), admin(), functions.Call{Name: "f", Event: []byte(`{"n":` + strconv.Itoa(n) + `}`)})
			if err != nil || string(r.Value) != strconv.Itoa(n) {
				t.Errorf("call %d: got %s, %v", n, r.Value, err)
			}
		})
	}
	wg.Wait()
}

func TestCloseRefusesCalls(t *testing.T) {
	h := open(t)
	h.deploy(t, "f", source(1))
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := h.call(t, "f", ""); !fault.Is(err, fault.FunctionFailed) {
		t.Errorf("got %v", err)
	}
}
