package db_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"baas/db"
	"baas/db/commit"
	"baas/db/dbtest"
	"baas/db/fault"
	"baas/db/rules"
	"baas/db/txn"
	"baas/db/value"
)

func byID(t testing.TB, id any) value.Doc {
	t.Helper()
	return dbtest.Doc(t, fmt.Sprintf(`{"_id": %v}`, id))
}

// TestTransactionLife: 30 s from Begin on, whatever happens in between.
func TestTransactionLife(t *testing.T) {
	t.Parallel()
	c := newClock()
	e := dbtest.Memory().Open(t, db.Options{Now: c.now})
	must(t, e.CreateCollection(t.Context(), admin, "c"))
	id, err := e.Begin(t.Context(), admin)
	must(t, err)
	tr, err := e.Transaction(admin, id)
	must(t, err)
	c.move(db.TransactionLife - time.Millisecond)
	_, err = tr.Insert(t.Context(), admin, "c", []value.Doc{byID(t, 1)})
	must(t, err)
	c.move(time.Millisecond)
	_, err = e.Transaction(admin, id)
	for what, err := range map[string]error{
		"a new handle": err,
		"commit":       tr.Commit(t.Context()),
		"abort":        tr.Abort(t.Context()),
		"insert":       func() error { _, err := tr.Insert(t.Context(), admin, "c", []value.Doc{nil}); return err }(),
	} {
		t.Run(what, func(t *testing.T) {
			wantCode(t, err, fault.TransactionFail, "TransactionNotExist")
			wantCode(t, err, fault.TransactionFail, "30 seconds")
		})
	}
	equal(t, "documents", len(find(t, e, db.FindRequest{Collection: "c"})), 0)
}

// TestTransactionTimer: one that nobody ends is forgotten without a call.
func TestTransactionTimer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e := dbtest.Open(t)
		must(t, e.CreateCollection(t.Context(), admin, "c"))
		for range 3 {
			tr := begin(t, e, admin)
			_, err := tr.Insert(t.Context(), admin, "c", []value.Doc{nil})
			must(t, err)
			time.Sleep(20 * time.Second) // of the bubble's clock
		}
		n, bytes := db.OpenTransactions(e)
		if n != 2 || bytes == 0 {
			t.Fatalf("%d open with %d bytes, want 2", n, bytes)
		}
		time.Sleep(time.Minute)
		n, bytes = db.OpenTransactions(e)
		equal(t, "open", n, 0)
		equal(t, "bytes", bytes, 0)
	})
}

func TestTransactionIsItsOwners(t *testing.T) {
	t.Parallel()
	e := openWith(t, "c")
	alice, bob := rules.Principal{Role: rules.User, UID: "alice"}, rules.Principal{Role: rules.User, UID: "bob"}
	id, err := e.Begin(t.Context(), alice)
	must(t, err)
	if len(id) != 32 || strings.Trim(id, "0123456789abcdef") != "" {
		t.Errorf("id %q, want 32 hex digits", id)
	}
	for name, p := range map[string]rules.Principal{"another user": bob, "an admin": admin, "nobody": {}, "a function of the user": alice.AsFunction()} {
		_, err := e.Transaction(p, id)
		if fault.CodeOf(err) != fault.TransactionFail {
			t.Errorf("%s: %v, want TransactionFail", name, err)
		}
	}
	for _, id := range []string{"", "x", id + "0", strings.ToUpper(id) + " "} {
		_, err := e.Transaction(alice, id)
		wantCode(t, err, fault.TransactionFail, "TransactionNotExist")
	}
	tr, err := e.Transaction(alice, id)
	must(t, err)
	_, err = tr.Find(t.Context(), bob, db.FindRequest{Collection: "c"})
	wantCode(t, err, fault.TransactionFail, "TransactionNotExist")
	_, err = e.Begin(t.Context(), rules.Principal{})
	wantCode(t, err, fault.DatabaseDenied, "log in")
}

// TestTransactionAsksRules: as outside, for each operation, and again at the
// commit.
func TestTransactionAsksRules(t *testing.T) {
	t.Parallel()
	alice := rules.Principal{Role: rules.User, UID: "alice"}
	ctx := t.Context()
	set := dbtest.Doc(t, `{"$set": {"n": 1}}`)
	open := func(t *testing.T, mode rules.Mode) (*db.Engine, *db.Transaction) {
		t.Helper()
		e := openWith(t, "c")
		must(t, e.SetMode(t.Context(), admin, "c", mode))
		insert(t, e, "c", `{"_id": 1, "_openid": "alice"}`, `{"_id": 2, "_openid": "bob"}`)
		return e, begin(t, e, alice)
	}
	t.Run("private", func(t *testing.T) {
		t.Parallel()
		e, tr := open(t, rules.Private)
		docs, err := tr.Find(ctx, alice, db.FindRequest{Collection: "c"})
		must(t, err)
		equal(t, "found", lines(docs), `{"_id":1,"_openid":"alice"}`)
		res, err := tr.Update(ctx, alice, db.UpdateRequest{Collection: "c", Query: byID(t, 2), Update: set})
		must(t, err)
		equal(t, "others' documents matched", res.Matched, 0)
		_, err = tr.Insert(ctx, alice, "c", []value.Doc{byID(t, 3)})
		must(t, err)
		_, err = tr.Insert(ctx, alice, "c", []value.Doc{dbtest.Doc(t, `{"_id": 4, "_openid": "bob"}`)})
		wantCode(t, err, fault.InvalidParam, "_openid")
		must(t, tr.Commit(ctx))
		equal(t, "found", lines(find(t, e, db.FindRequest{Collection: "c", Query: byID(t, 3)})), `{"_id":3,"_openid":"alice"}`)
	})
	t.Run("denied", func(t *testing.T) {
		t.Parallel()
		_, tr := open(t, rules.AdminWrite)
		_, err := tr.Find(ctx, alice, db.FindRequest{Collection: "c"})
		must(t, err)
		_, err = tr.Insert(ctx, alice, "c", []value.Doc{nil})
		wantCode(t, err, fault.DatabaseDenied, "ADMINWRITE")
		_, err = tr.Update(ctx, alice, db.UpdateRequest{Collection: "c", Query: byID(t, 9), Update: set, Upsert: true})
		wantCode(t, err, fault.DatabaseDenied, "ADMINWRITE")
		_, err = tr.Remove(ctx, alice, db.RemoveRequest{Collection: "c"})
		wantCode(t, err, fault.DatabaseDenied, "ADMINWRITE")
	})
	t.Run("tightened before the commit", func(t *testing.T) {
		t.Parallel()
		e, tr := open(t, rules.Private)
		_, err := tr.Update(ctx, alice, db.UpdateRequest{Collection: "c", Query: byID(t, 1), Update: set})
		must(t, err)
		must(t, e.SetMode(ctx, admin, "c", rules.AdminWrite))
		wantCode(t, tr.Commit(ctx), fault.DatabaseDenied, "ADMINWRITE")
		wantCode(t, tr.Commit(ctx), fault.TransactionFail, "TransactionNotExist")
	})
	t.Run("system collections", func(t *testing.T) {
		t.Parallel()
		e := openWith(t)
		system := rules.SystemPrincipal()
		_, err := begin(t, e, system).Insert(ctx, system, "sys.x", []value.Doc{nil})
		wantCode(t, err, fault.InvalidParam, "collectionName")
	})
}

// TestTransactionOfAutoCreate: collections are not made inside.
func TestTransactionOfAutoCreate(t *testing.T) {
	t.Parallel()
	e := dbtest.Memory().Open(t, db.Options{AutoCreate: true})
	tr := begin(t, e, admin)
	_, err := tr.Insert(t.Context(), admin, "c", []value.Doc{nil})
	wantCode(t, err, fault.CollectionNotExist, "c")
	insert(t, e, "c", `{}`)
	_, err = tr.Insert(t.Context(), admin, "c", []value.Doc{nil})
	must(t, err)
	must(t, e.DropCollection(t.Context(), admin, "c"))
	wantCode(t, tr.Commit(t.Context()), fault.TransactionConflict, "[ResourceUnavailable.TransactionConflict] Transaction is conflict")
	list, err := e.Collections(t.Context(), admin)
	must(t, err)
	equal(t, "collections", len(list), 0)
}

func TestTransactionLimits(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	docs := func(n int) (list []value.Doc) {
		for range n {
			list = append(list, dbtest.Doc(t, `{"text": "0123456789"}`))
		}
		return list
	}
	t.Run("1,001 inserts", func(t *testing.T) {
		t.Parallel()
		e := openWith(t, "c")
		tr := begin(t, e, admin)
		for _, d := range docs(1001) {
			_, err := tr.Insert(ctx, admin, "c", []value.Doc{d})
			must(t, err)
		}
		must(t, tr.Commit(ctx))
		n, err := e.Count(ctx, admin, "c", nil)
		must(t, err)
		equal(t, "documents", n, 1001)
	})
	t.Run("writes", func(t *testing.T) {
		t.Parallel()
		e := openWith(t, "c")
		db.SetTransactionLimits(e, txn.Limits{Writes: 3})
		tr := begin(t, e, admin)
		_, err := tr.Insert(ctx, admin, "c", docs(2))
		must(t, err)
		_, err = tr.Insert(ctx, admin, "c", docs(2))
		wantCode(t, err, fault.DatabaseFailed, "3 documents written")
		_, err = tr.Update(ctx, admin, db.UpdateRequest{Collection: "c", Update: dbtest.Doc(t, `{"$set": {"n": 1}}`), Multi: true})
		must(t, err)
		must(t, tr.Commit(ctx))
		equal(t, "documents", len(find(t, e, db.FindRequest{Collection: "c", Query: dbtest.Doc(t, `{"n": 1}`)})), 2)
	})
	t.Run("bytes", func(t *testing.T) {
		t.Parallel()
		e := openWith(t, "c")
		db.SetTransactionLimits(e, txn.Limits{Bytes: 1000})
		tr := begin(t, e, admin)
		_, err := tr.Insert(ctx, admin, "c", docs(50))
		wantCode(t, err, fault.DatabaseFailed, "1000 bytes written")
		_, err = tr.Insert(ctx, admin, "c", docs(5))
		must(t, err)
		_, bytes := db.OpenTransactions(e)
		must(t, tr.Commit(ctx))
		_, after := db.OpenTransactions(e)
		if bytes == 0 || after != 0 {
			t.Errorf("%d bytes before the commit, %d after", bytes, after)
		}
	})
	t.Run("reads", func(t *testing.T) {
		t.Parallel()
		e := openWith(t, "c")
		insert(t, e, "c", `{"_id": 1}`, `{"_id": 2}`)
		db.SetTransactionLimits(e, txn.Limits{Reads: 3})
		tr := begin(t, e, admin)
		_, err := tr.Find(ctx, admin, db.FindRequest{Collection: "c"})
		must(t, err)
		_, err = tr.Find(ctx, admin, db.FindRequest{Collection: "c"})
		wantCode(t, err, fault.DatabaseFailed, "3 documents read")
	})
	t.Run("open ones", func(t *testing.T) {
		t.Parallel()
		e := openWith(t, "c")
		db.SetTransactionBounds(e, 3, 1, 1000)
		alice := rules.Principal{Role: rules.User, UID: "alice"}
		tr := begin(t, e, alice)
		_, err := e.Begin(ctx, alice)
		wantCode(t, err, fault.ConcurrencyLimit, "1 transactions of this user")
		begin(t, e, rules.Principal{Role: rules.User, UID: "bob"})
		big := begin(t, e, admin)
		_, err = e.Begin(ctx, admin)
		wantCode(t, err, fault.ConcurrencyLimit, "3 transactions are open")
		must(t, tr.Abort(ctx))
		other := begin(t, e, admin)
		_, err = big.Insert(ctx, admin, "c", docs(10))
		must(t, err)
		_, err = other.Insert(ctx, admin, "c", docs(10))
		wantCode(t, err, fault.ConcurrencyLimit, "together")
		must(t, big.Commit(ctx))
		_, err = other.Insert(ctx, admin, "c", docs(10))
		must(t, err)
		must(t, other.Commit(ctx))
	})
}

// TestTransactionOfATrimmedLog: what the log no longer tells is a conflict.
func TestTransactionOfATrimmedLog(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	open := func(t *testing.T) (*db.Engine, *db.Transaction) {
		t.Helper()
		e := dbtest.Memory().Open(t, db.Options{Window: commit.Window{Parts: 4}})
		must(t, e.CreateCollection(ctx, admin, "c"))
		must(t, e.CreateCollection(ctx, admin, "d"))
		insert(t, e, "c", `{"_id": 1}`)
		tr := begin(t, e, admin)
		_, err := tr.Find(ctx, admin, db.FindRequest{Collection: "c"})
		must(t, err)
		return e, tr
	}
	t.Run("read", func(t *testing.T) {
		t.Parallel()
		e, tr := open(t)
		for range 20 {
			insert(t, e, "d", `{}`)
		}
		docs, err := tr.Find(ctx, admin, db.FindRequest{Collection: "c", Query: byID(t, 1)})
		must(t, err) // not written to since: no log is needed
		equal(t, "found", len(docs), 1)
		_, err = tr.Find(ctx, admin, db.FindRequest{Collection: "c"})
		wantCode(t, err, fault.TransactionConflict, "Transaction is conflict")
	})
	t.Run("commit", func(t *testing.T) {
		t.Parallel()
		e, tr := open(t)
		_, err := tr.Insert(ctx, admin, "c", []value.Doc{nil})
		must(t, err)
		for range 20 {
			insert(t, e, "d", `{}`)
		}
		wantCode(t, tr.Commit(ctx), fault.TransactionConflict, "Transaction is conflict")
	})
}

func TestAbortOwner(t *testing.T) {
	t.Parallel()
	e := openWith(t, "c")
	ctx := t.Context()
	f := admin.AsFunction().Through("pay", "request-1")
	left, committed := begin(t, e, f), begin(t, e, f)
	other := begin(t, e, admin.AsFunction().Through("pay", "request-2"))
	for _, tr := range []*db.Transaction{left, committed, other} {
		_, err := tr.Insert(ctx, f, "c", []value.Doc{nil})
		must(t, err)
	}
	must(t, committed.Commit(ctx))
	e.AbortOwner("pay", "request-1")
	e.AbortOwner("pay", "request-1")
	wantCode(t, left.Commit(ctx), fault.TransactionFail, "TransactionNotExist")
	must(t, other.Commit(ctx))
	equal(t, "documents", len(find(t, e, db.FindRequest{Collection: "c"})), 2)
	n, bytes := db.OpenTransactions(e)
	equal(t, "open", n+bytes, 0)
}

// TestTransactionContexts: an ended context ends the call, not the transaction.
func TestTransactionContexts(t *testing.T) {
	t.Parallel()
	e := openWith(t, "c")
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := e.Begin(ended, admin)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("Begin: %v", err)
	}
	tr := begin(t, e, admin)
	_, err = tr.Insert(t.Context(), admin, "c", []value.Doc{byID(t, 1)})
	must(t, err)
	_, err = tr.Find(ended, admin, db.FindRequest{Collection: "c"})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("Find: %v", err)
	}
	docs, err := tr.Find(t.Context(), admin, db.FindRequest{Collection: "c"})
	must(t, err)
	equal(t, "documents", len(docs), 1)
	must(t, tr.Commit(t.Context()))
}

// TestTransactionIsOneChange: followers of the log get all of it under one
// number, with net effects only.
func TestTransactionIsOneChange(t *testing.T) {
	t.Parallel()
	e := openWith(t, "a", "b")
	ctx := t.Context()
	insert(t, e, "a", `{"_id": 1, "n": 1}`, `{"_id": 2}`, `{"_id": 3}`)
	before, err := e.LastSeq(ctx)
	must(t, err)
	p := rules.Principal{Role: rules.Admin, Session: "key:k"}
	tr := begin(t, e, p)
	up := func(coll string, id int, change string, replace bool) {
		t.Helper()
		_, err := tr.Update(ctx, p, db.UpdateRequest{Collection: coll, Query: byID(t, id), Update: dbtest.Doc(t, change), Replace: replace})
		must(t, err)
	}
	up("a", 1, `{"$inc": {"n": 1}}`, false)
	up("a", 1, `{"$inc": {"n": 1}}`, false)
	up("a", 3, `{"x": 1}`, true)
	_, err = tr.Remove(ctx, p, db.RemoveRequest{Collection: "a", Query: byID(t, 2)})
	must(t, err)
	for id := range 2 {
		_, err = tr.Insert(ctx, p, "b", []value.Doc{byID(t, id)})
		must(t, err)
	}
	up("b", 1, `{"$set": {"y": 1}}`, false)
	_, err = tr.Remove(ctx, p, db.RemoveRequest{Collection: "b", Query: byID(t, 0)})
	must(t, err)
	must(t, tr.Commit(ctx))
	changes, err := e.Changes(ctx, before, 1)
	must(t, err)
	equal(t, "changes", strings.Join(changeLines(changes), ", "), "removed a 2, updated a 1, replaced a 3, added b 1")
	for _, c := range changes {
		equal(t, "number", c.Seq, before+1)
		equal(t, "actor", c.Actor.Login, "key:k")
	}
	equal(t, "after", dbtest.JSON(changes[1].Before, changes[1].After, changes[3].After), `{"_id":1,"n":1}`+"\n"+`{"_id":1,"n":3}`+"\n"+`{"_id":1,"y":1}`)
}

// TestTransactionValidates: a document that breaks the collection's rule is
// refused at once, and at the commit when the rule came in between.
func TestTransactionValidates(t *testing.T) {
	t.Parallel()
	e := openWith(t, "c")
	ctx := t.Context()
	schema := dbtest.Doc(t, `{"required": ["name"]}`)
	must(t, e.SetValidator(ctx, admin, "c", schema))
	tr := begin(t, e, admin)
	_, err := tr.Insert(ctx, admin, "c", []value.Doc{nil})
	wantCode(t, err, fault.DatabaseFailed, "name")
	_, err = tr.Insert(ctx, admin, "c", []value.Doc{dbtest.Doc(t, `{"_id": 1, "name": "a"}`)})
	must(t, err)
	_, err = tr.Update(ctx, admin, db.UpdateRequest{Collection: "c", Query: byID(t, 1), Update: dbtest.Doc(t, `{"$unset": {"name": ""}}`)})
	wantCode(t, err, fault.DatabaseFailed, "name")
	must(t, tr.Commit(ctx))
	equal(t, "documents", lines(find(t, e, db.FindRequest{Collection: "c"})), `{"_id":1,"name":"a"}`)

	must(t, e.SetValidator(ctx, admin, "c", nil))
	tr = begin(t, e, admin)
	_, err = tr.Insert(ctx, admin, "c", []value.Doc{nil})
	must(t, err)
	must(t, e.SetValidator(ctx, admin, "c", schema))
	wantCode(t, tr.Commit(ctx), fault.DatabaseFailed, "name")
}

// TestTransactionTurns: after a conflict, the next try of a server's caller has
// the documents of the last to itself among transactions; plain writes go on.
// Users' transactions take no turns.
func TestTransactionTurns(t *testing.T) {
	t.Parallel()
	alice := rules.Principal{Role: rules.User, UID: "alice"}
	for name, tc := range map[string]struct {
		p    rules.Principal
		want fault.Code // for another transaction that writes meanwhile
	}{"admin": {admin, fault.TransactionConflict}, "user": {alice, ""}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				e := dbtest.Open(t)
				ctx := t.Context()
				must(t, e.CreateCollection(ctx, admin, "c"))
				insert(t, e, "c", `{"_id": 1, "_openid": "alice"}`, `{"_id": 2, "_openid": "alice"}`)
				write := func(d documents, p rules.Principal, id int) error {
					_, err := d.Update(ctx, p, db.UpdateRequest{Collection: "c", Query: byID(t, id), Update: dbtest.Doc(t, `{"$inc": {"n": 1}}`)})
					return err
				}
				first := begin(t, e, tc.p)
				must(t, write(first, tc.p, 1))
				must(t, write(first, tc.p, 2))
				must(t, write(e, admin, 2))
				wantCode(t, first.Commit(ctx), fault.TransactionConflict, "conflict")
				_, bytes := db.OpenTransactions(e)
				equal(t, "bytes held after a conflict", bytes, 0)

				retry, other := begin(t, e, tc.p), begin(t, e, admin)
				must(t, write(retry, tc.p, 1))
				_, err := other.Count(ctx, admin, "c", nil)
				must(t, err)
				if err := write(other, admin, 2); fault.CodeOf(err) != tc.want {
					t.Errorf("another transaction: %v, want %q", err, tc.want)
				}
				must(t, write(retry, tc.p, 2))
				must(t, retry.Commit(ctx))
				must(t, write(e, admin, 1))
				must(t, write(e, admin, 2))
			})
		})
	}
}
