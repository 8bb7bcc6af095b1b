package wire

import (
	"net/http"
	"strconv"
)

// Send writes a whole reply. It says how long the body is: else net/http would
// send one of more than 2 KB in chunks, at the price of two more copies.
func Send(w http.ResponseWriter, status int, contentType string, body []byte) error {
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, err := w.Write(body)
	return err
}
