package update_test

import (
	"testing"

	"baas/db/query"
	"baas/db/update"
	"baas/db/value/valuetest"
)

// TestPositionOfTheCondition: what the condition found is what $ changes.
func TestPositionOfTheCondition(t *testing.T) {
	for _, c := range []struct{ name, query, document, update, want string }{
		{"element", `{"a":2}`, `{"_id":1,"a":[1,2,3]}`, `{"$set":{"a.$":9}}`, `{"_id":1,"a":[1,9,3]}`},
		{"member of an element", `{"a.b":2}`, `{"_id":1,"a":[{"b":1},{"b":2}]}`, `{"$inc":{"a.$.b":1}}`, `{"_id":1,"a":[{"b":1},{"b":3}]}`},
		{"elemMatch", `{"a":{"$elemMatch":{"b":{"$gt":1},"c":5}}}`, `{"_id":1,"a":[{"b":2},{"b":2,"c":5}]}`, `{"$set":{"a.$.c":0}}`, `{"_id":1,"a":[{"b":2},{"b":2,"c":0}]}`},
		{"the last condition counts", `{"a":3,"b":1}`, `{"_id":1,"a":[1,2,3],"b":[1]}`, `{"$set":{"a.$":0}}`, `{"_id":1,"a":[0,2,3],"b":[1]}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, err := query.Compile(valuetest.Doc(t, c.query))
			if err != nil {
				t.Fatal(err)
			}
			d := valuetest.Doc(t, c.document)
			at, ok, err := f.Locate(nil, d)
			if !ok || err != nil {
				t.Fatal(ok, err)
			}
			p, err := update.Compile(valuetest.Doc(t, c.update))
			if err != nil || !p.Positional() {
				t.Fatal(p.Positional(), err)
			}
			got, _, err := p.Apply(update.Run{Position: at}, d)
			if err != nil {
				t.Fatal(err)
			}
			equal(t, got, []byte(c.want))
		})
	}
}
