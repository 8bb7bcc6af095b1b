package gateway

import (
	"context"

	"baas/db"
	"baas/server/documents"
	"baas/server/wire"
)

func startTransaction(ctx context.Context, in *request) ([]byte, error) {
	id, err := in.env.DB.Begin(ctx, in.p)
	return append(wire.AppendText([]byte("{"), "transactionId", id), '}'), err
}

func endTransaction(end func(*db.Transaction, context.Context) error) handler {
	return func(ctx context.Context, in *request) ([]byte, error) {
		t, err := in.env.DB.Transaction(in.p, in.param("transaction"))
		if err != nil {
			return nil, err
		}
		return []byte("{}"), end(t, ctx)
	}
}

// store returns where a request reads and writes: the transaction of that id,
// or the engine when there is none.
func (in *request) store(transaction string) (documents.Store, error) {
	return documents.Within(in.env.DB, in.p, transaction)
}
