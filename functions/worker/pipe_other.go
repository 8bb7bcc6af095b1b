//go:build !unix

package worker

import (
	"errors"
	"io"
	"os"
	"os/exec"
)

// Where a child cannot inherit a socket, its standard streams are the pipe.

type streams struct {
	io.Reader
	io.WriteCloser
	in io.Closer
}

func (s streams) Close() error { return errors.Join(s.WriteCloser.Close(), s.in.Close()) }

func attachPipe(cmd *exec.Cmd) (parent io.ReadWriteCloser, child io.Closer, err error) {
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, nil, errors.Join(err, in.Close())
	}
	return streams{out, in, out}, io.NopCloser(nil), nil
}

func childPipe() (io.ReadWriteCloser, error) {
	return streams{os.Stdin, os.Stdout, os.Stdin}, nil
}
