package functions_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"go.uber.org/goleak"

	"baas/db"
	"baas/db/dbtest"
	"baas/db/fault"
	"baas/db/rules"
	"baas/functions"
	"baas/functions/gojart"
	"baas/functions/worker"
	"baas/functions/wxsdk"
)

func TestMain(m *testing.M) {
	worker.RunIfChild(func() (worker.Engine, error) {
		return gojart.New(gojart.Options{SDK: wxsdk.Source("wx-server-sdk")}), nil
	})
	goleak.VerifyTestMain(m)
}

// house is a service with all it stands on. The host is the least that lets
// functions call each other and use files.
type house struct {
	*functions.Service
	pool *worker.Pool
	db   *db.Engine
	dir  string
	// transaction is the id of the last one that a function began.
	transaction atomic.Pointer[string]

	last atomic.Pointer[rules.Principal] // of the last host operation
}

func open(t testing.TB) *house {
	t.Helper()
	h := &house{db: dbtest.Open(t), dir: t.TempDir()}
	pool, err := worker.NewPool(worker.Options{Dir: t.TempDir(), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	h.pool = pool
	h.reopen(t)
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
		if err := pool.Close(); err != nil {
			t.Error(err)
		}
	})
	return h
}

// reopen ends the service, if there is one, and opens it anew on what it left.
func (h *house) reopen(t testing.TB) {
	t.Helper()
	if h.Service != nil {
		if err := h.Close(); err != nil {
			t.Fatal(err)
		}
	}
	s, err := functions.Open(t.Context(), functions.Options{
		Env: "dev", Dir: h.dir, DB: h.db, Host: h, Workers: h.pool, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	h.Service = s
}

func (h *house) Act(ctx context.Context, p rules.Principal, body []byte) []byte {
	h.last.Store(&p)
	var request struct {
		Action string `json:"action"`
		Name   string `json:"function_name"`
		Data   string `json:"request_data"`
	}
	if err := json.Unmarshal(body, &request); err != nil {
		return fmt.Appendf(nil, `{"code":%q,"message":%q}`, fault.InvalidParam, err)
	}
	if request.Action == "database.startTransaction" {
		id, err := h.db.Begin(ctx, p)
		if err != nil {
			return fmt.Appendf(nil, `{"code":%q,"message":%q}`, fault.CodeOf(err), err)
		}
		h.transaction.Store(&id)
		return fmt.Appendf(nil, `{"requestId":"r","transactionId":%q}`, id)
	}
	r, err := h.Call(ctx, p, functions.Call{Name: request.Name, Event: []byte(request.Data)})
	if err != nil {
		reply, _ := json.Marshal(map[string]string{"code": string(fault.CodeOf(err)), "message": fault.Text(err), "requestId": r.RequestID})
		return reply
	}
	reply, _ := json.Marshal(map[string]any{"requestId": r.RequestID, "data": map[string]string{"response_data": string(r.Value)}})
	return reply
}

func (h *house) Upload(_ context.Context, p rules.Principal, path string, r io.Reader) (string, error) {
	h.last.Store(&p)
	b, err := io.ReadAll(r)
	return "cloud://dev.bucket/" + path + "#" + string(b), err
}

func (h *house) Download(_ context.Context, _ rules.Principal, fileID string) (io.ReadCloser, error) {
	return nil, fault.New(fault.FileNotExist, "there is no file %s", fileID)
}

func admin() rules.Principal { return rules.Principal{Role: rules.Admin} }

func wechatUser() rules.Principal {
	return rules.Principal{
		Role: rules.User, UID: "u1", OpenID: "00123", UnionID: "un", AppID: "wx1",
		LoginType: rules.WeChatOpen, ClientIP: "192.0.2.7", Source: "wx_client",
	}
}

func write(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func (h *house) deploy(t testing.TB, name string, files map[string]string) functions.Version {
	t.Helper()
	v, err := h.Deploy(t.Context(), admin(), functions.Source{Name: name, Dir: write(t, files)})
	if err != nil {
		t.Fatalf("deploy %s: %v", name, err)
	}
	return v
}

func (h *house) call(t testing.TB, name, event string) (string, error) {
	t.Helper()
	r, err := h.Call(t.Context(), wechatUser(), functions.Call{Name: name, Event: []byte(event)})
	return string(r.Value), err
}

func (h *house) mustCall(t testing.TB, name, event string) string {
	t.Helper()
	got, err := h.call(t, name, event)
	if err != nil {
		t.Fatalf("%s(%s): %v", name, event, err)
	}
	return got
}

func TestFailuresHaveTheirCodesAndOthersServeOn(t *testing.T) {
	var table struct {
		Cases []struct {
			Name, Top, Main, Text string
			Code                  fault.Code
			DeepEvent, Timeout    int
		}
	}
	text, err := os.ReadFile("testdata/failures.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &table); err != nil {
		t.Fatal(err)
	}
	h := open(t)
	h.deploy(t, "victim", map[string]string{"index.js": "exports.main = e => e.n"})
	stop, served := make(chan struct{}), make(chan int)
	go func() {
		n := 0
		for ; ; n++ {
			select {
			case <-stop:
				served <- n
				return
			default:
			}
			r, err := h.Call(t.Context(), admin(), functions.Call{Name: "victim", Event: fmt.Appendf(nil, `{"n":%d}`, n)})
			if err != nil || string(r.Value) != fmt.Sprint(n) {
				t.Errorf("the other function: got %s, %v", r.Value, err)
			}
		}
	}()
	for i, tc := range table.Cases {
		t.Run(tc.Name, func(t *testing.T) {
			name := fmt.Sprintf("f%d", i)
			h.deploy(t, name, map[string]string{
				"index.js":    tc.Top + "\nexports.main = (event, context) => event.again ? 'again' : (" + tc.Main + ")(event, context)\n" + mainOnly(tc.Main),
				"config.json": fmt.Sprintf(`{"timeout": %d, "memorySize": 128}`, max(tc.Timeout, 1)),
			})
			event := "{}"
			if tc.DeepEvent > 0 {
				event = `{"a":` + strings.Repeat("[", tc.DeepEvent) + strings.Repeat("]", tc.DeepEvent) + "}"
			}
			_, err := h.call(t, name, event)
			if fault.CodeOf(err) != tc.Code || !strings.Contains(fault.Text(err), tc.Text) {
				t.Errorf("got %v\nwant %s: %s", err, tc.Code, tc.Text)
			}
			if strings.Contains(fault.Text(err), h.dir) {
				t.Errorf("a path of the server shows: %v", err)
			}
			if tc.Top == "" && tc.Main != "undefined" {
				if got := h.mustCall(t, name, `{"again":1}`); got != `"again"` {
					t.Errorf("afterwards: %s", got)
				}
			}
		})
	}
	close(stop)
	if n := <-served; n < len(table.Cases) {
		t.Errorf("the other function served only %d calls", n)
	}
}

// mainOnly takes the handler away again in the case that has none.
func mainOnly(main string) string {
	if main == "undefined" {
		return "exports.main = undefined"
	}
	return ""
}
