package rules_test

import (
	"testing"

	"baas/db/rules"
	"baas/db/value"
)

func TestResolveOpenID(t *testing.T) {
	t.Parallel()
	user := rules.Principal{Role: rules.User, UID: "u1", OpenID: "o1"}
	for _, tc := range []struct {
		name       string
		p          rules.Principal
		cond, want string
	}{
		{"whole value", user, `{"_openid":"{openid}"}`, `{"_openid":"o1"}`},
		{"at any depth", user, `{"$or":[{"a":{"$in":["x","{openid}"]}},{"b":"{openid}"}]}`, `{"$or":[{"a":{"$in":["x","o1"]}},{"b":"o1"}]}`},
		{"part of a value", user, `{"a":"id {openid}","b":"{openid} "}`, `{"a":"id {openid}","b":"{openid} "}`},
		{"pattern", user, `{"a":{"$regex":"{openid}","$options":"i"}}`, `{"a":{"$regex":"{openid}","$options":"i"}}`},
		{"member name", user, `{"{openid}":1}`, `{"{openid}":1}`},
		{"other types stay", user, `{"a":{"$numberLong":"5"},"b":null,"c":"{openid}"}`, `{"a":5,"b":null,"c":"o1"}`},
		{"user without openid", rules.Principal{Role: rules.User, UID: "u1"}, `{"a":"{openid}"}`, `{"a":"u1"}`},
		{"administrator", rules.Principal{Role: rules.Admin, OpenID: "o1"}, `{"a":"{openid}"}`, `{"a":"{openid}"}`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			cond, err := value.ParseJSON([]byte(tc.cond), value.ParseOptions{})
			if err != nil {
				t.Fatal(err)
			}
			got := string(value.AppendPlain(nil, value.FromDoc(rules.ResolveOpenID(tc.p, cond))))
			if got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}
