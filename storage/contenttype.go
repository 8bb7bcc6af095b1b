package storage

import (
	"mime"
	"net/http"
	"path"
	"strings"
)

const (
	octetStream = "application/octet-stream"
	sniffLen    = 512 // bytes that decide about the type
)

// contentType decides what a file is. Content that is recognised without doubt
// wins, so that a page cannot be passed off as a picture (threats.md, "stored
// XSS by upload"). Where content only shows the wrapping (a zip, plain text,
// some bytes) the type the sender declared is taken, or else the one its name
// suggests, unless the content speaks against it.
func contentType(head []byte, declared, name string) string {
	sniffed := http.DetectContentType(head)
	if !isWrapping(sniffed) {
		return sniffed
	}
	claim := cleanType(declared)
	if claim == "" {
		claim = typeByName(name)
	}
	if claim == "" || contradicts(sniffed, claim) {
		return sniffed
	}
	return claim
}

// isWrapping reports whether content of this sniffed type may be of a finer
// type that sniffing does not know.
func isWrapping(sniffed string) bool {
	base, _, _ := strings.Cut(sniffed, ";")
	switch base {
	case octetStream, "text/plain", "application/zip", "application/x-gzip", "application/ogg":
		return true
	}
	return false
}

// contradicts reports whether content cannot be what is claimed: a text or an
// archive is no picture, sound or film, and bytes are no text.
func contradicts(sniffed, claim string) bool {
	kind, _, _ := strings.Cut(claim, "/")
	media := (kind == "image" && !strings.HasPrefix(claim, "image/svg")) || kind == "audio" || kind == "video"
	switch {
	case strings.HasPrefix(sniffed, "text/"):
		return media
	case sniffed == octetStream:
		return kind == "text"
	case sniffed == "application/ogg":
		return kind != "audio" && kind != "video"
	default: // archives
		return media || kind == "text"
	}
}

// cleanType returns a declared type in its normal form, or empty when it says
// nothing: missing, malformed, or what clients send for want of a better one.
func cleanType(declared string) string {
	if len(declared) > 255 {
		return ""
	}
	base, params, err := mime.ParseMediaType(declared)
	if err != nil || !strings.Contains(base, "/") || strings.Contains(base, "*") {
		return ""
	}
	switch base {
	case octetStream, "binary/octet-stream", "multipart/form-data", "application/x-www-form-urlencoded":
		return ""
	}
	if charset, ok := params["charset"]; ok {
		return mime.FormatMediaType(base, map[string]string{"charset": charset})
	}
	return base
}

// typeByName knows the extensions that apps store most. It is a table of our
// own: the system's differs from machine to machine.
func typeByName(name string) string {
	switch strings.ToLower(path.Ext(name)) {
	case ".avif":
		return "image/avif"
	case ".heic":
		return "image/heic"
	case ".svg":
		return "image/svg+xml"
	case ".mp3":
		return "audio/mpeg"
	case ".m4a":
		return "audio/mp4"
	case ".aac":
		return "audio/aac"
	case ".ogg", ".oga":
		return "audio/ogg"
	case ".ogv":
		return "video/ogg"
	case ".mp4", ".m4v":
		return "video/mp4"
	case ".mov":
		return "video/quicktime"
	case ".txt", ".log", ".md":
		return "text/plain; charset=utf-8"
	case ".csv":
		return "text/csv; charset=utf-8"
	case ".htm", ".html":
		return "text/html; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".js", ".mjs":
		return "text/javascript; charset=utf-8"
	case ".json":
		return "application/json"
	case ".xml":
		return "application/xml"
	case ".docx":
		return "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
	case ".xlsx":
		return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	case ".pptx":
		return "application/vnd.openxmlformats-officedocument.presentationml.presentation"
	}
	return ""
}
