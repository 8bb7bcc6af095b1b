package nodelib

import (
	"context"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/md5"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha3"
	"crypto/sha512"
	"crypto/subtle"
	"encoding"
	"fmt"
	"hash"
	"maps"
	"math/bits"
	"slices"
	"strings"

	"github.com/dop251/goja"
	"golang.org/x/crypto/scrypt"
)

// hashes are the digests that user code may ask for.
func hashes() map[string]func() hash.Hash {
	return map[string]func() hash.Hash{
		"md5":        md5.New,
		"sha1":       sha1.New,
		"sha224":     sha256.New224,
		"sha256":     sha256.New,
		"sha384":     sha512.New384,
		"sha512":     sha512.New,
		"sha512-224": sha512.New512_224,
		"sha512-256": sha512.New512_256,
		"sha3-224":   func() hash.Hash { return sha3.New224() },
		"sha3-256":   func() hash.Hash { return sha3.New256() },
		"sha3-384":   func() hash.Hash { return sha3.New384() },
		"sha3-512":   func() hash.Hash { return sha3.New512() },
	}
}

// hashNamed finds a digest by any of the names OpenSSL takes.
func hashNamed(name string) (func() hash.Hash, error) {
	short := strings.ToLower(name)
	short = strings.TrimPrefix(short, "rsa-")
	short = strings.ReplaceAll(short, "sha-", "sha")
	short = strings.ReplaceAll(short, "/", "-")
	h, ok := hashes()[short]
	if !ok {
		return nil, &coded{class: "Error", code: "ERR_OSSL_EVP_UNSUPPORTED", message: "Digest method not supported"}
	}
	return h, nil
}

// cryptoHost binds the cryptography of crypto.js to one realm.
type cryptoHost struct {
	realm Realm
	vm    *goja.Runtime
}

// bindCrypto gives crypto.js its cryptography: all of it is Go's.
func bindCrypto(r Realm) *goja.Object {
	c := cryptoHost{realm: r, vm: r.VM()}
	funcs := Funcs{
		"hashes": func(goja.FunctionCall) goja.Value {
			names := slices.Sorted(maps.Keys(hashes()))
			items := make([]any, len(names))
			for i, name := range names {
				items[i] = name
			}
			return c.vm.NewArray(items...)
		},
		"hash":       c.hash,
		"hmac":       c.hmac,
		"random":     c.random,
		"equal":      c.equal,
		"pbkdf2":     c.derive(c.pbkdf2),
		"scrypt":     c.derive(c.scrypt),
		"hkdf":       c.derive(c.hkdf),
		"cipher":     c.cipher,
		"cipherInfo": c.cipherInfo,
	}
	maps.Copy(funcs, c.keys())
	return funcs.Object(c.vm)
}

// buffer makes an ArrayBuffer.
func (c cryptoHost) buffer(b []byte) goja.Value {
	return c.vm.ToValue(c.vm.NewArrayBuffer(b))
}

func (c cryptoHost) digest(name string) func() hash.Hash {
	h, err := hashNamed(name)
	if err != nil {
		throw(c.vm, err)
	}
	return h
}

// hash(name) → {update(bytes), digest(), copy()}
func (c cryptoHost) hash(call goja.FunctionCall) goja.Value {
	return c.hasher(c.digest(call.Argument(0).String()), nil)
}

// hmac(name, key) → {update(bytes), digest()}
func (c cryptoHost) hmac(call goja.FunctionCall) goja.Value {
	h := c.digest(call.Argument(0).String())
	key := slices.Clone(Bytes(c.vm, call.Argument(1)))
	return c.hasher(func() hash.Hash { return hmac.New(h, key) }, nil)
}

func (c cryptoHost) hasher(fresh func() hash.Hash, h hash.Hash) goja.Value {
	if h == nil {
		h = fresh()
	}
	return Funcs{
		"update": func(call goja.FunctionCall) goja.Value {
			h.Write(Bytes(c.vm, call.Argument(0)))
			return goja.Undefined()
		},
		"digest": func(goja.FunctionCall) goja.Value { return c.buffer(h.Sum(nil)) },
		"copy": func(goja.FunctionCall) goja.Value {
			twin, err := copyHash(h, fresh())
			if err != nil {
				throw(c.vm, err)
			}
			return c.hasher(fresh, twin)
		},
	}.Object(c.vm)
}

// copyHash carries the state of one hash over to a fresh one.
func copyHash(from, to hash.Hash) (hash.Hash, error) {
	state, ok := from.(encoding.BinaryMarshaler)
	target, ok2 := to.(encoding.BinaryUnmarshaler)
	if !ok || !ok2 {
		return nil, &coded{class: "Error", code: "ERR_CRYPTO_HASH_FINALIZED", message: "this digest cannot be copied"}
	}
	b, err := state.MarshalBinary()
	if err != nil {
		return nil, err
	}
	return to, target.UnmarshalBinary(b)
}

// maxRandom bounds one request for random bytes, as Node does.
const maxRandom = 1<<31 - 1

// random(n) → ArrayBuffer
func (c cryptoHost) random(call goja.FunctionCall) goja.Value {
	n := call.Argument(0).ToInteger()
	if n < 0 || n > maxRandom {
		throw(c.vm, &coded{class: "RangeError", code: "ERR_OUT_OF_RANGE", message: fmt.Sprintf(`The value of "size" is out of range. It must be >= 0 && <= %d. Received %d`, maxRandom, n)})
	}
	b := make([]byte, n)
	if _, err := rand.Read(b); err != nil {
		throw(c.vm, err)
	}
	return c.buffer(b)
}

// equal(a, b) → boolean, in constant time
func (c cryptoHost) equal(call goja.FunctionCall) goja.Value {
	a, b := Bytes(c.vm, call.Argument(0)), Bytes(c.vm, call.Argument(1))
	if len(a) != len(b) {
		throw(c.vm, &coded{class: "RangeError", code: "ERR_CRYPTO_TIMING_SAFE_EQUAL_LENGTH", message: "Input buffers must have the same byte length"})
	}
	return c.vm.ToValue(subtle.ConstantTimeCompare(a, b) == 1)
}

// derive makes the two forms of a key derivation: the first argument says
// whether a promise is wanted.
func (c cryptoHost) derive(prepare func(args []goja.Value) func() ([]byte, error)) func(goja.FunctionCall) goja.Value {
	return func(call goja.FunctionCall) goja.Value {
		work := prepare(append(slices.Clone(call.Arguments[1:]), goja.Undefined(), goja.Undefined(), goja.Undefined(), goja.Undefined(), goja.Undefined(), goja.Undefined()))
		if !call.Argument(0).ToBoolean() {
			b, err := work()
			if err != nil {
				throw(c.vm, err)
			}
			return c.buffer(b)
		}
		return await(c.realm, func(context.Context) (func() goja.Value, error) {
			b, err := work()
			return func() goja.Value { return c.buffer(b) }, err
		})
	}
}

// maxDerived bounds the length of a derived key and the memory it takes.
const (
	maxDerived    = 1 << 20
	maxIterations = 10_000_000
)

func derivedLength(v goja.Value) (int, error) {
	n := v.ToInteger()
	if n < 0 || n > maxDerived {
		return 0, &coded{class: "RangeError", code: "ERR_OUT_OF_RANGE", message: fmt.Sprintf(`The value of "keylen" is out of range. It must be >= 0 && <= %d. Received %d`, maxDerived, n)}
	}
	return int(n), nil
}

// pbkdf2(async, password, salt, iterations, length, digest)
func (c cryptoHost) pbkdf2(args []goja.Value) func() ([]byte, error) {
	password, salt := string(Bytes(c.vm, args[0])), slices.Clone(Bytes(c.vm, args[1]))
	iterations, name := args[2].ToInteger(), args[4].String()
	length, err := derivedLength(args[3])
	return func() ([]byte, error) {
		if err != nil {
			return nil, err
		}
		if iterations < 1 || iterations > maxIterations {
			return nil, &coded{class: "RangeError", code: "ERR_OUT_OF_RANGE", message: fmt.Sprintf(`The value of "iterations" is out of range. It must be >= 1 && <= %d. Received %d`, maxIterations, iterations)}
		}
		h, err := hashNamed(name)
		if err != nil {
			return nil, &coded{class: "TypeError", code: "ERR_CRYPTO_INVALID_DIGEST", message: "Invalid digest: " + name}
		}
		if length == 0 {
			return []byte{}, nil
		}
		return pbkdf2.Key(h, password, salt, int(iterations), length)
	}
}

// scrypt(async, password, salt, length, N, r, p, maxmem)
func (c cryptoHost) scrypt(args []goja.Value) func() ([]byte, error) {
	password, salt := slices.Clone(Bytes(c.vm, args[0])), slices.Clone(Bytes(c.vm, args[1]))
	n, r, p, memory := args[3].ToInteger(), args[4].ToInteger(), args[5].ToInteger(), args[6].ToInteger()
	length, err := derivedLength(args[2])
	return func() ([]byte, error) {
		if err != nil {
			return nil, err
		}
		if n < 2 || n > 1<<30 || r < 1 || r > 1<<20 || p < 1 || p > 1<<20 || bits.OnesCount64(uint64(n)) != 1 || 128*n*r > memory {
			return nil, &coded{class: "RangeError", code: "ERR_CRYPTO_INVALID_SCRYPT_PARAMS", message: "Invalid scrypt params: memory limit exceeded or N is no power of two"}
		}
		if length == 0 {
			return []byte{}, nil
		}
		return scrypt.Key(password, salt, int(n), int(r), int(p), length)
	}
}

// hkdf(async, digest, key, salt, info, length)
func (c cryptoHost) hkdf(args []goja.Value) func() ([]byte, error) {
	name := args[0].String()
	key, salt, info := slices.Clone(Bytes(c.vm, args[1])), slices.Clone(Bytes(c.vm, args[2])), string(Bytes(c.vm, args[3]))
	length, err := derivedLength(args[4])
	return func() ([]byte, error) {
		if err != nil {
			return nil, err
		}
		h, err := hashNamed(name)
		if err != nil {
			return nil, &coded{class: "TypeError", code: "ERR_CRYPTO_INVALID_DIGEST", message: "Invalid digest: " + name}
		}
		if length > 255*h().Size() {
			return nil, &coded{class: "RangeError", code: "ERR_CRYPTO_INVALID_KEYLEN", message: "Invalid key length"}
		}
		return hkdf.Key(h, key, salt, info, length)
	}
}
