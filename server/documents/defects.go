package documents

import (
	"bytes"

	"baas/db/fault"
	"baas/db/value"
)

// What the official SDKs fail to encode arrives as the objects of their
// insides (tcb-wire-protocol.md 6.3). One of them can only mean one thing and
// is put right; the others would silently match nothing, so they are refused.

// checkCommands refuses a condition that holds a command object of an SDK:
// {"operator", "operands", "fieldName"}, which is what _.elemMatch(_.gt(1).and(…))
// and commands below _.all arrive as. at names the condition. Code: InvalidParam
// naming the path.
func checkCommands(at string, d value.Doc) error {
	if isCommand(d) {
		return fault.Invalid(at, "holds a command that the SDK could not encode; write the conditions as an object of fields, "+
			"or give each element operator once, as in _.elemMatch({n: _.gt(1)})")
	}
	for key, v := range d.All() {
		if v.Type != value.TypeObject && v.Type != value.TypeArray {
			continue
		}
		if err := checkCommands(at+"."+key, v.Doc()); err != nil {
			return err
		}
	}
	return nil
}

// isCommand reports whether an object is what an SDK's command looks like from
// outside, member by member.
func isCommand(d value.Doc) bool {
	return d.Len() == 3 && d.Get("operator").Type == value.TypeString &&
		d.Get("operands").Type == value.TypeArray && !d.Get("fieldName").IsMissing()
}

// mended returns the update that an SDK meant: {"$addToSet": {"f": {"each":
// […]}}} is its way to write $each. A $pull that holds a command object is
// refused as checkCommands does.
func mended(d value.Doc) (value.Doc, error) {
	if pull := d.Get("$pull"); pull.Type == value.TypeObject {
		if err := checkCommands("data.$pull", pull.Doc()); err != nil {
			return nil, err
		}
	}
	adds := d.Get("$addToSet")
	if adds.Type != value.TypeObject || !holdsBareEach(adds.Doc()) {
		return d, nil
	}
	var b value.Builder
	for name, v := range d.All() {
		if name == "$addToSet" {
			v = withEach(v.Doc())
		}
		b.Add(name, v)
	}
	return b.Doc(), nil
}

func holdsBareEach(adds value.Doc) bool {
	for _, v := range adds.All() {
		if isBareEach(v) {
			return true
		}
	}
	return false
}

func isBareEach(v value.Value) bool {
	return v.Type == value.TypeObject && v.Doc().Len() == 1 && v.Doc().Get("each").Type == value.TypeArray
}

func withEach(adds value.Doc) value.Value {
	var b value.Builder
	for path, v := range adds.All() {
		if !isBareEach(v) {
			b.Add(path, v)
			continue
		}
		b.Object(path, func(in *value.Builder) { in.Add("$each", v.Doc().Get("each")) })
	}
	return value.FromDoc(b.Doc())
}

// withDistances returns a condition without the distances of $nearSphere that
// are null, which is how some SDKs send those that were not given.
func withDistances(d value.Doc) value.Doc {
	if !bytes.Contains(d, []byte("Distance\x00")) {
		return d
	}
	return withoutNulls(d)
}

func withoutNulls(d value.Doc) value.Doc {
	var b value.Builder
	for key, v := range d.All() {
		switch {
		case v.Type == value.TypeNull && (key == "$minDistance" || key == "$maxDistance"):
			continue
		case v.Type == value.TypeObject || v.Type == value.TypeArray:
			v = value.Value{Type: v.Type, Data: withoutNulls(v.Doc())}
		}
		b.Add(key, v)
	}
	return b.Doc()
}
