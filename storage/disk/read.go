package disk

import (
	"context"
	"io"
	"os"
)

// guardedReader ends with its context, between two reads.
type guardedReader struct {
	ctx context.Context
	r   io.Reader
}

func (g *guardedReader) Read(p []byte) (int, error) {
	if g.ctx.Err() != nil {
		return 0, context.Cause(g.ctx)
	}
	n, err := g.r.Read(p)
	if err == io.EOF && g.ctx.Err() != nil {
		return n, context.Cause(g.ctx) // a source that ends because of the context did not end by itself
	}
	return n, err
}

// objectReader reads one range of an object. The file stays readable after
// its name has been deleted.
type objectReader struct {
	guardedReader
	f   *os.File
	end func()
}

func (o *objectReader) Close() error {
	o.end()
	return o.f.Close()
}
