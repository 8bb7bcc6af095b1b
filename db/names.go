package db

import (
	"strings"

	"baas/db/fault"
)

// systemPrefix begins the names of the server's own collections. It holds a
// character that no other name may hold.
const systemPrefix = "sys."

// maxNameBytes bounds a collection name, a system prefix not counted.
const maxNameBytes = 64

func isSystem(name string) bool { return strings.HasPrefix(name, systemPrefix) }

// checkName refuses what is not a collection name: letters, digits, '_' and
// '-', first a letter or digit, 1 to 64 of them.
func checkName(name string) error {
	if name == "" {
		return fault.Invalid("collectionName", "give the name of a collection")
	}
	if len(name) > maxNameBytes {
		return fault.Invalid("collectionName", "a name has at most %d characters, this one has %d", maxNameBytes, len(name))
	}
	for i := range len(name) {
		c := name[i]
		plain := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		if !plain && (i == 0 || c != '_' && c != '-') {
			return fault.Invalid("collectionName", "use letters, digits, '_' and '-', and begin with a letter or digit")
		}
	}
	return nil
}
