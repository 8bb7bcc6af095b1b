package db

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"slices"
	"time"

	"baas/db/commit"
	"baas/db/fault"
	"baas/db/kv"
	"baas/db/rules"
	"baas/db/txn"
	"baas/db/value"
)

// An intent on a document in demand is lost so long after it was taken, and a
// transaction waits so long for those of others.
const (
	intentHold = time.Second
	intentWait = time.Second
)

// TransactionLife is how long a transaction may be open, from Begin on.
const TransactionLife = 30 * time.Second

// Transaction is one client's handle on an open transaction. It sees the
// documents as they were at its first operation, and its own writes, which
// nobody else sees before Commit. Its operations are those of the Engine, with
// their codes and rules, and these besides:
//
//   - TransactionFail, with a text that contains "TransactionNotExist", once
//     it has ended: by Commit, Abort, AbortOwner, after TransactionLife, or
//     with the process.
//   - TransactionConflict, with a text that starts with
//     "[ResourceUnavailable.TransactionConflict] Transaction is conflict",
//     when others have changed a document that it writes, or that its results
//     rest on, since its first operation. All it can do then is Abort; the
//     caller begins a new one.
//   - DatabaseFailed for more than it can hold: 10,000 documents written,
//     64 MiB of them before and after, 100,000 documents read.
//
// Each operation happens whole or not at all; one that fails for another
// reason leaves the transaction as it was. Collections are neither made nor
// dropped in it, and those of the system are out of its reach. Operations run
// one after the other; those of several goroutines take turns. Each is for the
// principal that the handle was got for.
type Transaction struct {
	*transaction
	p rules.Principal
}

// transaction is an open transaction.
type transaction struct {
	e     *Engine
	id    string
	owner owner
	call  functionCall // that began it
	ends  time.Time
	turn  chan struct{} // one-slot: held by the operation under way

	// Guarded by the lock of openTransactions.
	over bool
	held int // bytes that it is counted with

	// The rest belongs to the operation under way.
	failed   error // of a conflict: all that follows fails with it
	started  bool
	snapshot uint64 // number of the newest operation it sees
	colls    map[string]uint32
	names    map[uint32]string
	own      txn.Overlay
	reads    txn.Reads
	past     map[uint32]*txn.Past
	found    int // documents read
	intents  txn.Turn
	used     []txn.Key // documents used by id, in order
}

// owner is whose a transaction is.
type owner struct {
	role rules.Role
	name string
}

func ownerOf(p rules.Principal) owner { return owner{p.Role, p.Owner()} }

// functionCall names a call of a function; request is empty outside of one.
type functionCall struct{ function, request string }

// newTransactionID returns an id that nobody can guess.
func newTransactionID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

// Begin opens a transaction of p and returns its id. Codes: DatabaseDenied for
// callers without an identity, ConcurrencyLimit when too many are open.
func (e *Engine) Begin(ctx context.Context, p rules.Principal) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", translate(err)
	}
	if asksRules(p) && p.Owner() == "" {
		return "", fault.New(fault.DatabaseDenied, "Permission denied: log in first; transactions are for callers with an identity")
	}
	t := &transaction{
		e:     e,
		id:    newTransactionID(),
		owner: ownerOf(p),
		call:  functionCall{p.Function, p.Request},
		ends:  e.opts.Now().Add(TransactionLife),
		turn:  make(chan struct{}, 1),
		colls: map[string]uint32{},
		names: map[uint32]string{},
		own:   txn.Overlay{Limits: e.bounds.transaction},
		past:  map[uint32]*txn.Past{},
	}
	if err := e.transactions.add(t); err != nil {
		return "", err
	}
	// A call of a function may have ended meanwhile, and AbortOwner have run.
	if err := ctx.Err(); err != nil {
		e.transactions.end(t)
		return "", translate(err)
	}
	return t.id, nil
}

// Transaction returns p's handle on an open transaction. Code:
// TransactionFail when there is none of that id, or it is not p's.
func (e *Engine) Transaction(p rules.Principal, id string) (*Transaction, error) {
	t := e.transactions.get(id)
	if t == nil || t.owner != ownerOf(p) {
		return nil, transactionGone()
	}
	return &Transaction{t, p}, nil
}

// AbortOwner aborts the transactions that the call of a function has begun and
// left open. The contexts of what the call asked for must have ended.
func (e *Engine) AbortOwner(function, request string) {
	e.transactions.endOf(functionCall{function, request})
}

func transactionGone() error {
	return fault.New(fault.TransactionFail,
		"[ResourceUnavailable.TransactionNotExist] Transaction does not exist on the server, transaction must be commit or abort in %d seconds; begin a new one",
		int(TransactionLife.Seconds()))
}

func transactionConflict() error {
	return fault.New(fault.TransactionConflict,
		"[ResourceUnavailable.TransactionConflict] Transaction is conflict, maybe resource operated by others; begin a new one and repeat it")
}

// operate runs one operation of p when it is the transaction's turn.
func (t *Transaction) operate(ctx context.Context, p rules.Principal, fn func() error) error {
	if ownerOf(p) != t.owner {
		return transactionGone()
	}
	leave, err := t.take(ctx)
	if err != nil {
		return err
	}
	defer leave()
	if !t.e.transactions.open(t.transaction) {
		return transactionGone()
	}
	if t.failed != nil {
		return t.failed
	}
	err = translate(fn())
	if limit, ok := errors.AsType[*txn.LimitError](err); ok {
		err = fault.New(fault.DatabaseFailed, "%s; do the work in several transactions", limit.Error())
	}
	if fault.Is(err, fault.TransactionConflict) {
		t.fail(err)
	}
	return err
}

// take waits for the transaction's turn.
func (t *transaction) take(ctx context.Context) (leave func(), err error) {
	select {
	case t.turn <- struct{}{}:
		return func() { <-t.turn }, nil
	case <-ctx.Done():
		return nil, translate(ctx.Err())
	}
}

// fail notes a conflict: the documents of the transaction are in demand, and
// what it holds of them is given back.
func (t *transaction) fail(err error) {
	t.failed = err
	if t.takesTurns() {
		t.e.intents.Conflict(t.caller(), t.used)
	}
	t.e.intents.Leave(&t.intents)
	t.e.transactions.free(t)
	t.own, t.reads, t.past = txn.Overlay{}, txn.Reads{}, nil
}

// takesTurns reports whether the transaction takes intents. Those of users do
// not: a user could keep others from documents that he may only look at.
func (t *transaction) takesTurns() bool { return t.owner.role >= rules.Admin }

// caller is whom the intents take for the same caller.
func (t *transaction) caller() string { return string(rune(t.owner.role)) + t.owner.name }

// Abort ends the transaction; nothing of it remains. Code: TransactionFail.
func (t *Transaction) Abort(ctx context.Context) error {
	leave, err := t.take(ctx)
	if err != nil {
		return err
	}
	defer leave()
	if !t.e.transactions.end(t.transaction) {
		return transactionGone()
	}
	return nil
}

// usedKeys is how many documents of a transaction are noted for its next try.
const usedKeys = 32

// use notes that a document is used by its id.
func (t *transaction) use(coll uint32, key string) {
	k := txn.Key{Coll: coll, ID: key}
	if len(t.used) < usedKeys && !slices.Contains(t.used, k) {
		t.used = append(t.used, k)
	}
}

// enter admits p to an operation on a collection. The first operation of all
// settles the snapshot; before it, the transaction takes the intent of the
// document that it asks for by id, if it asks for one.
func (t *transaction) enter(ctx context.Context, p rules.Principal, name string, op rules.Operation, ids []value.Value) (grant, error) {
	g, err := t.admit(ctx, p, name, op)
	if err != nil || t.started {
		return g, err
	}
	if len(ids) == 1 && t.takesTurns() {
		t.e.intents.Enter(ctx, &t.intents, t.caller(), txn.Key{Coll: g.coll.id, ID: keyOf(ids[0])})
	}
	err = t.e.view(ctx, func(r kv.Reader) (err error) {
		t.snapshot, err = commit.LastSeq(r)
		return err
	})
	t.started = err == nil
	return g, err
}

// admit asks the rules of a collection, which must still be the one that the
// transaction has met under this name.
func (t *transaction) admit(ctx context.Context, p rules.Principal, name string, op rules.Operation) (g grant, err error) {
	if err := checkName(name); err != nil {
		return g, err
	}
	err = t.e.view(ctx, func(r kv.Reader) (err error) {
		g, err = enter(r, p, name, op)
		return err
	})
	id, met := t.colls[name]
	if met && (fault.Is(err, fault.CollectionNotExist) || err == nil && g.coll.id != id) {
		return g, transactionConflict()
	}
	if err == nil {
		t.colls[name], t.names[g.coll.id] = g.coll.id, name
	}
	return g, err
}
