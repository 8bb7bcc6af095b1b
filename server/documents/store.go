package documents

import (
	"context"

	"baas/db"
	"baas/db/rules"
	"baas/db/value"
)

// Store is where documents are read and written: a db.Engine, or one of its
// transactions. Both promise the same of these methods.
type Store interface {
	Find(ctx context.Context, p rules.Principal, q db.FindRequest) ([]value.Doc, error)
	Count(ctx context.Context, p rules.Principal, collection string, where value.Doc) (int64, error)
	Insert(ctx context.Context, p rules.Principal, collection string, docs []value.Doc) ([]value.Value, error)
	Update(ctx context.Context, p rules.Principal, q db.UpdateRequest) (db.UpdateResult, error)
	Remove(ctx context.Context, p rules.Principal, q db.RemoveRequest) (int64, error)
	Aggregate(ctx context.Context, p rules.Principal, q db.AggregateRequest) ([]value.Doc, error)
}

// Within returns the store that a request means: the transaction it names, or
// the engine itself when it names none. Code: TransactionFail for one that is
// not p's, or over.
func Within(e *db.Engine, p rules.Principal, transaction string) (Store, error) {
	if transaction == "" {
		return e, nil
	}
	t, err := e.Transaction(p, transaction)
	if err != nil {
		return nil, err
	}
	return t, nil
}
