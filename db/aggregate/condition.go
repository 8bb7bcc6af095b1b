package aggregate

import (
	"strings"

	"baas/db/expr"
	"baas/db/value"
)

// conditionFields returns the top-level members that a compiled condition looks
// at, nil when it may look at any.
func conditionFields(cond value.Doc, vars []string) []string {
	fields := []string{}
	for key, v := range cond.All() {
		switch {
		case key == "$and" || key == "$or" || key == "$nor":
			for _, sub := range v.Doc().All() {
				more := conditionFields(sub.Doc(), vars)
				if more == nil {
					return nil
				}
				fields = append(fields, more...)
			}
		case key == "$comment":
		case key == "$expr":
			e, err := expr.Compile(key, v, expr.Options{Vars: vars})
			if err != nil || e.Fields() == nil {
				return nil
			}
			fields = append(fields, e.Fields()...)
		case strings.HasPrefix(key, "$"):
			return nil
		default:
			top, _, _ := strings.Cut(key, ".")
			fields = append(fields, top)
		}
	}
	return fields
}

// usesExpr reports whether a condition has an $expr.
func usesExpr(cond value.Doc) bool {
	for key, v := range cond.All() {
		switch key {
		case "$expr":
			return true
		case "$and", "$or", "$nor":
			for _, sub := range v.Doc().All() {
				if usesExpr(sub.Doc()) {
					return true
				}
			}
		}
	}
	return false
}

// bind returns the condition with every $expr in a $let that gives the variables
// their values; without values, null: that is enough to compile it.
func bind(cond value.Doc, vars []string, values []value.Value) value.Doc {
	if len(vars) == 0 {
		return cond
	}
	var b value.Builder
	for key, v := range cond.All() {
		switch {
		case key == "$expr":
			v = bindExpr(v, vars, values)
		case (key == "$and" || key == "$or" || key == "$nor") && v.Type == value.TypeArray:
			var list value.ArrayBuilder
			for _, sub := range v.Doc().All() {
				if sub.Type == value.TypeObject {
					sub = value.FromDoc(bind(sub.Doc(), vars, values))
				}
				list.Add(sub)
			}
			v = list.Value()
		}
		b.Add(key, v)
	}
	return b.Doc()
}

func bindExpr(expr value.Value, vars []string, values []value.Value) value.Value {
	var b value.Builder
	b.Object("$let", func(b *value.Builder) {
		b.Object("vars", func(b *value.Builder) {
			for i, name := range vars {
				v := value.Null()
				if i < len(values) {
					v = values[i]
				}
				if v.IsMissing() {
					b.AddString(name, "$$REMOVE")
					continue
				}
				b.Object(name, func(b *value.Builder) { b.Add("$literal", v) })
			}
		})
		b.Add("in", expr)
	})
	return value.FromDoc(b.Doc())
}
