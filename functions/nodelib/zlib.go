package nodelib

import (
	"bufio"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"context"
	"errors"
	"hash/crc32"
	"io"
	"slices"

	"github.com/dop251/goja"
)

// maxInflated is what decompression yields at most when the caller names no
// limit: a few kilobytes can hold gigabytes of zeros.
const maxInflated = 128 << 20

// bindZlib gives zlib.js its codecs. Each works on the whole data: the
// streaming classes collect first.
func bindZlib(r Realm) *goja.Object {
	vm := r.VM()
	return Funcs{
		// run(async, operation, bytes, level or limit) → ArrayBuffer or a promise of one
		"run": func(call goja.FunctionCall) goja.Value {
			operation := call.Argument(1).String()
			data, number := Bytes(vm, call.Argument(2)), call.Argument(3)
			n := -1
			if isSet(number) {
				n = int(number.ToInteger())
			}
			if !call.Argument(0).ToBoolean() {
				b, err := code(operation, data, n)
				if err != nil {
					throw(vm, err)
				}
				return vm.ToValue(vm.NewArrayBuffer(b))
			}
			data = slices.Clone(data)
			return await(r, func(context.Context) (func() goja.Value, error) {
				b, err := code(operation, data, n)
				return func() goja.Value { return vm.ToValue(vm.NewArrayBuffer(b)) }, err
			})
		},
		"crc32": func(call goja.FunctionCall) goja.Value {
			return vm.ToValue(crc32.Update(uint32(call.Argument(1).ToInteger()), crc32.IEEETable, Bytes(vm, call.Argument(0))))
		},
	}.Object(vm)
}

// code runs one operation. The number is the level for compressing, the
// largest result for decompressing; -1 is the default of each.
func code(operation string, data []byte, number int) ([]byte, error) {
	switch operation {
	case "gzip", "deflate", "deflateRaw":
		return deflate(operation, data, number)
	}
	limit := maxInflated
	if number >= 0 {
		limit = number
	}
	out, err := inflate(operation, data, limit)
	if err != nil {
		return nil, inflateError(err)
	}
	return out, nil
}

func deflate(operation string, data []byte, level int) ([]byte, error) {
	if level < -1 || level > 9 {
		return nil, &coded{class: "RangeError", code: "ERR_OUT_OF_RANGE", message: `The value of "options.level" is out of range. It must be >= -1 and <= 9`}
	}
	var b bytes.Buffer
	var w io.WriteCloser
	var err error
	switch operation {
	case "gzip":
		w, err = gzip.NewWriterLevel(&b, level)
	case "deflate":
		w, err = zlib.NewWriterLevel(&b, level)
	default:
		w, err = flate.NewWriter(&b, level)
	}
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(data); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

var errInflatedTooLarge = errors.New("the result is larger than the limit")

func inflate(operation string, data []byte, limit int) ([]byte, error) {
	source := bufio.NewReader(bytes.NewReader(data))
	if operation == "unzip" {
		operation = "inflate"
		if len(data) >= 2 && data[0] == 0x1F && data[1] == 0x8B {
			operation = "gunzip"
		}
	}
	var r io.ReadCloser
	var err error
	switch operation {
	case "gunzip":
		if !bytes.HasPrefix([]byte{0x1F, 0x8B}, data[:min(len(data), 2)]) {
			return nil, gzip.ErrHeader
		}
		r, err = gzip.NewReader(source)
	case "inflate":
		r, err = zlib.NewReader(source)
	default:
		r = flate.NewReader(source)
	}
	if err != nil {
		return nil, err
	}
	out, err := io.ReadAll(io.LimitReader(r, int64(limit)+1))
	if len(out) > limit {
		return nil, errInflatedTooLarge
	}
	if errors.Is(err, gzip.ErrHeader) && len(out) > 0 {
		err = nil // garbage behind the last member, which zlib ignores, too
	}
	if err != nil {
		return nil, err
	}
	return out, r.Close()
}

func inflateError(err error) error {
	e := &coded{class: "Error", code: "Z_DATA_ERROR", message: "invalid stored block lengths", members: map[string]any{"errno": -3}}
	switch {
	case errors.Is(err, errInflatedTooLarge):
		return &coded{class: "RangeError", code: "ERR_BUFFER_TOO_LARGE", message: "Cannot create a Buffer larger than the limit of bytes"}
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		e.code, e.message, e.members = "Z_BUF_ERROR", "unexpected end of file", map[string]any{"errno": -5}
	case errors.Is(err, gzip.ErrHeader), errors.Is(err, zlib.ErrHeader):
		e.message = "incorrect header check"
	case errors.Is(err, gzip.ErrChecksum), errors.Is(err, zlib.ErrChecksum):
		e.message = "incorrect data check"
	}
	return e
}
