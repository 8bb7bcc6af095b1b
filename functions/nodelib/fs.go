package nodelib

import (
	"crypto/rand"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"syscall"
	"time"

	"github.com/dop251/goja"
)

// fsHost binds the files of one realm for fs.js. Every operation is done at
// once: the files are local and small, and the promise and callback forms only
// deliver later.
type fsHost struct {
	vm    *goja.Runtime
	files *Files
}

// bindFS gives fs.js its operations. Their names in errors are Node's.
func bindFS(r Realm) *goja.Object {
	h := fsHost{vm: r.VM(), files: r.Files()}
	return Funcs{
		"readFile":  h.readFile,
		"open":      h.open,
		"close":     h.close,
		"read":      h.read,
		"write":     h.write,
		"sync":      h.sync,
		"ftruncate": h.ftruncate,
		"truncate":  h.truncate,
		"stat":      h.stat,
		"fstat":     h.fstat,
		"readdir":   h.readdir,
		"mkdir":     h.mkdir,
		"mkdtemp":   h.mkdtemp,
		"remove":    h.remove,
		"rename":    h.rename,
		"link":      h.link,
		"readlink":  h.readlink,
		"realpath":  h.realpath,
		"utimes":    h.utimes,
		"access":    h.access,
	}.Object(h.vm)
}

// check raises a system error with the call and names it concerns.
func (h fsHost) check(err error, call string, names ...string) {
	if err == nil {
		return
	}
	e := errnoOf(err)
	members := map[string]any{"errno": -e.number, "syscall": call}
	text := e.code + ": " + e.text + ", " + call
	if len(names) > 0 {
		text += " '" + names[0] + "'"
		members["path"] = names[0]
	}
	if len(names) > 1 {
		text += " -> '" + names[1] + "'"
		members["dest"] = names[1]
	}
	throw(h.vm, &coded{class: "Error", code: e.code, message: text, members: members})
}

func (h fsHost) locate(name, call string) place {
	p, err := h.files.locate(name)
	h.check(err, call, name)
	return p
}

func (h fsHost) forWriting(name, call string) place {
	p, err := h.files.forWriting(name)
	h.check(err, call, name)
	return p
}

func (h fsHost) file(v goja.Value, call string) *os.File {
	f, ok := h.files.open[int(v.ToInteger())]
	if !ok {
		h.check(syscall.EBADF, call)
	}
	return f
}

// readFile(name) → ArrayBuffer
func (h fsHost) readFile(call goja.FunctionCall) goja.Value {
	name := call.Argument(0).String()
	p := h.locate(name, "open")
	info, err := p.root.Stat(p.name)
	h.check(err, "open", name)
	if info.IsDir() {
		h.check(syscall.EISDIR, "read")
	}
	b, err := p.root.ReadFile(p.name)
	h.check(err, "open", name)
	return h.vm.ToValue(h.vm.NewArrayBuffer(b))
}

// The bits of Node's open flags on Linux.
const (
	oWrite    = 1
	oReadBoth = 2
	oCreate   = 64
	oExcl     = 128
	oTrunc    = 512
	oAppend   = 1024
)

func openFlags(bits int64) int {
	flags := os.O_RDONLY
	switch {
	case bits&oReadBoth != 0:
		flags = os.O_RDWR
	case bits&oWrite != 0:
		flags = os.O_WRONLY
	}
	for bit, flag := range map[int64]int{oCreate: os.O_CREATE, oExcl: os.O_EXCL, oTrunc: os.O_TRUNC, oAppend: os.O_APPEND} {
		if bits&bit != 0 {
			flags |= flag
		}
	}
	return flags
}

// open(name, flags) → descriptor
func (h fsHost) open(call goja.FunctionCall) goja.Value {
	name, bits := call.Argument(0).String(), call.Argument(1).ToInteger()
	var p place
	if bits&(oWrite|oReadBoth|oCreate|oTrunc|oAppend) != 0 {
		p = h.forWriting(name, "open")
	} else {
		p = h.locate(name, "open")
	}
	f, err := p.root.OpenFile(p.name, openFlags(bits), 0o600)
	h.check(err, "open", name)
	fd, err := h.files.add(f)
	h.check(err, "open", name)
	return h.vm.ToValue(fd)
}

func (h fsHost) close(call goja.FunctionCall) goja.Value {
	f := h.file(call.Argument(0), "close")
	delete(h.files.open, int(call.Argument(0).ToInteger()))
	h.check(f.Close(), "close")
	return goja.Undefined()
}

// read(descriptor, view, position or null) → bytes read
func (h fsHost) read(call goja.FunctionCall) goja.Value {
	f, b := h.file(call.Argument(0), "read"), Bytes(h.vm, call.Argument(1))
	var n int
	var err error
	if position := call.Argument(2); isSet(position) && position.ToInteger() >= 0 {
		n, err = f.ReadAt(b, position.ToInteger())
	} else {
		n, err = f.Read(b)
	}
	if !errors.Is(err, io.EOF) {
		h.check(err, "read")
	}
	return h.vm.ToValue(n)
}

// write(descriptor, bytes, position or null) → bytes written
func (h fsHost) write(call goja.FunctionCall) goja.Value {
	f, b := h.file(call.Argument(0), "write"), Bytes(h.vm, call.Argument(1))
	h.check(h.files.spend(len(b)), "write")
	var n int
	var err error
	if position := call.Argument(2); isSet(position) && position.ToInteger() >= 0 {
		n, err = f.WriteAt(b, position.ToInteger())
	} else {
		n, err = f.Write(b)
	}
	h.check(err, "write")
	return h.vm.ToValue(n)
}

func (h fsHost) sync(call goja.FunctionCall) goja.Value {
	h.check(h.file(call.Argument(0), "fsync").Sync(), "fsync")
	return goja.Undefined()
}

func (h fsHost) ftruncate(call goja.FunctionCall) goja.Value {
	h.resize(h.file(call.Argument(0), "ftruncate"), call.Argument(1).ToInteger(), "ftruncate")
	return goja.Undefined()
}

// truncate(name, length)
func (h fsHost) truncate(call goja.FunctionCall) goja.Value {
	name := call.Argument(0).String()
	p := h.forWriting(name, "open")
	f, err := p.root.OpenFile(p.name, os.O_WRONLY, 0)
	h.check(err, "open", name)
	defer f.Close()
	h.resize(f, call.Argument(1).ToInteger(), "ftruncate")
	return goja.Undefined()
}

func (h fsHost) resize(f *os.File, length int64, call string) {
	if length > maxTempBytes {
		h.check(syscall.EFBIG, call)
	}
	h.check(h.files.spend(int(max(length, 0))), call)
	h.check(f.Truncate(max(length, 0)), call)
}

// info makes [mode, size, mtimeMs, kind] of a file, kind being f, d, l or o.
func (h fsHost) info(i fs.FileInfo) goja.Value {
	kind, bits := "o", 0
	switch {
	case i.Mode().IsRegular():
		kind, bits = "f", 0o100000
	case i.IsDir():
		kind, bits = "d", 0o040000
	case i.Mode()&fs.ModeSymlink != 0:
		kind, bits = "l", 0o120000
	}
	return h.vm.NewArray(bits|int(i.Mode().Perm()), i.Size(), float64(i.ModTime().UnixMicro())/1000, kind)
}

// stat(name, follow) → info
func (h fsHost) stat(call goja.FunctionCall) goja.Value {
	name, follow := call.Argument(0).String(), call.Argument(1).ToBoolean()
	operation := "lstat"
	if follow {
		operation = "stat"
	}
	p := h.locate(name, operation)
	look := p.root.Lstat
	if follow {
		look = p.root.Stat
	}
	i, err := look(p.name)
	h.check(err, operation, name)
	return h.info(i)
}

func (h fsHost) fstat(call goja.FunctionCall) goja.Value {
	i, err := h.file(call.Argument(0), "fstat").Stat()
	h.check(err, "fstat")
	return h.info(i)
}

// readdir(name) → [[name, kind], …], sorted by name
func (h fsHost) readdir(call goja.FunctionCall) goja.Value {
	name := call.Argument(0).String()
	p := h.locate(name, "scandir")
	entries, err := fs.ReadDir(p.root.FS(), p.name)
	h.check(err, "scandir", name)
	items := make([]any, len(entries))
	for n, e := range entries {
		kind := "o"
		switch {
		case e.Type().IsRegular():
			kind = "f"
		case e.IsDir():
			kind = "d"
		case e.Type()&fs.ModeSymlink != 0:
			kind = "l"
		}
		items[n] = h.vm.NewArray(e.Name(), kind)
	}
	return h.vm.NewArray(items...)
}

// mkdir(name, recursive)
func (h fsHost) mkdir(call goja.FunctionCall) goja.Value {
	name := call.Argument(0).String()
	p, err := h.files.locate(name)
	recursive := call.Argument(1).ToBoolean()
	if err == nil && !p.writable && recursive {
		if i, err := p.root.Stat(p.name); err == nil && i.IsDir() {
			return goja.Undefined()
		}
	}
	p = h.forWriting(name, "mkdir")
	create := p.root.Mkdir
	if recursive {
		create = p.root.MkdirAll
	}
	h.check(create(p.name, 0o700), "mkdir", name)
	return goja.Undefined()
}

// mkdtemp(prefix) → name
func (h fsHost) mkdtemp(call goja.FunctionCall) goja.Value {
	name := call.Argument(0).String() + rand.Text()[:6]
	p := h.forWriting(name, "mkdtemp")
	h.check(p.root.Mkdir(p.name, 0o700), "mkdtemp", name)
	return h.vm.ToValue(name)
}

// remove(name, kind): kind is "file", "dir" or "tree"
func (h fsHost) remove(call goja.FunctionCall) goja.Value {
	name, kind := call.Argument(0).String(), call.Argument(1).String()
	operation := map[string]string{"file": "unlink", "dir": "rmdir", "tree": "rm"}[kind]
	p := h.forWriting(name, operation)
	i, err := p.root.Lstat(p.name)
	h.check(err, operation, name)
	switch {
	case p.name == ".":
		h.check(syscall.EPERM, operation, name)
	case kind == "file" && i.IsDir():
		h.check(syscall.EISDIR, operation, name)
	case kind == "dir" && !i.IsDir():
		h.check(syscall.ENOTDIR, operation, name)
	case kind == "tree":
		h.check(p.root.RemoveAll(p.name), operation, name)
		return goja.Undefined()
	}
	h.check(p.root.Remove(p.name), operation, name)
	return goja.Undefined()
}

// rename(from, to)
func (h fsHost) rename(call goja.FunctionCall) goja.Value {
	from, to := call.Argument(0).String(), call.Argument(1).String()
	a, err := h.files.forWriting(from)
	h.check(err, "rename", from, to)
	b, err := h.files.forWriting(to)
	h.check(err, "rename", from, to)
	h.check(a.root.Rename(a.name, b.name), "rename", from, to)
	return goja.Undefined()
}

// link(target, name, symbolic)
func (h fsHost) link(call goja.FunctionCall) goja.Value {
	target, name := call.Argument(0).String(), call.Argument(1).String()
	operation := "link"
	if call.Argument(2).ToBoolean() {
		operation = "symlink"
	}
	b, err := h.files.forWriting(name)
	h.check(err, operation, target, name)
	if operation == "link" {
		a, err := h.files.forWriting(target)
		h.check(err, operation, target, name)
		h.check(a.root.Link(a.name, b.name), operation, target, name)
		return goja.Undefined()
	}
	if path.IsAbs(target) {
		// On the disk the name would be another's.
		h.check(syscall.EPERM, operation, target, name)
	}
	h.check(b.root.Symlink(target, b.name), operation, target, name)
	return goja.Undefined()
}

func (h fsHost) readlink(call goja.FunctionCall) goja.Value {
	name := call.Argument(0).String()
	p := h.locate(name, "readlink")
	target, err := p.root.Readlink(p.name)
	h.check(err, "readlink", name)
	return h.vm.ToValue(target)
}

// realpath(name) → the clean absolute name of what is there
func (h fsHost) realpath(call goja.FunctionCall) goja.Value {
	name := call.Argument(0).String()
	p := h.locate(name, "realpath")
	_, err := p.root.Stat(p.name)
	h.check(err, "realpath", name)
	if !path.IsAbs(name) {
		name = path.Join(codeDir, name)
	}
	return h.vm.ToValue(path.Clean(name))
}

// utimes(name, atime, mtime), both in seconds
func (h fsHost) utimes(call goja.FunctionCall) goja.Value {
	name := call.Argument(0).String()
	p := h.forWriting(name, "utime")
	at := func(v goja.Value) time.Time { return time.UnixMicro(int64(v.ToFloat() * 1e6)) }
	h.check(p.root.Chtimes(p.name, at(call.Argument(1)), at(call.Argument(2))), "utime", name)
	return goja.Undefined()
}

// access(name, mode): mode's bit 2 asks for writing
func (h fsHost) access(call goja.FunctionCall) goja.Value {
	name := call.Argument(0).String()
	p := h.locate(name, "access")
	_, err := p.root.Stat(p.name)
	h.check(err, "access", name)
	if call.Argument(1).ToInteger()&2 != 0 && !p.writable {
		h.check(syscall.EROFS, "access", name)
	}
	return goja.Undefined()
}
