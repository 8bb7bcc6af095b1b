package gate

import (
	"context"
	"io"
)

// Reader returns r as a reader that ends with ctx, between two reads, and then
// with ctx's cause. It hides what else r can do: io.Copy must come by here.
func Reader(ctx context.Context, r io.Reader) io.Reader {
	return &reader{ctx: ctx, r: r}
}

type reader struct {
	ctx context.Context
	r   io.Reader
}

func (g *reader) Read(p []byte) (int, error) {
	if g.ctx.Err() != nil {
		return 0, context.Cause(g.ctx)
	}
	n, err := g.r.Read(p)
	if err != nil && g.ctx.Err() != nil {
		// A source that ends because of the context did not end by itself.
		return n, context.Cause(g.ctx)
	}
	return n, err
}
