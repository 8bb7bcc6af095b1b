package nodelib

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/dop251/goja"
)

// Keys cross the boundary as DER: PKCS #8 for private ones, SPKI for public
// ones. They are parsed anew for each use, so no Go value stays in JavaScript.

// keys are the host functions of asymmetric cryptography.
func (c cryptoHost) keys() Funcs {
	return Funcs{
		"parseKey":    c.parseKey,
		"exportKey":   c.exportKey,
		"publicOf":    c.publicOf,
		"generate":    c.generate,
		"sign":        c.sign,
		"verify":      c.verify,
		"rsa":         c.rsa,
		"certificate": c.certificate,
	}
}

func errKey(text string) error {
	return &coded{class: "Error", code: "ERR_OSSL_UNSUPPORTED", message: "error:1E08010C:DECODER routines::unsupported: " + text}
}

// readKey reads PEM or DER in any of the usual wrappings.
func readKey(data []byte) (any, error) {
	if block, _ := pem.Decode(data); block != nil {
		if block.Headers["DEK-Info"] != "" || strings.HasPrefix(block.Type, "ENCRYPTED") {
			return nil, errKey("keys with a passphrase are not available in cloud functions")
		}
		data = block.Bytes
	}
	for _, parse := range []func([]byte) (any, error){
		func(b []byte) (any, error) { return x509.ParsePKCS8PrivateKey(b) },
		func(b []byte) (any, error) { return x509.ParsePKCS1PrivateKey(b) },
		func(b []byte) (any, error) { return x509.ParseECPrivateKey(b) },
		x509.ParsePKIXPublicKey,
		func(b []byte) (any, error) { return x509.ParsePKCS1PublicKey(b) },
		func(b []byte) (any, error) {
			cert, err := x509.ParseCertificate(b)
			if err != nil {
				return nil, err
			}
			return cert.PublicKey, nil
		},
	} {
		if key, err := parse(data); err == nil {
			return key, nil
		}
	}
	return nil, errKey("the text is no key")
}

// parseKey(data) → {kind, type, der, bits, curve}
func (c cryptoHost) parseKey(call goja.FunctionCall) goja.Value {
	key, err := readKey(Bytes(c.vm, call.Argument(0)))
	if err != nil {
		throw(c.vm, err)
	}
	return c.keyInfo(key)
}

func (c cryptoHost) keyInfo(key any) goja.Value {
	o := c.vm.NewObject()
	kind, marshal := "private", x509.MarshalPKCS8PrivateKey
	public := publicKey(key)
	if public == nil {
		kind, public, marshal = "public", key, x509.MarshalPKIXPublicKey
	}
	der, err := marshal(key)
	if err != nil {
		throw(c.vm, errKey(err.Error()))
	}
	mustSet(o, "kind", c.vm.ToValue(kind))
	mustSet(o, "der", c.buffer(der))
	switch p := public.(type) {
	case *rsa.PublicKey:
		mustSet(o, "type", c.vm.ToValue("rsa"))
		mustSet(o, "bits", c.vm.ToValue(p.N.BitLen()))
		mustSet(o, "exponent", c.vm.ToValue(p.E))
	case *ecdsa.PublicKey:
		mustSet(o, "type", c.vm.ToValue("ec"))
		mustSet(o, "curve", c.vm.ToValue(curveName(p.Curve)))
	case ed25519.PublicKey:
		mustSet(o, "type", c.vm.ToValue("ed25519"))
	default:
		throw(c.vm, errKey("this kind of key is not available in cloud functions"))
	}
	return o
}

// publicKey returns the public half of a private key, nil for other keys.
func publicKey(key any) crypto.PublicKey {
	if s, ok := key.(crypto.Signer); ok {
		return s.Public()
	}
	return nil
}

func curveName(c elliptic.Curve) string {
	switch c {
	case elliptic.P256():
		return "prime256v1"
	case elliptic.P384():
		return "secp384r1"
	case elliptic.P521():
		return "secp521r1"
	}
	return "secp224r1"
}

func (c cryptoHost) key(v goja.Value) any {
	key, err := readKey(Bytes(c.vm, v))
	if err != nil {
		throw(c.vm, err)
	}
	return key
}

// publicOf(der) → the key's info, of its public half
func (c cryptoHost) publicOf(call goja.FunctionCall) goja.Value {
	key := c.key(call.Argument(0))
	if p := publicKey(key); p != nil {
		key = p
	}
	return c.keyInfo(key)
}

// exportKey(der, wrapping, pem) → string or ArrayBuffer
func (c cryptoHost) exportKey(call goja.FunctionCall) goja.Value {
	key, wrapping := c.key(call.Argument(0)), call.Argument(1).String()
	der, label, err := marshalKey(key, wrapping)
	if err != nil {
		throw(c.vm, err)
	}
	if !call.Argument(2).ToBoolean() {
		return c.buffer(der)
	}
	return c.vm.ToValue(string(pem.EncodeToMemory(&pem.Block{Type: label, Bytes: der})))
}

func marshalKey(key any, wrapping string) (der []byte, label string, err error) {
	switch k := key.(type) {
	case *rsa.PrivateKey:
		if wrapping == "pkcs1" {
			return x509.MarshalPKCS1PrivateKey(k), "RSA PRIVATE KEY", nil
		}
	case *ecdsa.PrivateKey:
		if wrapping == "sec1" {
			der, err = x509.MarshalECPrivateKey(k)
			return der, "EC PRIVATE KEY", err
		}
	case *rsa.PublicKey:
		if wrapping == "pkcs1" {
			return x509.MarshalPKCS1PublicKey(k), "RSA PUBLIC KEY", nil
		}
	}
	switch {
	case wrapping == "pkcs8" && publicKey(key) != nil:
		der, err = x509.MarshalPKCS8PrivateKey(key)
		return der, "PRIVATE KEY", err
	case wrapping == "spki" && publicKey(key) == nil:
		der, err = x509.MarshalPKIXPublicKey(key)
		return der, "PUBLIC KEY", err
	}
	return nil, "", &coded{class: "TypeError", code: "ERR_INVALID_ARG_VALUE", message: "The property 'options.type' is invalid for this key: " + wrapping}
}

// generate(type, bits or curve) → the private key's info
func (c cryptoHost) generate(call goja.FunctionCall) goja.Value {
	key, err := generateKey(call.Argument(0).String(), call.Argument(1))
	if err != nil {
		throw(c.vm, err)
	}
	return c.keyInfo(key)
}

func generateKey(kind string, size goja.Value) (any, error) {
	switch kind {
	case "rsa", "rsa-pss":
		bits := size.ToInteger()
		if bits < 1024 || bits > 8192 {
			return nil, &coded{class: "RangeError", code: "ERR_OUT_OF_RANGE", message: fmt.Sprintf(`The value of "options.modulusLength" is out of range. It must be >= 1024 && <= 8192. Received %d`, bits)}
		}
		return rsa.GenerateKey(rand.Reader, int(bits))
	case "ec":
		curves := map[string]elliptic.Curve{
			"prime256v1": elliptic.P256(), "P-256": elliptic.P256(), "secp384r1": elliptic.P384(), "P-384": elliptic.P384(),
			"secp521r1": elliptic.P521(), "P-521": elliptic.P521(),
		}
		curve, ok := curves[size.String()]
		if !ok {
			return nil, &coded{class: "TypeError", code: "ERR_CRYPTO_INVALID_CURVE", message: "Invalid EC curve name"}
		}
		return ecdsa.GenerateKey(curve, rand.Reader)
	case "ed25519":
		_, key, err := ed25519.GenerateKey(rand.Reader)
		return key, err
	}
	return nil, &coded{class: "TypeError", code: "ERR_INVALID_ARG_VALUE", message: "The argument 'type' must be a supported key type. Received '" + kind + "'"}
}

// certificate(data) → the members of X509Certificate that need no names
func (c cryptoHost) certificate(call goja.FunctionCall) goja.Value {
	data := Bytes(c.vm, call.Argument(0))
	if block, _ := pem.Decode(data); block != nil {
		data = block.Bytes
	}
	cert, err := x509.ParseCertificate(data)
	if err != nil {
		throw(c.vm, errKey("the text is no certificate"))
	}
	der, err := x509.MarshalPKIXPublicKey(cert.PublicKey)
	if err != nil {
		throw(c.vm, errKey(err.Error()))
	}
	const layout = "Jan _2 15:04:05 2006 GMT"
	o := c.vm.NewObject()
	for name, value := range map[string]any{
		"serialNumber": strings.ToUpper(hex.EncodeToString(cert.SerialNumber.Bytes())),
		"subject":      strings.ReplaceAll(cert.Subject.String(), ",", "\n"),
		"issuer":       strings.ReplaceAll(cert.Issuer.String(), ",", "\n"),
		"validFrom":    cert.NotBefore.UTC().Format(layout),
		"validTo":      cert.NotAfter.UTC().Format(layout),
		"ca":           cert.IsCA,
		"validNow":     time.Now().After(cert.NotBefore) && time.Now().Before(cert.NotAfter),
	} {
		mustSet(o, name, c.vm.ToValue(value))
	}
	mustSet(o, "raw", c.buffer(cert.Raw))
	mustSet(o, "publicKey", c.buffer(der))
	return o
}

// rsa(operation, der, data, padding, digest, label) → ArrayBuffer. Operations
// are publicEncrypt, privateDecrypt, privateEncrypt and publicDecrypt.
func (c cryptoHost) rsa(call goja.FunctionCall) goja.Value {
	key, data := c.key(call.Argument(1)), Bytes(c.vm, call.Argument(2))
	out, err := rsaCrypt(call.Argument(0).String(), key, data, rsaPadding{
		number: int(call.Argument(3).ToInteger()),
		digest: call.Argument(4).String(),
		label:  optionalBytes(c.vm, call.Argument(5)),
	})
	if err != nil {
		throw(c.vm, err)
	}
	return c.buffer(out)
}

func optionalBytes(vm *goja.Runtime, v goja.Value) []byte {
	if !isSet(v) {
		return nil
	}
	return Bytes(vm, v)
}

// The paddings' numbers in crypto.constants.
const (
	paddingPKCS1 = 1
	paddingOAEP  = 4
	paddingPSS   = 6
)

type rsaPadding struct {
	number int
	digest string
	label  []byte
}

var errRSA = errors.New("error:0200009F:rsa routines::pkcs decoding error")

func rsaCrypt(operation string, key any, data []byte, p rsaPadding) ([]byte, error) {
	private, _ := key.(*rsa.PrivateKey)
	public, _ := key.(*rsa.PublicKey)
	if private != nil {
		public = &private.PublicKey
	}
	needsPrivate := strings.HasPrefix(operation, "private")
	if needsPrivate && private == nil || public == nil {
		return nil, errKey("an RSA key is needed")
	}
	out, err := rsaOperation(operation, private, public, data, p)
	if err != nil {
		return nil, &coded{class: "Error", code: "ERR_OSSL_RSA_PKCS_DECODING_ERROR", message: errRSA.Error()}
	}
	return out, nil
}

func rsaOperation(operation string, private *rsa.PrivateKey, public *rsa.PublicKey, data []byte, p rsaPadding) ([]byte, error) {
	switch operation {
	case "privateEncrypt":
		return rsa.SignPKCS1v15(nil, private, 0, data)
	case "publicDecrypt":
		return recoverPKCS1(public, data)
	}
	if p.number == paddingPKCS1 {
		if operation == "publicEncrypt" {
			return rsa.EncryptPKCS1v15(rand.Reader, public, data) //nolint:staticcheck // Node offers it, and old services ask for nothing else
		}
		return rsa.DecryptPKCS1v15(nil, private, data) //nolint:staticcheck // as above
	}
	h, err := hashNamed(p.digest)
	if err != nil {
		return nil, err
	}
	if operation == "publicEncrypt" {
		return rsa.EncryptOAEP(h(), rand.Reader, public, data, p.label)
	}
	return rsa.DecryptOAEP(h(), nil, private, data, p.label)
}
