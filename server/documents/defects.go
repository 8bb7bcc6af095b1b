package documents

import (
	"bytes"

	"baas/db/fault"
	"baas/db/value"
)

// What the official SDKs fail to encode arrives as the objects of their
// insides (tcb-wire-protocol.md 6.3). They would silently match nothing, so
// they are refused.

// checkCommands refuses a condition that holds a command object of an SDK:
// {"operator", "operands", "fieldName"}, which is what combined commands inside of
// _.elemMatch and commands below _.all arrive as, at any depth. at names the
// condition. Code: InvalidParam naming the path.
func checkCommands(at string, d value.Doc) error {
	if isCommand(d) {
		return fault.Invalid(at, "the SDK sends a combined command here as an object of its own; write the conditions as an object of fields, "+
			"each with one operator, as in _.elemMatch({n: _.gt(1)})")
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

// checkUpdate refuses a $pull that holds a command object, as checkCommands
// does. The other defect of updates, an $addToSet without the $ of $each, is
// understood by db/update.
func checkUpdate(d value.Doc) error {
	pull := d.Get("$pull")
	if pull.Type != value.TypeObject {
		return nil
	}
	return checkCommands("data.$pull", pull.Doc())
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
