package storage

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"baas/db/fault"
	"baas/db/rules"
)

// A signed URL carries its own proof, because what SDKs put into headers of an
// upload is decoration (tcb-wire-protocol.md 8.2):
//
//	/files/{env}/{path}?e=expiry&n=limit&o=owner&a=1&s=signature   upload
//	/files/{env}/{path}?e=expiry&s=signature                       download
//
// The signature covers the use, the env, the path and every value.
//
// The path is not percent-encoded. Clients fetch encodeURI(url) (8.3), which
// would encode a percent sign again, and leaves "?" and "#" alone; so every
// byte that means something in a URL is written as "~" and two hex digits,
// which encodeURI does not touch. In download URLs letters of any script stay
// as they are, in upload URLs they are written as bytes too: Node refuses them.

const urlRoot = "/files/"

const (
	useUpload   = "upload"
	useDownload = "download"
)

// SignedUpload is a checked upload URL: the right to store one file.
type SignedUpload struct {
	path  string
	owner string
	admin bool
	limit int64
}

// Path returns the cloudPath that the upload is for.
func (u SignedUpload) Path() string { return u.path }

// Limit returns the largest size, in bytes, that the upload may have.
func (u SignedUpload) Limit() int64 { return u.limit }

// SignedDownload is a checked download URL: the right to read one file.
type SignedDownload struct{ path string }

// Path returns the cloudPath that the download is for.
func (d SignedDownload) Path() string { return d.path }

// signUpload returns the URL by which p may store a file.
func (s *Service) signUpload(p rules.Principal, path string) (u, signature string) {
	expiry := strconv.FormatInt(s.now().Add(s.limits.TicketLife).Unix(), 10)
	limit := strconv.FormatInt(s.limits.UploadBytes, 10)
	owner, admin := p.Owner(), ""
	if p.ByPassesRules() {
		owner, admin = "", "1" // what an admin or a function stores belongs to nobody (wx-cloud-api.md 7.3)
	}
	signature = s.mac(useUpload, path, expiry, limit, owner, admin)
	query := "?e=" + expiry + "&n=" + limit
	if owner != "" {
		query += "&o=" + url.QueryEscape(owner)
	}
	if admin != "" {
		query += "&a=" + admin
	}
	return urlRoot + s.env + "/" + escapePath(path, true) + query + "&s=" + signature, signature
}

// signDownload returns the URL by which anybody may read a file for a while.
func (s *Service) signDownload(path string, life time.Duration) string {
	expiry := strconv.FormatInt(s.now().Add(life).Unix(), 10)
	return urlRoot + s.env + "/" + escapePath(path, false) + "?e=" + expiry + "&s=" + s.mac(useDownload, path, expiry)
}

// ParseUpload checks an upload URL, path and query. Code: StorageSign.
func (s *Service) ParseUpload(u *url.URL) (SignedUpload, error) {
	path, err := s.signedPath(u)
	if err != nil {
		return SignedUpload{}, err
	}
	q := u.Query()
	limit, _ := strconv.ParseInt(q.Get("n"), 10, 64)
	err = s.verify(q, useUpload, path, q.Get("e"), q.Get("n"), q.Get("o"), q.Get("a"))
	return SignedUpload{path: path, owner: q.Get("o"), admin: q.Get("a") == "1", limit: limit}, err
}

// ParseDownload checks a download URL, path and query. Code: StorageSign.
func (s *Service) ParseDownload(u *url.URL) (SignedDownload, error) {
	path, err := s.signedPath(u)
	if err != nil {
		return SignedDownload{}, err
	}
	q := u.Query()
	return SignedDownload{path}, s.verify(q, useDownload, path, q.Get("e"))
}

// SignedEnv returns the env id in the path of a signed URL, so that a door can
// find the service that checks the rest.
func SignedEnv(u *url.URL) string {
	envID, _, _ := strings.Cut(strings.TrimPrefix(u.Path, urlRoot), "/")
	return envID
}

// signedPath reads the file's path out of a URL.
func (s *Service) signedPath(u *url.URL) (string, error) {
	rest, ok := strings.CutPrefix(u.Path, urlRoot)
	_, escaped, hasPath := strings.Cut(rest, "/")
	path, valid := unescapePath(escaped)
	if !ok || !hasPath || !valid || CheckPath(path) != nil {
		return "", fault.New(fault.StorageSign, "URL: the path is not one that this server has signed")
	}
	return path, nil
}

// verify compares a URL's signature and then looks at its expiry.
func (s *Service) verify(q url.Values, use, path string, values ...string) error {
	given := q.Get("s")
	if !hmac.Equal([]byte(given), []byte(s.mac(use, path, values...))) {
		return fault.New(fault.StorageSign, "URL: the signature does not match; ask for a new %s URL and use it unchanged", use)
	}
	expiry, err := strconv.ParseInt(q.Get("e"), 10, 64)
	if err != nil || s.now().Unix() > expiry {
		return fault.New(fault.StorageSign, "URL: it has expired; ask for a new %s URL", use)
	}
	return nil
}

// mac signs a use of a path. Each part is preceded by its length, so no two
// lists of parts read the same.
func (s *Service) mac(use, path string, values ...string) string {
	h := hmac.New(sha256.New, s.key)
	for _, part := range append([]string{"baas files 1", use, s.env, path}, values...) {
		var length [8]byte
		binary.BigEndian.PutUint64(length[:], uint64(len(part)))
		h.Write(length[:])
		h.Write([]byte(part))
	}
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil))
}

const hexDigits = "0123456789ABCDEF"

// escapePath writes a path for a signed URL.
func escapePath(path string, ascii bool) string {
	var b strings.Builder
	for i, r := range path {
		size := utf8.RuneLen(r)
		if isPlain(r) || (!ascii && r >= utf8.RuneSelf && unicode.IsPrint(r)) {
			b.WriteString(path[i : i+size])
			continue
		}
		for _, c := range []byte(path[i : i+size]) {
			b.Write([]byte{'~', hexDigits[c>>4], hexDigits[c&15]})
		}
	}
	return b.String()
}

func isPlain(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '-' || r == '_' || r == '.' || r == '/'
}

// unescapePath reads what escapePath wrote, after the URL's own encoding has
// been taken off.
func unescapePath(escaped string) (path string, ok bool) {
	var b strings.Builder
	for {
		plain, rest, found := strings.Cut(escaped, "~")
		b.WriteString(plain)
		if !found {
			return b.String(), true
		}
		if len(rest) < 2 {
			return "", false
		}
		high, low := strings.IndexByte(hexDigits, rest[0]), strings.IndexByte(hexDigits, rest[1])
		if high < 0 || low < 0 {
			return "", false
		}
		b.WriteByte(byte(high<<4 | low))
		escaped = rest[2:]
	}
}
