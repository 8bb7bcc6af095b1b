package storage

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"unicode"
	"unicode/utf8"

	"baas/db/fault"
)

// MaxPath is the longest cloudPath, in bytes (wx-cloud-api.md 7.2).
const MaxPath = 850

// CheckPath reports what is wrong with a cloudPath (wx-cloud-api.md 7.2): the
// name of a file in an env's storage, folders separated by slashes. Any text
// will do except what could mean something to a file system or a URL parser.
// Code: InvalidParam, each case with a text of its own.
func CheckPath(path string) error {
	const field = "cloudPath"
	switch {
	case path == "":
		return fault.Invalid(field, "must not be empty")
	case len(path) > MaxPath:
		return fault.Invalid(field, "has %d bytes; at most %d are allowed", len(path), MaxPath)
	case !utf8.ValidString(path):
		return fault.Invalid(field, "must be valid UTF-8")
	case strings.ContainsRune(path, 0):
		return fault.Invalid(field, "must not contain a NUL character")
	case strings.ContainsFunc(path, unicode.IsControl):
		return fault.Invalid(field, "must not contain control characters such as line breaks and tabs")
	case strings.Contains(path, `\`):
		return fault.Invalid(field, `must not contain "\"; separate folders with "/"`)
	case strings.HasPrefix(path, "/"):
		return fault.Invalid(field, `must not start with "/"`)
	case strings.HasSuffix(path, "/"):
		return fault.Invalid(field, `must not end with "/": it names a file, and folders exist by themselves`)
	case strings.Contains(path, "//"):
		return fault.Invalid(field, `must not contain "//"`)
	}
	for segment := range strings.SplitSeq(path, "/") {
		if segment == "." || segment == ".." {
			return fault.Invalid(field, `must not contain "." or ".." as the name of a folder or file`)
		}
	}
	return nil
}

const scheme = "cloud://"

// fileID returns the permanent id of a path: cloud://env.bucket/path, the path
// as it is, not URL-encoded (7.1).
func (s *Service) fileID(path string) string {
	return scheme + s.env + "." + s.bucket + "/" + path
}

// parseID returns the path that a fileID names in this env. The bucket is not
// compared: an env may have been moved here with ids that hold its old one.
func (s *Service) parseID(id string) (string, error) {
	const field = "fileID"
	rest, ok := strings.CutPrefix(id, scheme)
	if !ok {
		return "", fault.Invalid(field, "must have the form cloud://env.bucket/path")
	}
	place, path, ok := strings.Cut(rest, "/")
	envID, bucket, hasBucket := strings.Cut(place, ".")
	if !ok || !hasBucket || envID == "" || bucket == "" {
		return "", fault.Invalid(field, "must have the form cloud://env.bucket/path")
	}
	if err := CheckPath(path); err != nil {
		return "", fault.Invalid(field, "the path in it is not valid; %s", fault.Text(err))
	}
	if envID != s.env && !s.knows(envID) {
		return "", fault.New(fault.FileNotExist, "fileID: it belongs to the env %q, not to this one", envID)
	}
	return path, nil
}

// rowID is the _id of a path's row: short, of fixed length, and a part of the
// keys of all objects that were ever stored for the path, so that the sweeper
// finds the row of an object without a search.
func rowID(path string) string {
	sum := sha256.Sum256([]byte(path))
	return hex.EncodeToString(sum[:16])
}

const rowIDLen = 32

// newKey returns a fresh write-once key for an object of a path. Its first two
// characters spread the objects over 256 folders.
func (s *Service) newKey(path string) string {
	row := rowID(path)
	return row[:2] + "/" + row + "-" + s.newID()
}

// rowOfKey returns the rowID within a key that newKey made.
func rowOfKey(key string) (row string, ok bool) {
	_, name, ok := strings.Cut(key, "/")
	if !ok || len(name) <= rowIDLen || name[rowIDLen] != '-' {
		return "", false
	}
	return name[:rowIDLen], true
}
