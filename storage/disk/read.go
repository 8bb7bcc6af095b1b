package disk

import (
	"io"
	"os"
)

// objectReader reads one range of an object. The file stays readable after
// its name has been deleted.
type objectReader struct {
	io.Reader
	f   *os.File
	end func()
}

func (o *objectReader) Close() error {
	o.end()
	return o.f.Close()
}
