package rules

import (
	"bytes"

	"baas/db/value"
)

// openIDText in a condition stands for the caller (wx-cloud-api.md 3.13).
const openIDText = "{openid}"

// ResolveOpenID returns a condition with every value that is exactly the text
// "{openid}" replaced by the owner id of p, patterns excepted. It does so for
// users alone: administrators' conditions are taken as they are. The condition
// must have passed value.Check. Never apply this to data that is to be stored.
func ResolveOpenID(p Principal, cond value.Doc) value.Doc {
	if p.ByPassesRules() || !bytes.Contains(cond, []byte(openIDText)) {
		return cond
	}
	owner := value.String(p.Owner())
	var b value.Builder
	for name, v := range cond.All() {
		b.Add(name, resolve(v, owner))
	}
	return b.Doc()
}

func resolve(v, owner value.Value) value.Value {
	switch v.Type {
	case value.TypeString:
		if v.Text() == openIDText {
			return owner
		}
	case value.TypeObject:
		var b value.Builder
		for name, member := range v.Doc().All() {
			if name != "$regex" { // a pattern is no place for anybody's id
				member = resolve(member, owner)
			}
			b.Add(name, member)
		}
		return value.FromDoc(b.Doc())
	case value.TypeArray:
		var a value.ArrayBuilder
		for _, element := range v.Doc().All() {
			a.Add(resolve(element, owner))
		}
		return a.Value()
	}
	return v
}
