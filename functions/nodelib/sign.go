package nodelib

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"encoding/asn1"
	"math/big"

	"github.com/dop251/goja"
)

// signing are the options of one signature.
type signing struct {
	digest  string // empty where the key's kind decides
	padding int
	salt    int  // length of PSS's salt; rsa.PSSSaltLengthAuto and …EqualsHash as in Go
	raw     bool // r and s side by side instead of DER (ieee-p1363)
}

func (c cryptoHost) signing(call goja.FunctionCall, at int) signing {
	s := signing{padding: paddingPKCS1, salt: rsa.PSSSaltLengthAuto}
	if v := call.Argument(at); isSet(v) {
		s.digest = v.String()
	}
	if v := call.Argument(at + 1); isSet(v) {
		s.padding = int(v.ToInteger())
	}
	if v := call.Argument(at + 2); isSet(v) {
		switch n := int(v.ToInteger()); {
		case n == -1: // RSA_PSS_SALTLEN_DIGEST
			s.salt = rsa.PSSSaltLengthEqualsHash
		case n >= 0:
			s.salt = n
		}
	}
	s.raw = call.Argument(at+3).String() == "ieee-p1363"
	return s
}

// sign(der, data, digest, padding, saltLength, dsaEncoding) → ArrayBuffer
func (c cryptoHost) sign(call goja.FunctionCall) goja.Value {
	out, err := signData(c.key(call.Argument(0)), Bytes(c.vm, call.Argument(1)), c.signing(call, 2))
	if err != nil {
		throw(c.vm, err)
	}
	return c.buffer(out)
}

// verify(der, data, signature, digest, padding, saltLength, dsaEncoding) → boolean
func (c cryptoHost) verify(call goja.FunctionCall) goja.Value {
	key := c.key(call.Argument(0))
	if p := publicKey(key); p != nil {
		key = p
	}
	ok, err := verifyData(key, Bytes(c.vm, call.Argument(1)), Bytes(c.vm, call.Argument(2)), c.signing(call, 3))
	if err != nil {
		throw(c.vm, err)
	}
	return c.vm.ToValue(ok)
}

// digestOf hashes data and names the hash for crypto/rsa.
func digestOf(name string, data []byte) ([]byte, crypto.Hash, error) {
	newHash, err := hashNamed(name)
	if err != nil {
		return nil, 0, err
	}
	h := newHash()
	h.Write(data)
	kinds := map[int]crypto.Hash{16: crypto.MD5, 20: crypto.SHA1, 28: crypto.SHA224, 32: crypto.SHA256, 48: crypto.SHA384, 64: crypto.SHA512}
	return h.Sum(nil), kinds[h.Size()], nil
}

func signData(key any, data []byte, s signing) ([]byte, error) {
	if k, ok := key.(ed25519.PrivateKey); ok {
		return ed25519.Sign(k, data), nil
	}
	if s.digest == "" {
		s.digest = "sha256"
	}
	sum, kind, err := digestOf(s.digest, data)
	if err != nil {
		return nil, err
	}
	switch k := key.(type) {
	case *rsa.PrivateKey:
		if s.padding == paddingPSS {
			return rsa.SignPSS(rand.Reader, k, kind, sum, &rsa.PSSOptions{SaltLength: s.salt})
		}
		return rsa.SignPKCS1v15(nil, k, kind, sum)
	case *ecdsa.PrivateKey:
		sig, err := ecdsa.SignASN1(rand.Reader, k, sum)
		if err != nil || !s.raw {
			return sig, err
		}
		return rawSignature(sig, (k.Curve.Params().BitSize+7)/8)
	}
	return nil, errKey("a private key is needed to sign")
}

func verifyData(key any, data, sig []byte, s signing) (bool, error) {
	if k, ok := key.(ed25519.PublicKey); ok {
		return ed25519.Verify(k, data, sig), nil
	}
	if s.digest == "" {
		s.digest = "sha256"
	}
	sum, kind, err := digestOf(s.digest, data)
	if err != nil {
		return false, err
	}
	switch k := key.(type) {
	case *rsa.PublicKey:
		if s.padding == paddingPSS {
			return rsa.VerifyPSS(k, kind, sum, sig, &rsa.PSSOptions{SaltLength: s.salt}) == nil, nil
		}
		return rsa.VerifyPKCS1v15(k, kind, sum, sig) == nil, nil
	case *ecdsa.PublicKey:
		if s.raw {
			sig = derSignature(sig, (k.Curve.Params().BitSize+7)/8)
		}
		return ecdsa.VerifyASN1(k, sum, sig), nil
	}
	return false, errKey("a public key is needed to verify")
}

type ecSignature struct{ R, S *big.Int }

// rawSignature puts r and s side by side, as JSON Web Tokens want them.
func rawSignature(der []byte, size int) ([]byte, error) {
	var sig ecSignature
	if _, err := asn1.Unmarshal(der, &sig); err != nil {
		return nil, err
	}
	out := make([]byte, 2*size)
	sig.R.FillBytes(out[:size])
	sig.S.FillBytes(out[size:])
	return out, nil
}

// derSignature is the way back; what is no signature yields nothing, which no
// key verifies.
func derSignature(raw []byte, size int) []byte {
	if len(raw) != 2*size {
		return nil
	}
	der, err := asn1.Marshal(ecSignature{new(big.Int).SetBytes(raw[:size]), new(big.Int).SetBytes(raw[size:])})
	if err != nil {
		return nil
	}
	return der
}

// recoverPKCS1 is OpenSSL's publicDecrypt: what privateEncrypt wrapped.
func recoverPKCS1(key *rsa.PublicKey, data []byte) ([]byte, error) {
	size := key.Size()
	m := new(big.Int).SetBytes(data)
	if len(data) > size || m.Cmp(key.N) >= 0 {
		return nil, errRSA
	}
	em := m.Exp(m, big.NewInt(int64(key.E)), key.N).FillBytes(make([]byte, size))
	if em[0] != 0 || em[1] != 1 {
		return nil, errRSA
	}
	for i := 2; i < size; i++ {
		switch em[i] {
		case 0xFF:
			continue
		case 0:
			if i >= 10 {
				return em[i+1:], nil
			}
		}
		return nil, errRSA
	}
	return nil, errRSA
}
