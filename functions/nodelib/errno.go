package nodelib

import (
	"errors"
	"io/fs"
	"strings"
	"syscall"
)

// errno is what Node tells of a system error.
type errno struct {
	number int
	code   string
	text   string
}

func errnoOf(err error) errno {
	number, ok := errors.AsType[syscall.Errno](err)
	switch {
	case ok:
	case errors.Is(err, fs.ErrNotExist):
		number = syscall.ENOENT
	case errors.Is(err, fs.ErrExist):
		number = syscall.EEXIST
	case errors.Is(err, fs.ErrPermission):
		number = syscall.EACCES
	case errors.Is(err, fs.ErrClosed):
		number = syscall.EBADF
	case strings.Contains(err.Error(), "path escapes"): // os.Root has no error value for it
		number = syscall.EACCES
	default:
		number = syscall.EIO
	}
	switch number {
	case syscall.EPERM:
		return errno{1, "EPERM", "operation not permitted"}
	case syscall.ENOENT:
		return errno{2, "ENOENT", "no such file or directory"}
	case syscall.EBADF:
		return errno{9, "EBADF", "bad file descriptor"}
	case syscall.EACCES:
		return errno{13, "EACCES", "permission denied"}
	case syscall.EEXIST:
		return errno{17, "EEXIST", "file already exists"}
	case syscall.EXDEV:
		return errno{18, "EXDEV", "cross-device link not permitted"}
	case syscall.ENOTDIR:
		return errno{20, "ENOTDIR", "not a directory"}
	case syscall.EISDIR:
		return errno{21, "EISDIR", "illegal operation on a directory"}
	case syscall.EINVAL:
		return errno{22, "EINVAL", "invalid argument"}
	case syscall.EMFILE:
		return errno{24, "EMFILE", "too many open files"}
	case syscall.EFBIG:
		return errno{27, "EFBIG", "file too large"}
	case syscall.ENOSPC:
		return errno{28, "ENOSPC", "no space left on device"}
	case syscall.EROFS:
		return errno{30, "EROFS", "read-only file system"}
	case syscall.ENAMETOOLONG:
		return errno{36, "ENAMETOOLONG", "name too long"}
	case syscall.ENOTEMPTY:
		return errno{39, "ENOTEMPTY", "directory not empty"}
	case syscall.ELOOP:
		return errno{40, "ELOOP", "too many symbolic links encountered"}
	}
	return errno{5, "EIO", "i/o error"}
}
