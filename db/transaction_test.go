package db_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"baas/db"
	"baas/db/dbtest"
	"baas/db/fault"
	"baas/db/plan"
	"baas/db/rules"
	"baas/db/value"
)

// begin opens a transaction of p.
func begin(t testing.TB, e *db.Engine, p rules.Principal) *db.Transaction {
	t.Helper()
	id, err := e.Begin(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	tr, err := e.Transaction(p, id)
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

// documents is what the Engine and a Transaction have in common.
type documents interface {
	Find(ctx context.Context, p rules.Principal, q db.FindRequest) ([]value.Doc, error)
	Count(ctx context.Context, p rules.Principal, coll string, q value.Doc) (int64, error)
	Insert(ctx context.Context, p rules.Principal, coll string, docs []value.Doc) ([]value.Value, error)
	Update(ctx context.Context, p rules.Principal, q db.UpdateRequest) (db.UpdateResult, error)
	Remove(ctx context.Context, p rules.Principal, q db.RemoveRequest) (int64, error)
}

// TestTransactionScripts runs scripts of calls, one a line: who, what, and
// behind "=" the result. T and U are two transactions, begun before the first
// line, out is a caller outside. Documents are shown without braces.
func TestTransactionScripts(t *testing.T) {
	t.Parallel()
	for name, disk := range map[string]func() *dbtest.Disk{"memkv": dbtest.Memory, "boltkv": func() *dbtest.Disk { return dbtest.Bolt(t) }} {
		for _, s := range transactionScripts {
			t.Run(name+"/"+s.name, func(t *testing.T) {
				t.Parallel()
				runScript(t, disk().Open(t, db.Options{}), s.script)
			})
		}
	}
}

func runScript(t *testing.T, e *db.Engine, script string) {
	db.SetViewBound(e, 2)
	for _, coll := range []string{"a", "b"} {
		must(t, e.CreateCollection(t.Context(), admin, coll))
	}
	who := map[string]documents{"out": e, "T": begin(t, e, admin), "U": begin(t, e, admin)}
	for line := range strings.Lines(script) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		call, want, _ := strings.Cut(line, " => ")
		f := strings.SplitN(call, " ", 3)
		got := scriptCall(t, e, who[f[0]], f[1], strings.Join(f[2:], ""))
		if got != want {
			t.Fatalf("%s\n got %s\nwant %s", call, got, want)
		}
	}
}

// scriptCall makes one call: rest is a collection and JSON texts.
func scriptCall(t *testing.T, e *db.Engine, d documents, what, rest string) string {
	coll, rest, _ := strings.Cut(rest, " ")
	var args []value.Doc
	for rest != "" {
		one, more, _ := strings.Cut(rest, " | ")
		args, rest = append(args, dbtest.Doc(t, one)), more
	}
	arg := func(i int) value.Doc {
		if i < len(args) {
			return args[i]
		}
		return nil
	}
	ctx := t.Context()
	var res string
	var err error
	switch what {
	case "find":
		q := db.FindRequest{Collection: coll, Query: arg(0), Sort: arg(1)}
		q.Skip, _ = arg(2).Get("skip").AsInt64()
		q.Limit, _ = arg(2).Get("limit").AsInt64()
		q.Projection = arg(3)
		var docs []value.Doc
		docs, err = d.Find(ctx, admin, q)
		res = strings.Join(strings.Split(dbtest.JSON(docs...), "\n"), " ")
	case "count":
		var n int64
		n, err = d.Count(ctx, admin, coll, arg(0))
		res = fmt.Sprint(n)
	case "add":
		_, err = d.Insert(ctx, admin, coll, args)
	case "update", "set", "many", "upsert", "put":
		q := db.UpdateRequest{
			Collection: coll, Query: arg(0), Update: arg(1),
			Multi: what == "many", Upsert: what == "upsert" || what == "put", Replace: what == "set" || what == "put",
		}
		var r db.UpdateResult
		r, err = d.Update(ctx, admin, q)
		res = fmt.Sprintf("%d %d", r.Matched, r.Updated)
		if !r.UpsertedID.IsMissing() {
			res += " made " + text(r.UpsertedID)
		}
	case "remove", "removeMany":
		var n int64
		n, err = d.Remove(ctx, admin, db.RemoveRequest{Collection: coll, Query: arg(0), Multi: what == "removeMany"})
		res = fmt.Sprint(n)
	case "drop":
		err = e.DropCollection(ctx, admin, coll)
	case "create":
		err = e.CreateCollection(ctx, admin, coll)
	case "index", "unique":
		err = e.CreateIndex(ctx, admin, coll, db.IndexSpec{Name: "n", Keys: []db.IndexKey{{Path: "n", Kind: plan.Asc}}, Unique: what == "unique"})
		if err == nil {
			err = e.WaitIndex(ctx, admin, coll, "n")
		}
	case "commit":
		err = d.(*db.Transaction).Commit(ctx)
	case "abort":
		err = d.(*db.Transaction).Abort(ctx)
	default:
		t.Fatalf("unknown call %s", what)
	}
	if err != nil {
		code := fault.CodeOf(err)
		return map[fault.Code]string{
			fault.TransactionConflict: "conflict", fault.TransactionFail: "gone", fault.DuplicateWrite: "duplicate",
			fault.CollectionNotExist: "no collection",
		}[code]
	}
	if res == "" {
		res = "ok"
	}
	return res
}
