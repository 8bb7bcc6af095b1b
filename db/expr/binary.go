package expr

import (
	"encoding/base64"
	"encoding/hex"
	"strings"
	"unicode/utf8"

	"baas/db/fault"
	"baas/db/value"
)

const subtypeUUID = 4

// target is what $convert goes to: its operands to and format.
type target struct {
	kind    value.Type
	subtype byte   // of binary data
	format  string // how binary data is written as a text, empty when not said
}

// targetOf reads the operand to: a type's name or number, or {type, subtype}.
func targetOf(at string, v value.Value) (target, error) {
	if v.Type != value.TypeObject {
		kind, err := targetType(at, v)
		return target{kind: kind}, err
	}
	kind, err := targetType(at+".type", v.Doc().Get("type"))
	if err != nil {
		return target{}, err
	}
	out := target{kind: kind}
	if subtype := v.Doc().Get("subtype"); !subtype.IsMissing() {
		n, ok := subtype.AsInt64()
		if !ok || n < 0 || n > 255 {
			return target{}, fault.Refused(at+".subtype", "must be a whole number from 0 to 255")
		}
		out.subtype = byte(n)
	}
	return out, nil
}

// toBinary reads a text as binary data in the format that to names.
func toBinary(at string, x value.Value, to target) (value.Value, error) {
	if x.Type != value.TypeString {
		return value.Value{}, unsupported(at, x, to.kind)
	}
	if (to.format == "uuid") != (to.subtype == subtypeUUID) {
		return value.Value{}, fault.Refused(at, "only the UUID subtype (4) is allowed with the 'uuid' format")
	}
	var data []byte
	var err error
	switch text := x.Text(); to.format {
	case "base64":
		data, err = base64.StdEncoding.DecodeString(text)
	case "base64url":
		data, err = base64.RawURLEncoding.DecodeString(strings.TrimRight(text, "="))
	case "hex":
		data, err = hex.DecodeString(text)
	case "utf8":
		data = []byte(text)
	case "uuid":
		return parseUUID(at, x)
	default:
		return value.Value{}, needsFormat(at)
	}
	if err != nil {
		return value.Value{}, fault.Refused(at, "the input is not valid %s", to.format)
	}
	v := value.BinaryOf(data)
	v.Data[4] = to.subtype
	return v, nil
}

func needsFormat(at string) error {
	return fault.Refused(at, "needs a 'format' between binary data and texts: base64, base64url, utf8, hex or uuid")
}

// fromBinary appends binary data in the format that to names.
func fromBinary(dst []byte, at string, x value.Value, to target) ([]byte, error) {
	subtype, data := x.Binary()
	switch to.format {
	case "base64":
		return base64.StdEncoding.AppendEncode(dst, data), nil
	case "base64url":
		return base64.RawURLEncoding.AppendEncode(dst, data), nil
	case "hex":
		return append(dst, strings.ToUpper(hex.EncodeToString(data))...), nil
	case "utf8":
		if !utf8.Valid(data) {
			return nil, fault.Refused(at, "the input is not valid utf8")
		}
		return append(dst, data...), nil
	case "uuid":
		if subtype != subtypeUUID || len(data) != 16 {
			return nil, fault.Refused(at, "only the UUID subtype (4) is allowed with the 'uuid' format")
		}
		return appendUUID(dst, data), nil
	}
	return nil, needsFormat(at)
}

func appendUUID(dst, data []byte) []byte {
	for i, b := range data {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			dst = append(dst, '-')
		}
		dst = hex.AppendEncode(dst, []byte{b})
	}
	return dst
}

func parseUUID(at string, x value.Value) (value.Value, error) {
	text := x.Text()
	data, err := hex.DecodeString(strings.ReplaceAll(text, "-", ""))
	if err != nil || len(data) != 16 || string(appendUUID(nil, data)) != strings.ToLower(text) {
		return value.Value{}, fault.Refused(at, "needs a text such as \"c8edabc3-f738-4ca3-b68d-ab92a91478a3\", found: %s", x.Type.Name())
	}
	v := value.BinaryOf(data)
	v.Data[4] = subtypeUUID
	return v, nil
}

func toUUID(c *call, _ *Scope, x value.Value) (value.Value, error) {
	if nullish(x) {
		return null()
	}
	return parseUUID(c.at, x)
}
