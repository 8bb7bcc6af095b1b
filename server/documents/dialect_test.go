package documents_test

import (
	"strings"
	"testing"
	"time"

	"baas/db/fault"
	"baas/db/value"
	"baas/server/documents"
)

func plain(d value.Doc) string {
	if d == nil {
		return "none"
	}
	return string(value.AppendPlain(nil, value.FromDoc(d)))
}

func TestOrders(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, raw, want, text string }{
		{"new dialect keeps the key order", `"{\"n\":{\"$numberInt\":\"-1\"},\"a\":{\"$numberInt\":\"1\"}}"`, `{"n":-1,"a":1}`, ""},
		{"object", `{"z":1,"a":-1}`, `{"z":1,"a":-1}`, ""},
		{"old dialect", `[{"field":"n","direction":"desc"},{"field":"a.b","direction":"asc"}]`, `{"n":-1,"a.b":1}`, ""},
		{"old dialect as text", `"[{\"field\":\"n\",\"direction\":\"desc\"}]"`, `{"n":-1}`, ""},
		{"none", `[]`, `{}`, ""},
		{"no field", `[{"direction":"asc"}]`, "", "order.field: "},
		{"field is no text", `[{"field":{"$gt":1},"direction":"asc"}]`, "", "order.field: "},
		{"direction", `[{"field":"a","direction":"up"}]`, "", "order.direction: must be asc or desc"},
		{"direction is a number", `[{"field":"a","direction":-1}]`, "", "order.direction: "},
		{"number", `5`, "", "order: must be an object"},
		{"no JSON", `"{"`, "", "order"},
		{"list of lists", `[[1]]`, "", "order: must be an object"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			d, err := documents.ParseOrder("order", []byte(tc.raw))
			if tc.text != "" {
				if !fault.Is(err, fault.InvalidParam) || !strings.HasPrefix(fault.Text(err), tc.text) {
					t.Errorf("got %v, want %q", err, tc.text)
				}
				return
			}
			if err != nil || plain(d) != tc.want {
				t.Errorf("got %s, %v, want %s", plain(d), err, tc.want)
			}
		})
	}
}

func TestDocumentsInBothDialects(t *testing.T) {
	t.Parallel()
	now := time.UnixMilli(5000)
	for _, tc := range []struct{ name, raw, want, text string }{
		{"object", `{"a":1,"d":{"$date":{"offset":1000}}}`, `{"a":1,"d":{"$date":6000}}`, ""},
		{"text", `"{\"a\":{\"$numberInt\":\"1\"},\"d\":{\"$tcb_server_date\":{\"offset\":{\"$numberInt\":\"1000\"}}}}"`, `{"a":1,"d":{"$date":6000}}`, ""},
		{"array", `[]`, "", "query: must be an object"},
		{"text of no JSON", `"{a"`, "", "query"},
		{"text of a text", `"\"{}\""`, "", "query: must be an object"},
		{"number", `7`, "", "query: must be an object"},
		{"a key twice", `"{\"a\":{\"b\":1,\"b\":2}}"`, "", "query"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			d, err := documents.ParseDocument("query", []byte(tc.raw), value.ParseOptions{Now: now})
			if tc.text != "" {
				if !fault.Is(err, fault.InvalidParam) || !strings.HasPrefix(fault.Text(err), tc.text) {
					t.Errorf("got %v, want %q", err, tc.text)
				}
				return
			}
			if err != nil || plain(d) != tc.want {
				t.Errorf("got %s, %v, want %s", plain(d), err, tc.want)
			}
		})
	}
}

func TestBelowNamesThePathInTheRequest(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		in          error
		field, text string
	}{
		{fault.Invalid("JSON", "is broken"), "query", "query: is broken"},
		{fault.Invalid("a.b", "too deep"), "query.a.b", "query.a.b: too deep"},
		{fault.New(fault.DatabaseOperator, "unknown operator"), "query", "query: unknown operator"},
	} {
		err := documents.Below("query", tc.in)
		if fault.Text(err) != tc.text || fault.CodeOf(err) != fault.CodeOf(tc.in) {
			t.Errorf("got %v, want %q", err, tc.text)
		}
	}
	if documents.Below("query", nil) != nil {
		t.Error("no error became one")
	}
}
