package functions

import (
	"maps"
	"strings"

	"baas/db/rules"
)

// wxContext is what getWXContext() returns for a call (wx-cloud-api.md 2.3).
// OPENID and its kin are there for WeChat users alone; other users have their
// uid as TCB_UUID. All values are texts.
func wxContext(env string, p rules.Principal) map[string]string {
	m := map[string]string{"ENV": env, "SOURCE": p.Source}
	put := func(name, v string) {
		if v != "" {
			m[name] = v
		}
	}
	put("APPID", p.AppID)
	put("CLIENTIP", p.ClientIP)
	if p.OpenID != "" {
		m["OPENID"] = p.OpenID
		put("UNIONID", p.UnionID)
		return m
	}
	maps.Copy(m, tcbContext(p))
	return m
}

// tcbContext names a user as CloudBase does (wx-cloud-api.md 9.4).
func tcbContext(p rules.Principal) map[string]string {
	m := map[string]string{}
	if p.UID == "" {
		return m
	}
	m["TCB_UUID"] = p.UID
	m["TCB_ISANONYMOUS_USER"] = "false"
	if p.LoginType != "" {
		m["LOGINTYPE"] = string(p.LoginType)
	}
	switch p.LoginType {
	case rules.Anonymous:
		m["TCB_ISANONYMOUS_USER"] = "true"
	case rules.Custom:
		m["TCB_CUSTOM_USER_ID"] = p.UID
	}
	return m
}

// callVariables is process.env of one call beside the function's own: the same
// identity once more, where packages of the original look for it.
func callVariables(p rules.Principal) map[string]string {
	m := tcbContext(p)
	var tcb, wx []string
	for _, name := range []string{"TCB_UUID", "TCB_CUSTOM_USER_ID", "TCB_ISANONYMOUS_USER", "LOGINTYPE"} {
		if _, ok := m[name]; ok {
			tcb = append(tcb, name)
		}
	}
	put := func(list *[]string, name, v string) {
		if v != "" {
			m[name] = v
			*list = append(*list, name)
		}
	}
	put(&tcb, "TCB_SOURCE", p.Source)
	put(&tcb, "TCB_SOURCE_IP", p.ClientIP)
	put(&wx, "WX_APPID", p.AppID)
	put(&wx, "WX_CLIENTIP", p.ClientIP)
	if p.OpenID != "" {
		put(&wx, "WX_OPENID", p.OpenID)
		put(&wx, "WX_UNIONID", p.UnionID)
	}
	m["TCB_CONTEXT_KEYS"] = strings.Join(append(tcb, "TCB_ENV"), ",")
	m["WX_CONTEXT_KEYS"] = strings.Join(wx, ",")
	return m
}

// staticVariables is process.env of a function between calls.
func staticVariables(env string, own map[string]string) map[string]string {
	m := map[string]string{}
	maps.Copy(m, own)
	m["TCB_ENV"] = env
	m["SCF_NAMESPACE"] = env
	m["TENCENTCLOUD_RUNENV"] = "SCF"
	return m
}
