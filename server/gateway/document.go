package gateway

import (
	"context"

	"baas/db/fault"
	"baas/db/value"
	"baas/server/documents"
)

// one is the condition for the document that the path names.
func (in *request) one() value.Doc {
	var b value.Builder
	b.AddString("_id", in.param("id"))
	return b.Doc()
}

func (in *request) notFound() error {
	return fault.New(fault.DocumentNotFound,
		"document with _id %.80s does not exist, or you have no right to it", in.param("id"))
}

// getOne answers the document itself.
func getOne(ctx context.Context, in *request) ([]byte, error) {
	store, err := in.store(in.query.Get("transactionId"))
	if err != nil {
		return nil, err
	}
	f := documents.Find{Collection: in.param("collection"), Where: in.one(), Limit: 1}
	found, err := f.Run(ctx, store, in.p)
	if err != nil {
		return nil, err
	}
	if len(found.Docs) == 0 {
		return nil, in.notFound()
	}
	out := value.AppendCanonical(nil, value.FromDoc(found.Docs[0]))
	return out, documents.CheckSize(in.p, len(out))
}

func updateOne(ctx context.Context, in *request) ([]byte, error) {
	body, store, err := in.asked()
	if err != nil {
		return nil, err
	}
	c, err := in.change(body)
	if err != nil {
		return nil, err
	}
	c.Where = in.one()
	if c.ReturnDoc, err = body.Bool("returnDoc", false); err != nil {
		return nil, err
	}
	done, err := c.Run(ctx, store, in.p)
	if err != nil {
		return nil, err
	}
	if done.Matched == 0 && done.UpsertedID.IsMissing() {
		return nil, in.notFound()
	}
	out := changed(done)
	if done.Doc != nil {
		out = value.AppendCanonical(append(out, `,"doc":`...), value.FromDoc(done.Doc))
	}
	return append(out, '}'), nil
}

func removeOne(ctx context.Context, in *request) ([]byte, error) {
	store, err := in.store(in.query.Get("transactionId"))
	if err != nil {
		return nil, err
	}
	n, err := documents.Remove(ctx, store, in.p, in.param("collection"), in.one(), false)
	if err == nil && n == 0 {
		err = in.notFound()
	}
	return deleted(n), err
}
