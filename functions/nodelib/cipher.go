package nodelib

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"crypto/subtle"
	"slices"
	"strings"

	"github.com/dop251/goja"
)

// cipherSpec is one algorithm name taken apart.
type cipherSpec struct {
	keyBytes int
	ivBytes  int // what the mode needs; GCM takes any
	mode     string
	block    func(key []byte) (cipher.Block, error)
}

// ciphers are the algorithms of createCipheriv.
func ciphers() map[string]cipherSpec {
	all := make(map[string]cipherSpec)
	for _, size := range []struct {
		name  string
		bytes int
	}{{"aes-128", 16}, {"aes-192", 24}, {"aes-256", 32}} {
		all[size.name+"-cbc"] = cipherSpec{size.bytes, aes.BlockSize, "cbc", aes.NewCipher}
		all[size.name+"-ctr"] = cipherSpec{size.bytes, aes.BlockSize, "ctr", aes.NewCipher}
		all[size.name+"-ecb"] = cipherSpec{size.bytes, 0, "ecb", aes.NewCipher}
		all[size.name+"-gcm"] = cipherSpec{size.bytes, 12, "gcm", aes.NewCipher}
	}
	all["des-cbc"] = cipherSpec{8, des.BlockSize, "cbc", des.NewCipher}
	all["des-ecb"] = cipherSpec{8, 0, "ecb", des.NewCipher}
	all["des-ede3-cbc"] = cipherSpec{24, des.BlockSize, "cbc", des.NewTripleDESCipher}
	all["des-ede3-ecb"] = cipherSpec{24, 0, "ecb", des.NewTripleDESCipher}
	return all
}

func cipherNamed(name string) (cipherSpec, bool) {
	name = strings.ToLower(name)
	switch name {
	case "aes128", "aes192", "aes256":
		name = "aes-" + name[3:] + "-cbc"
	case "id-aes128-gcm", "id-aes192-gcm", "id-aes256-gcm":
		name = "aes-" + name[6:9] + "-gcm"
	case "des-ede3", "des3":
		name = "des-ede3-cbc"
	}
	spec, ok := ciphers()[name]
	return spec, ok
}

// cipherInfo(name) → [key bytes, iv bytes, mode] or undefined; cipherInfo() →
// all names.
func (c cryptoHost) cipherInfo(call goja.FunctionCall) goja.Value {
	if goja.IsUndefined(call.Argument(0)) {
		var names []any
		for name := range ciphers() {
			names = append(names, name)
		}
		return c.vm.NewArray(names...)
	}
	spec, ok := cipherNamed(call.Argument(0).String())
	if !ok {
		return goja.Undefined()
	}
	return c.vm.NewArray(spec.keyBytes, spec.ivBytes, spec.mode)
}

// stream is one encryption or decryption under way.
type stream interface {
	update(data []byte) ([]byte, error)
	final() ([]byte, error)
}

// cipher(name, key, iv, decrypt, tagBytes) →
// {update(bytes), final(), padding(on), aad(bytes), tag(), setTag(bytes)}
func (c cryptoHost) cipher(call goja.FunctionCall) goja.Value {
	s, err := c.stream(call)
	if err != nil {
		throw(c.vm, err)
	}
	yield := func(b []byte, err error) goja.Value {
		if err != nil {
			throw(c.vm, err)
		}
		return c.buffer(b)
	}
	authenticated := func() *gcmStream {
		g, ok := s.(*gcmStream)
		if !ok {
			throw(c.vm, &coded{class: "Error", code: "ERR_CRYPTO_INVALID_STATE", message: "this cipher has no authentication tag"})
		}
		return g
	}
	return Funcs{
		"update": func(call goja.FunctionCall) goja.Value { return yield(s.update(Bytes(c.vm, call.Argument(0)))) },
		"final":  func(goja.FunctionCall) goja.Value { return yield(s.final()) },
		"padding": func(call goja.FunctionCall) goja.Value {
			if b, ok := s.(*blockStream); ok {
				b.padding = call.Argument(0).ToBoolean()
			}
			return goja.Undefined()
		},
		"aad": func(call goja.FunctionCall) goja.Value {
			g := authenticated()
			g.aad = append(g.aad, Bytes(c.vm, call.Argument(0))...)
			return goja.Undefined()
		},
		"tag": func(goja.FunctionCall) goja.Value { return yield(slices.Clone(authenticated().tag), nil) },
		"setTag": func(call goja.FunctionCall) goja.Value {
			authenticated().tag = slices.Clone(Bytes(c.vm, call.Argument(0)))
			return goja.Undefined()
		},
	}.Object(c.vm)
}

func (c cryptoHost) stream(call goja.FunctionCall) (stream, error) {
	spec, ok := cipherNamed(call.Argument(0).String())
	if !ok {
		return nil, &coded{class: "Error", code: "ERR_CRYPTO_UNKNOWN_CIPHER", message: "Unknown cipher"}
	}
	key := Bytes(c.vm, call.Argument(1))
	var iv []byte
	if isSet(call.Argument(2)) {
		iv = slices.Clone(Bytes(c.vm, call.Argument(2)))
	}
	decrypt := call.Argument(3).ToBoolean()
	if len(key) != spec.keyBytes {
		return nil, &coded{class: "RangeError", code: "ERR_CRYPTO_INVALID_KEYLEN", message: "Invalid key length"}
	}
	if spec.mode == "gcm" && len(iv) == 0 || spec.mode != "gcm" && len(iv) != spec.ivBytes {
		return nil, &coded{class: "TypeError", code: "ERR_CRYPTO_INVALID_IV", message: "Invalid initialization vector"}
	}
	block, err := spec.block(key)
	if err != nil {
		return nil, err
	}
	switch spec.mode {
	case "ctr":
		return ctrStream{cipher.NewCTR(block, iv)}, nil
	case "gcm":
		tagBytes := 16
		if isSet(call.Argument(4)) {
			tagBytes = int(call.Argument(4).ToInteger())
		}
		return newGCM(block, iv, tagBytes, decrypt)
	}
	return &blockStream{size: block.BlockSize(), crypt: blockMode(block, iv, spec.mode, decrypt), decrypt: decrypt, padding: true}, nil
}

type ctrStream struct{ s cipher.Stream }

func (s ctrStream) update(data []byte) ([]byte, error) {
	out := make([]byte, len(data))
	s.s.XORKeyStream(out, data)
	return out, nil
}

func (s ctrStream) final() ([]byte, error) { return nil, nil }

// blockMode returns the function that crypts whole blocks in place.
func blockMode(block cipher.Block, iv []byte, mode string, decrypt bool) func([]byte) {
	switch {
	case mode == "cbc" && decrypt:
		m := cipher.NewCBCDecrypter(block, iv)
		return func(b []byte) { m.CryptBlocks(b, b) }
	case mode == "cbc":
		m := cipher.NewCBCEncrypter(block, iv)
		return func(b []byte) { m.CryptBlocks(b, b) }
	}
	one := block.Encrypt
	if decrypt {
		one = block.Decrypt
	}
	size := block.BlockSize()
	return func(b []byte) {
		for ; len(b) > 0; b = b[size:] {
			one(b[:size], b[:size])
		}
	}
}

// blockStream crypts block by block, with PKCS#7 padding unless it is off.
type blockStream struct {
	size    int
	crypt   func([]byte)
	decrypt bool
	padding bool
	rest    []byte
}

func (s *blockStream) update(data []byte) ([]byte, error) {
	s.rest = append(s.rest, data...)
	whole := len(s.rest) / s.size * s.size
	if s.decrypt && s.padding && whole == len(s.rest) && whole > 0 {
		whole -= s.size // the last block holds the padding
	}
	out := slices.Clone(s.rest[:whole])
	s.rest = slices.Clone(s.rest[whole:])
	s.crypt(out)
	return out, nil
}

func (s *blockStream) final() ([]byte, error) {
	out := s.rest
	s.rest = nil
	if !s.decrypt && s.padding {
		n := s.size - len(out)%s.size
		for range n {
			out = append(out, byte(n))
		}
	}
	if len(out)%s.size != 0 || s.decrypt && s.padding && len(out) == 0 {
		return nil, &coded{class: "Error", code: "ERR_OSSL_WRONG_FINAL_BLOCK_LENGTH", message: "error:1C80006B:Provider routines::wrong final block length"}
	}
	s.crypt(out)
	if !s.decrypt || !s.padding {
		return out, nil
	}
	n := int(out[len(out)-1])
	if n == 0 || n > s.size {
		return nil, errBadDecrypt()
	}
	for _, b := range out[len(out)-n:] {
		if int(b) != n {
			return nil, errBadDecrypt()
		}
	}
	return out[:len(out)-n], nil
}

func errBadDecrypt() error {
	return &coded{class: "Error", code: "ERR_OSSL_BAD_DECRYPT", message: "error:1C800064:Provider routines::bad decrypt"}
}

// gcmStream yields text as it comes, as Node does, and keeps it for the tag.
type gcmStream struct {
	aead    cipher.AEAD
	iv      []byte
	keys    cipher.Stream // for a nonce of 12 bytes
	decrypt bool
	bytes   int // of the tag
	aad     []byte
	text    []byte // the ciphertext so far when decrypting, else the plaintext
	tag     []byte
}

func newGCM(block cipher.Block, iv []byte, tagBytes int, decrypt bool) (stream, error) {
	if tagBytes < 4 || tagBytes > 16 {
		return nil, &coded{class: "TypeError", code: "ERR_CRYPTO_INVALID_AUTH_TAG", message: "Invalid authentication tag length"}
	}
	aead, err := cipher.NewGCMWithNonceSize(block, len(iv))
	if err != nil {
		return nil, err
	}
	g := &gcmStream{aead: aead, iv: iv, decrypt: decrypt, bytes: tagBytes}
	if len(iv) == 12 {
		g.keys = cipher.NewCTR(block, append(slices.Clone(iv), 0, 0, 0, 2))
	}
	return g, nil
}

func (g *gcmStream) update(data []byte) ([]byte, error) {
	before := len(g.text)
	g.text = append(g.text, data...)
	if g.keys != nil {
		out := make([]byte, len(data))
		g.keys.XORKeyStream(out, data)
		return out, nil
	}
	// For other nonces only the AEAD knows the key stream; sealing is its own
	// inverse but for the tag.
	return g.aead.Seal(nil, g.iv, g.text, nil)[before:len(g.text)], nil
}

func (g *gcmStream) final() ([]byte, error) {
	plain := g.text
	if g.decrypt {
		plain = g.aead.Seal(nil, g.iv, g.text, nil)[:len(g.text)]
	}
	sealed := g.aead.Seal(nil, g.iv, plain, g.aad)
	tag := sealed[len(plain):]
	if !g.decrypt {
		g.tag = tag[:g.bytes]
		return nil, nil
	}
	if n := len(g.tag); n < 4 || n > 16 || subtle.ConstantTimeCompare(tag[:n], g.tag) != 1 {
		return nil, &coded{class: "Error", message: "Unsupported state or unable to authenticate data"}
	}
	return nil, nil
}
