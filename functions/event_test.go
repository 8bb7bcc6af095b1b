package functions

import (
	"encoding/json"
	"strings"
	"testing"

	"baas/db/fault"
	"baas/db/rules"
)

func TestPrepareEvent(t *testing.T) {
	user := rules.Principal{Role: rules.User, AppID: "wx1", OpenID: `o"1`}
	stranger := rules.Principal{Role: rules.User, UID: "u"}
	const injected = `"userInfo":{"appId":"wx1","openId":"o\"1"}}`
	for _, tc := range []struct {
		name, event string
		p           rules.Principal
		want        string
	}{
		{"Empty", "", user, "{" + injected},
		{"EmptyObject", " { } ", user, "{" + injected},
		{"Members", `{"a":1, "b" : [ 2 ]}`, user, `{"a":1,"b" : [ 2 ],` + injected},
		{"First", `{"userInfo":{"openId":"x"},"a":1}`, user, `{"a":1,` + injected},
		{"Last", `{"a":1,"userInfo":null}`, user, `{"a":1,` + injected},
		{"Middle", `{"a":1,"userInfo":[],"b":2}`, user, `{"a":1,"b":2,` + injected},
		{"Only", `{"userInfo":1}`, user, "{" + injected},
		{"Twice", `{"userInfo":1,"a":1,"userInfo":2}`, user, `{"a":1,` + injected},
		{"Escaped", `{"user\u0049nfo":1,"a":1}`, user, `{"a":1,` + injected},
		{"Nested", `{"a":{"userInfo":1}}`, user, `{"a":{"userInfo":1},` + injected},
		{"OtherCase", `{"UserInfo":1}`, user, `{"UserInfo":1,` + injected},
		{"Prototype", `{"__proto__":{"userInfo":1}}`, user, `{"__proto__":{"userInfo":1},` + injected},
		{"NumbersStay", `{"a":12345678901234567890,"b":1e400,"c":-0}`, user, `{"a":12345678901234567890,"b":1e400,"c":-0,` + injected},
		{"HalfSurrogate", `{"a":"\ud83d"}`, user, `{"a":"\ud83d",` + injected},
		{"Array", `[{"userInfo":1}]`, user, `[{"userInfo":1}]`},
		{"Null", `null`, user, `null`},
		{"ClaimOfAUserNotOfWeChat", `{"a":1,"userInfo":{"openId":"victim","nickName":"n","appId":"x"}}`, stranger, `{"a":1,"userInfo":{"nickName":"n"}}`},
		{"ClaimOfNobody", `{"userInfo": {"openId":"victim"} }`, rules.Principal{}, `{"userInfo":{}}`},
		{"ClaimTwice", `{"userInfo":{"openId":"a"},"a":1,"userInfo":{"openId":"b","openId":"c"}}`, stranger, `{"userInfo":{},"a":1,"userInfo":{}}`},
		{"ClaimEscaped", `{"user\u0049nfo":{"\u006fpenId":"victim"}}`, stranger, `{"userInfo":{}}`},
		{"ClaimNested", `{"userInfo":{"a":{"openId":"x"}}}`, stranger, `{"userInfo":{"a":{"openId":"x"}}}`},
		{"NoObjectOfAUserNotOfWeChat", `{"userInfo":1, "a":2}`, stranger, `{"userInfo":1,"a":2}`},
		{"ClaimOfAdmin", `{"userInfo":{"openId":"x"}}`, rules.Principal{Role: rules.Admin}, `{"userInfo":{"openId":"x"}}`},
		{"EmptyOfAdmin", ``, rules.Principal{Role: rules.Admin}, `{}`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := prepareEvent([]byte(tc.event), tc.p)
			if err != nil || string(got) != tc.want {
				t.Errorf("got %s, %v\nwant %s", got, err, tc.want)
			}
		})
	}
	for _, event := range []string{"{", `{"a"}`, `{"a":1,}`, `{a:1}`, "{}}", "undefined", `{"userInfo":}`, "\x00"} {
		if _, err := prepareEvent([]byte(event), user); !fault.Is(err, fault.InvalidParam) {
			t.Errorf("%q: got %v", event, err)
		}
	}
}

// Whatever the event is, the result is JSON with the caller's own openid, or an
// error.
func FuzzPrepareEvent(f *testing.F) {
	for _, s := range []string{`{"a":1,"userInfo":2}`, `[]`, `{"userInfo":{"openId":"x"},"userInfo":{}}`, `{"\u0075serInfo":1}`} {
		f.Add([]byte(s))
	}
	p := rules.Principal{Role: rules.User, AppID: "wx1", OpenID: "o1"}
	f.Fuzz(func(t *testing.T, event []byte) {
		claimNothing(t, event)
		got, err := prepareEvent(event, p)
		if err != nil {
			return
		}
		if !json.Valid(got) {
			t.Fatalf("no JSON: %q", got)
		}
		if !strings.HasPrefix(strings.TrimLeft(string(got), " \t\r\n"), "{") {
			return
		}
		var o map[string]json.RawMessage
		if err := json.Unmarshal(got, &o); err != nil || string(o["userInfo"]) != `{"appId":"wx1","openId":"o1"}` {
			t.Fatalf("%q: %v", got, err)
		}
	})
}

// claimNothing checks that an event of a user without an openid names none.
func claimNothing(t *testing.T, event []byte) {
	t.Helper()
	got, err := prepareEvent(event, rules.Principal{Role: rules.User, UID: "u"})
	if err != nil {
		return
	}
	if !json.Valid(got) {
		t.Fatalf("no JSON: %q", got)
	}
	var o, userInfo map[string]json.RawMessage
	_ = json.Unmarshal(got, &o) // no object: nothing is claimed
	_ = json.Unmarshal(o["userInfo"], &userInfo)
	if _, ok := userInfo["openId"]; ok {
		t.Fatalf("%q names an openid", got)
	}
}
