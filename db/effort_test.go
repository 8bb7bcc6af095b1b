package db_test

import (
	"strings"
	"testing"
	"time"

	"baas/db"
	"baas/db/dbtest"
	"baas/db/effort"
	"baas/db/fault"
	"baas/db/value"
)

// A condition that would keep a core busy for minutes ends, whatever asks it.
func TestRequestsEndThatSearchTooMuch(t *testing.T) {
	slow := dbtest.Doc(t, `{"$or":[{"n":-1},{"s":{"$regex":"^(a|aa)+\\d$"}}]}`)
	set := dbtest.Doc(t, `{"$set":{"x":1}}`)
	for _, tc := range []struct {
		name string
		call func(*db.Engine) error
	}{
		{"Find", func(e *db.Engine) error {
			_, err := e.Find(t.Context(), admin, db.FindRequest{Collection: "c", Query: slow})
			return err
		}},
		{"Count", func(e *db.Engine) error {
			_, err := e.Count(t.Context(), admin, "c", slow)
			return err
		}},
		{"Snapshot", func(e *db.Engine) error {
			_, _, err := e.Snapshot(t.Context(), admin, db.FindRequest{Collection: "c", Query: slow})
			return err
		}},
		{"Projection", func(e *db.Engine) error {
			_, err := e.Find(t.Context(), admin, db.FindRequest{
				Collection: "c", Projection: dbtest.Doc(t, `{"list":{"$elemMatch":{"$regex":"^(a|aa)+\\d$"}}}`),
			})
			return err
		}},
		{"Update", func(e *db.Engine) error {
			_, err := e.Update(t.Context(), admin, db.UpdateRequest{Collection: "c", Query: slow, Update: set, Multi: true})
			return err
		}},
		{"Remove", func(e *db.Engine) error {
			_, err := e.Remove(t.Context(), admin, db.RemoveRequest{Collection: "c", Query: slow, Multi: true})
			return err
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			e := openWith(t, "c")
			insert(t, e, "c", slowDocuments(200)...)
			db.SetSearchBounds(e, time.Minute, effort.Limits{Patterns: 20 * time.Millisecond}, effort.Limits{})
			wantCode(t, tc.call(e), fault.DatabaseFailed, "takes too long")
			db.SetSearchBounds(e, time.Nanosecond, effort.Limits{}, effort.Limits{})
			if tc.name != "Snapshot" && tc.name != "Projection" { // their time is bounded elsewhere
				wantCode(t, tc.call(e), fault.ServerTimeout, "narrow the condition")
			}
		})
	}
}

// What runs inside a commit operation holds up every other writer.
func TestWritersDoNotWaitForAnothersPatterns(t *testing.T) {
	for _, tc := range []struct{ name, condition, update string }{
		{"Condition", `{"s":{"$not":{"$regex":"^(a|aa)+\\d$"}}}`, `{"$set":{"x":1}}`},
		{"Pull", ``, `{"$pull":{"list":{"$regex":"^(a|aa)+\\d$"}}}`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			e := openWith(t, "c")
			insert(t, e, "c", slowDocuments(200)...)
			var q value.Doc
			if tc.condition != "" {
				q = dbtest.Doc(t, tc.condition)
			}
			db.SetSearchBounds(e, time.Minute, effort.Limits{}, effort.Limits{Patterns: 20 * time.Millisecond})
			_, err := e.Update(t.Context(), admin, db.UpdateRequest{
				Collection: "c", Query: q, Update: dbtest.Doc(t, tc.update), Multi: true,
			})
			wantCode(t, err, fault.DatabaseFailed, "takes too long")
			if n, err := e.Count(t.Context(), admin, "c", dbtest.Doc(t, `{"x":1}`)); n != 0 || err != nil {
				t.Errorf("%d documents were changed, %v", n, err)
			}
		})
	}
}

// slowDocuments each cost a backtracking pattern about a millisecond.
func slowDocuments(n int) []string {
	text := `"` + strings.Repeat("a", 17) + `!"`
	var out []string
	for range n {
		out = append(out, `{"s":`+text+`,"list":[`+text+`]}`)
	}
	return out
}
