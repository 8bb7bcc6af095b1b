package expr_test

import (
	"errors"
	"testing"

	"baas/db/expr"
	"baas/db/fault"
	"baas/db/value"
	"baas/db/value/valuetest"
)

// compile reads the expression e of {"e": …}.
func compile(t testing.TB, text string, vars ...string) *expr.Expr {
	t.Helper()
	e, err := expr.Compile("e", valuetest.Doc(t, text).Get("e"), expr.Options{Vars: vars})
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return e
}

func TestOperatorsThatDoNotExistAreNamed(t *testing.T) {
	for _, tc := range []struct{ name, text, field string }{
		{"top", `{"e":{"$nope":1}}`, "e.$nope"},
		{"operand", `{"e":{"$add":[1,{"$nope":1}]}}`, "e.$add.1.$nope"},
		{"member", `{"e":{"a":{"$function":1}}}`, "e.a.$function"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := expr.Compile("e", valuetest.Doc(t, tc.text).Get("e"), expr.Options{})
			coded, ok := errors.AsType[*fault.Error](err)
			if !ok || coded.Code != fault.DatabaseOperator || coded.Field != tc.field {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestVariablesComeFromTheScope(t *testing.T) {
	e := compile(t, `{"e":{"$add":["$a","$$x.b","$$y"]}}`, "x", "y")
	s := &expr.Scope{
		Root: valuetest.Doc(t, `{"a":1}`),
		Vars: []value.Value{value.FromDoc(valuetest.Doc(t, `{"b":10}`)), value.Int32(100)},
	}
	if v, err := e.Eval(s); err != nil || !value.Equal(v, value.Int32(111)) {
		t.Errorf("got %v, %v", v, err)
	}
}
