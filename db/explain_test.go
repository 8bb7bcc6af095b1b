package db_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"baas/db"
	"baas/db/dbtest"
	"baas/db/fault"
	"baas/db/plan"
	"baas/db/value"
)

func shop(t *testing.T, o db.Options) *db.Engine {
	t.Helper()
	e := dbtest.Memory().Open(t, o)
	must(t, e.CreateCollection(t.Context(), admin, "c"))
	for batch := range 5 {
		var docs []value.Doc
		for i := range 400 {
			n := batch*400 + i
			docs = append(docs, dbtest.Doc(t, fmt.Sprintf(`{"_id": %d, "owner": "u%d", "kind": "k%d", "at": %d, "odd": %t, "tags": [%d, %d]}`, n, n%500, n%2, n, n%2 == 1, n%3, n%4)))
		}
		_, err := e.Insert(t.Context(), admin, "c", docs)
		must(t, err)
	}
	return e
}

func showNode(n plan.Node) string {
	var in []string
	for _, i := range n.Inputs {
		in = append(in, showNode(i))
	}
	s := n.Stage
	if n.Index != "" {
		s += " " + n.Index
	}
	if n.Backwards {
		s += " backwards"
	}
	if len(n.Bounds) > 0 {
		s += " " + fmt.Sprint(n.Bounds)
	}
	if len(in) > 0 {
		s += "(" + strings.Join(in, ", ") + ")"
	}
	return s
}

func TestExplain(t *testing.T) {
	t.Parallel()
	e := shop(t, db.Options{})
	for _, keys := range []string{"owner -at", "kind", "at", "tags"} {
		must(t, index(t, e, "c", keys))
	}
	for _, tc := range []struct {
		name, query, sort string
		limit             int64
		plan              string
		sorted            string
		most              int64 // documents examined
	}{
		{"by id", `{"_id": 7}`, ``, 0, "IDHACK _id_", "none", 1},
		{"range of ids", `{"_id": {"$gte": 1990}}`, ``, 0, "FETCH(IXSCAN _id_ [_id: 1 range])", "none", 10},
		{"one value", `{"owner": "u7"}`, ``, 0, "FETCH(IXSCAN owner_1_at_-1 [owner: 1 value])", "none", 4},
		{"value and order", `{"owner": "u7"}`, `{"at": 1}`, 0, "FETCH(IXSCAN owner_1_at_-1 backwards [owner: 1 value])", "index", 4},
		{"value and range", `{"owner": "u7", "at": {"$gt": 500}}`, ``, 0, "FETCH(IXSCAN owner_1_at_-1 [owner: 1 value at: 1 range])", "none", 100},
		{"either", `{"$or": [{"owner": "u7"}, {"at": {"$lt": 3}}]}`, ``, 0, "FETCH(OR(IXSCAN owner_1_at_-1 [owner: 1 value], IXSCAN at_1 [at: 1 range]))", "none", 7},
		{"in", `{"owner": {"$in": ["u7", "u8"]}}`, `{"at": 1}`, 0, "SORT(FETCH(IXSCAN owner_1_at_-1 [owner: 2 values]))", "memory", 300},
		{"beginning", `{"owner": {"$regex": "^u49"}}`, ``, 0, "FETCH(IXSCAN owner_1_at_-1 [owner: 2 ranges])", "none", 44},
		{"order alone", ``, `{"at": -1}`, 3, "FETCH(IXSCAN at_1 backwards)", "index", 3},
		{"order, rest of the condition", `{"odd": true}`, `{"at": -1}`, 3, "FETCH(IXSCAN at_1 backwards)", "index", 3000},
		{"no index", `{"odd": true}`, ``, 0, "COLLSCAN", "none", 2000},
		{"no index, sorted", `{"odd": true}`, `{"kind": 1, "odd": 1}`, 0, "SORT(COLLSCAN)", "memory", 2000},
		{"nothing", `{"owner": {"$in": []}}`, ``, 0, "EOF", "none", 0},
		{"more than is worth it", `{"at": {"$gte": 0}}`, ``, 0, "COLLSCAN", "none", 2000},
		{"elements", `{"tags": {"$gt": 1, "$lt": 3}}`, ``, 2, "COLLSCAN", "none", 3000},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			q := db.FindRequest{Collection: "c", Limit: tc.limit}
			if tc.query != "" {
				q.Query = dbtest.Doc(t, tc.query)
			}
			if tc.sort != "" {
				q.Sort = dbtest.Doc(t, tc.sort)
			}
			x, err := e.Explain(t.Context(), admin, q)
			must(t, err)
			equal(t, "plan", showNode(x.Plan), tc.plan)
			equal(t, "sort", x.Sort, tc.sorted)
			if x.DocsExamined > tc.most {
				t.Errorf("%d documents were examined, want at most %d", x.DocsExamined, tc.most)
			}
			docs := find(t, e, q)
			equal(t, "returned", x.Returned, int64(len(docs)))
		})
	}
	_, err := e.Explain(t.Context(), principals()["alice"], db.FindRequest{Collection: "c"})
	wantCode(t, err, fault.DatabaseDenied, "administrator")
}

func TestAdvice(t *testing.T) {
	t.Parallel()
	e := shop(t, db.Options{})
	for _, tc := range []struct{ query, sort, want string }{
		{`{"owner": "u7"}`, ``, "owner_1"},
		{`{"owner": "u7", "odd": true}`, `{"at": -1}`, "owner_1_odd_1_at_-1"},
		{`{"at": {"$lt": 9}, "owner": {"$in": ["u1", "u2"]}}`, ``, "owner_1_at_1"},
		{`{"owner": {"$regex": "^u1$"}}`, `{"at": 1}`, "at_1_owner_1"},
		{`{"_id": 3}`, `{"at": 1}`, ""},
		{`{"owner": {"$ne": "u7"}}`, ``, ""},
	} {
		q := db.FindRequest{Collection: "c", Query: dbtest.Doc(t, tc.query)}
		if tc.sort != "" {
			q.Sort = dbtest.Doc(t, tc.sort)
		}
		x, err := e.Explain(t.Context(), admin, q)
		must(t, err)
		got := ""
		if x.Advice != nil {
			got = x.Advice.Name
			must(t, index(t, e, "c", strings.Join(strings.Fields(keysOf(*x.Advice)), " ")))
			after, err := e.Explain(t.Context(), admin, q)
			must(t, err)
			if after.Advice != nil || after.DocsExamined*2 > x.DocsExamined {
				t.Errorf("%s: with the index that was advised, %d of %d documents are examined, and the advice is %v", tc.query, after.DocsExamined, x.DocsExamined, after.Advice)
			}
			must(t, e.DropIndex(t.Context(), admin, "c", got))
		}
		equal(t, "advice for "+tc.query, got, tc.want)
	}
}

func keysOf(s db.IndexSpec) string {
	var keys []string
	for _, k := range s.Keys {
		if k.Kind == plan.Desc {
			k.Path = "-" + k.Path
		}
		keys = append(keys, k.Path)
	}
	return strings.Join(keys, " ")
}

// TestSlowQueries: a slow search is told with advice, and no value of it.
func TestSlowQueries(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	e := shop(t, db.Options{SlowQuery: time.Nanosecond, Log: slog.New(slog.NewTextHandler(&log, nil))})
	find(t, e, db.FindRequest{Collection: "c", Query: dbtest.Doc(t, `{"owner": "u7"}`)})
	for _, part := range []string{"slow query", "collection=c", "docs_examined=2000", "found=4", "create the index owner_1"} {
		if !strings.Contains(log.String(), part) {
			t.Errorf("the log lacks %q:\n%s", part, log.String())
		}
	}
	if strings.Contains(log.String(), "u7") {
		t.Error("the log quotes a value")
	}
}
