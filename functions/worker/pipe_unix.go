//go:build unix

package worker

import (
	"io"
	"net"
	"os"
	"os/exec"

	"golang.org/x/sys/unix"
)

// childFD is where a worker finds its end of the pipe: the first of
// exec.Cmd.ExtraFiles.
const childFD = 3

// attachPipe gives cmd one end of a fresh socket pair and returns the parent's
// end. The child's copy must be closed once cmd has started or failed to.
func attachPipe(cmd *exec.Cmd) (parent io.ReadWriteCloser, child io.Closer, err error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err != nil {
		return nil, nil, err
	}
	unix.CloseOnExec(fds[0])
	unix.CloseOnExec(fds[1])
	theirs := os.NewFile(uintptr(fds[1]), "worker")
	ours := os.NewFile(uintptr(fds[0]), "worker")
	defer ours.Close() // FileConn duplicates it
	conn, err := net.FileConn(ours)
	if err != nil {
		_ = theirs.Close()
		return nil, nil, err
	}
	cmd.ExtraFiles = []*os.File{theirs}
	return conn, theirs, nil
}

// childPipe opens the child's end.
func childPipe() (io.ReadWriteCloser, error) {
	f := os.NewFile(childFD, "parent")
	defer f.Close()
	return net.FileConn(f)
}
