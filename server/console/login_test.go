package console_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"baas/db/fault"
	"baas/server/console"
)

func TestSetUpAndLogin(t *testing.T) {
	t.Parallel()
	h := open(t)
	if a := h.send(t, "GET", "/console/api/state", "", ""); a.status != 200 || a.body["needsSetup"] != true {
		t.Fatalf("state: %d %s", a.status, a.text)
	}
	cookie := h.setUp(t)
	me := h.send(t, "GET", "/console/api/me", "", cookie)
	if me.status != 200 || me.body["name"] != "Ann" || me.body["role"] != "owner" {
		t.Fatalf("me: %d %s", me.status, me.text)
	}
	if a := h.send(t, "GET", "/console/api/state", "", ""); a.body["needsSetup"] != false {
		t.Fatalf("state: %s", a.text)
	}
	in := h.send(t, "POST", "/console/api/login", `{"name":"ann","password":"`+password+`"}`, "")
	if in.status != 200 || in.body["name"] != "Ann" {
		t.Fatalf("login: %d %s", in.status, in.text)
	}
	second := in.cookie.Name + "=" + in.cookie.Value
	if out := h.send(t, "POST", "/console/api/logout", "{}", second); out.status != 200 || out.cookie.MaxAge >= 0 {
		t.Fatalf("logout: %d %+v", out.status, out.cookie)
	}
	if a := h.send(t, "GET", "/console/api/me", "", second); a.status != 401 {
		t.Fatalf("me after logout: %d", a.status)
	}
	if a := h.send(t, "GET", "/console/api/me", "", cookie); a.status != 200 {
		t.Fatalf("the other session ended too: %d", a.status)
	}
}

func TestSetUpTokenWorksOnce(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.send(t, "POST", "/console/api/setup", `{"token":"`+h.token+`","name":"Ann","password":"short"}`, "")
	h.send(t, "POST", "/console/api/setup", `{"token":"x`+h.token+`","name":"Ann","password":"`+password+`"}`, "")
	var wg sync.WaitGroup
	var succeeded atomic.Int64
	for i := range 8 { // as many as the limit admits from one address
		wg.Go(func() {
			a, err := h.try(t.Context(), "POST", "/console/api/setup", fmt.Sprintf(`{"token":"%s","name":"a%d","password":"%s"}`, h.token, i, password), "")
			if err == nil && a.status == 200 {
				succeeded.Add(1)
			} else if a.status != 401 {
				t.Errorf("got %d %s %v", a.status, a.text, err)
			}
		})
	}
	wg.Wait()
	if n := succeeded.Load(); n != 1 {
		t.Fatalf("%d of 8 uses succeeded, want 1", n)
	}
}

func TestOnlyTheNewestSetUpTokenWorks(t *testing.T) {
	t.Parallel()
	h := open(t)
	old := h.token
	h.token = h.NewSetupToken()
	if a := h.send(t, "POST", "/console/api/setup", `{"token":"`+old+`","name":"Ann","password":"`+password+`"}`, ""); a.status != 401 {
		t.Fatalf("an older token: %d", a.status)
	}
	h.setUp(t)
}

func TestCookie(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, base, cookie string
		secure             bool
	}{
		{"http", "http://127.0.0.1:8787", "baas_console", false},
		{"https in front", "https://baas.example.com", "__Secure-baas_console", true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			h := open(t)
			h.base = tc.base
			a := h.send(t, "POST", "/console/api/setup", `{"token":"`+h.token+`","name":"Ann","password":"`+password+`"}`, "")
			c := a.cookie
			if c == nil || c.Name != tc.cookie || c.Secure != tc.secure || !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "/console" {
				t.Fatalf("got %+v", c)
			}
			if strings.Contains(a.text, c.Value) {
				t.Fatal("the session's secret stands in the body, where scripts can read it")
			}
		})
	}
}

func TestWrongLogins(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.setUp(t)
	texts := map[string]bool{}
	for _, body := range []string{
		`{"name":"ann","password":"wrong horse"}`,
		`{"name":"nobody","password":"` + password + `"}`,
		`{"name":"not a name!","password":"` + password + `"}`,
		`{"name":"ann","password":"` + strings.Repeat("x", 1000) + `"}`,
	} {
		a := h.send(t, "POST", "/console/api/login", body, "")
		if a.status != 401 || a.cookie != nil {
			t.Errorf("%s: %d %s", body, a.status, a.text)
		}
		texts[fmt.Sprint(a.body["message"], a.body["code"])] = true
	}
	if len(texts) != 1 {
		t.Errorf("the replies tell who exists: %v", texts)
	}
}

func TestGuessingIsLimited(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.setUp(t)
	for i := range 11 {
		a := h.send(t, "POST", "/console/api/login", `{"name":"nobody","password":"guess"}`, "", "X-Forwarded-For", fmt.Sprint("198.51.100.", i))
		if limited := a.status == 429; limited != (i >= 10) {
			t.Fatalf("guess %d: %d %s", i+1, a.status, a.text)
		}
		if a.status == 429 && a.header.Get("Retry-After") == "" {
			t.Fatal("429 without Retry-After")
		}
	}
	if a := h.send(t, "POST", "/console/api/login", `{"name":"ann","password":"`+password+`"}`, ""); a.status != 200 {
		t.Fatalf("guessing one name locked another out: %d %s", a.status, a.text)
	}
}

func TestPasswordChangeEndsSessions(t *testing.T) {
	t.Parallel()
	h := open(t)
	cookie := h.setUp(t)
	if err := h.Accounts().SetPassword(t.Context(), "ANN", "another horse"); err != nil {
		t.Fatal(err)
	}
	if a := h.send(t, "GET", "/console/api/me", "", cookie); a.status != 401 {
		t.Fatalf("session outlived the password: %d", a.status)
	}
	if a := h.send(t, "POST", "/console/api/login", `{"name":"ann","password":"another horse"}`, ""); a.status != 200 {
		t.Fatalf("login: %d %s", a.status, a.text)
	}
	err := h.Accounts().SetPassword(t.Context(), "nobody", password)
	if fault.CodeOf(err) != fault.ResourceNotFound {
		t.Fatalf("got %v", err)
	}
	err = h.Accounts().Create(t.Context(), "ANN", password, console.Owner)
	if fault.CodeOf(err) != fault.InvalidParam {
		t.Fatalf("a name in another case made a second account: %v", err)
	}
}

func TestSessionsRunOut(t *testing.T) {
	t.Parallel()
	h := open(t)
	cookie := h.setUp(t)
	h.now.Add(int64(7 * 24 * time.Hour))
	if a := h.send(t, "GET", "/console/api/me", "", cookie); a.status != 401 {
		t.Fatalf("got %d", a.status)
	}
	if n, err := h.Accounts().Sweep(t.Context()); err != nil || n != 1 {
		t.Fatalf("sweep: %d, %v", n, err)
	}
}

func TestStringMembersRefuseOtherTypes(t *testing.T) {
	t.Parallel()
	h := open(t)
	for _, f := range []struct{ path, name, rest string }{
		{"/setup", "token", `,"name":"Ann","password":"` + password + `"`},
		{"/setup", "name", `,"token":"x","password":"` + password + `"`},
		{"/setup", "password", `,"token":"x","name":"Ann"`},
		{"/login", "name", `,"password":"x"`},
		{"/login", "password", `,"name":"Ann"`},
	} {
		for i, v := range []string{`{"$ne":""}`, `["x"]`, `7`, `true`, `null`, `""`} {
			h.now.Add(int64(time.Minute * time.Duration(i+1))) // the limit is not what is tested
			a := h.send(t, "POST", "/console/api"+f.path, `{"`+f.name+`":`+v+f.rest+`}`, "")
			if a.status != 400 || !strings.HasPrefix(fmt.Sprint(a.body["message"]), f.name+": ") {
				t.Errorf("%s %s %s: %d %s", f.path, f.name, v, a.status, a.text)
			}
		}
	}
}
