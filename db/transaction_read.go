package db

import (
	"context"
	"errors"
	"math"

	"baas/db/commit"
	"baas/db/effort"
	"baas/db/kv"
	"baas/db/query"
	"baas/db/rules"
	"baas/db/txn"
	"baas/db/value"
)

// sight is a document as a transaction sees it.
type sight struct {
	at    uint64
	doc   value.Doc
	own   *txn.Entry // set when the transaction has written to it
	stale bool       // others have written to it since the snapshot
}

// before is the document as the snapshot has it, nil for a new one.
func (s sight) before() value.Doc {
	if s.own != nil {
		return s.own.Before
	}
	return s.doc
}

// Find is Engine.Find on what the transaction sees.
func (t *Transaction) Find(ctx context.Context, p rules.Principal, q FindRequest) ([]value.Doc, error) {
	f, err := compileFind(p, q)
	if err != nil {
		return nil, err
	}
	var docs []value.Doc
	err = t.operate(ctx, p, func() error {
		if docs, err = t.find(ctx, p, f); err != nil {
			return err
		}
		docs, err = f.project(effort.New(ctx, t.e.bounds.searching), docs)
		return err
	})
	if err != nil {
		return nil, err
	}
	return docs, nil
}

// find returns whole documents.
func (t *transaction) find(ctx context.Context, p rules.Principal, f compiledFind) (docs []value.Doc, err error) {
	g, err := t.enter(ctx, p, f.Collection, rules.Read, f.search.ids)
	if err != nil {
		return nil, err
	}
	if err := t.bindText(ctx, f.search, g.coll.id); err != nil {
		return nil, err
	}
	if f.sort != nil {
		docs, err = t.sorted(ctx, p, g, f)
	} else {
		docs, err = t.inOrder(ctx, p, g, f)
	}
	if err != nil {
		return nil, err
	}
	return docs, t.count(len(docs))
}

// Count is Engine.Count on what the transaction sees.
func (t *Transaction) Count(ctx context.Context, p rules.Principal, coll string, q value.Doc) (n int64, err error) {
	s, err := compileSearch(p, q)
	if err != nil {
		return 0, err
	}
	err = t.operate(ctx, p, func() error {
		g, err := t.enter(ctx, p, coll, rules.Read, s.ids)
		if err != nil {
			return err
		}
		if s.cond == nil && g.owner == "" {
			n, err = t.countAll(ctx, g)
			return err
		}
		return t.look(ctx, p, g, looking{op: rules.Read, search: s}, func(sight) error {
			n++
			return nil
		})
	})
	if err != nil {
		return 0, err
	}
	return n, nil
}

// countAll reads the collection's counter and takes back what others have
// added and removed since the snapshot.
func (t *transaction) countAll(ctx context.Context, g grant) (n int64, err error) {
	var upto uint64
	for at, more := t.snapshot, true; more; {
		err := t.e.view(ctx, func(r kv.Reader) error {
			if upto == 0 {
				c, ok, err := readCollection(r, g.coll.name)
				if err != nil {
					return err
				}
				if !ok || c.id != g.coll.id {
					return transactionConflict()
				}
				if upto, err = commit.LastSeq(r); err != nil {
					return err
				}
				n = int64(c.count)
			}
			var err error
			at, more, err = eachTouch(r, at, t.e.bounds, func(to touch) error {
				switch {
				case to.coll != g.coll.id || to.seq > upto:
				case to.kind == Added:
					n--
				case to.kind == Removed:
					n++
				}
				return nil
			})
			more = more && at < upto
			return err
		})
		if errors.Is(err, commit.ErrTrimmed) {
			err = transactionConflict()
		}
		if err != nil {
			return 0, err
		}
	}
	for e := range t.own.Entries(g.coll.id) {
		switch {
		case e.New() && e.After != nil:
			n++
		case !e.New() && e.After == nil:
			n--
		}
	}
	t.reads.Search(g.coll.id, query.All(), math.MaxUint64)
	return n, nil
}

// count counts documents read.
func (t *transaction) count(n int) error {
	most := t.e.bounds.transaction.Reads
	if t.found += n; most > 0 && t.found > most {
		return &txn.LimitError{What: "documents read", Most: most}
	}
	return nil
}

func (t *transaction) sorted(ctx context.Context, p rules.Principal, g grant, f compiledFind) ([]value.Doc, error) {
	c := newCollector(f.search.order(f.sort), f.Skip, f.Limit, t.e.bounds)
	l := looking{op: rules.Read, search: f.search, sort: f.sort, first: f.first()}
	err := t.look(ctx, p, g, l, func(s sight) error {
		return c.offer(hit{at: place(s.at), doc: s.doc})
	})
	if err != nil {
		return nil, err
	}
	return c.docs(), nil
}

func (t *transaction) inOrder(ctx context.Context, p rules.Principal, g grant, f compiledFind) ([]value.Doc, error) {
	l := looking{op: rules.Read, search: f.search, first: f.first()}
	list, err := t.gather(ctx, p, g, l)
	if err != nil {
		return nil, err
	}
	list = list[min(f.Skip, int64(len(list))):]
	docs := make([]value.Doc, len(list))
	for i, s := range list {
		docs[i] = s.doc
	}
	return docs, nil
}
