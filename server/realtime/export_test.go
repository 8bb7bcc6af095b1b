package realtime

// Watching returns how many watches the feeds of a Hub deliver to.
func Watching(h *Hub) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	n := 0
	for _, f := range h.feeds {
		f.mu.Lock()
		n += f.router.Len()
		f.mu.Unlock()
	}
	return n
}

// ParseFrame reads a frame as a session does and returns its type.
func ParseFrame(text []byte) (msgType string, err error) {
	r, err := parseRequest(text)
	if err != nil {
		return r.msgType, err
	}
	if r.msgType == msgInit {
		_, err = parseInit("dev", r.data)
	}
	return r.msgType, err
}

// SignQuery makes a queryID.
func SignQuery(key []byte, collection, query string) (string, error) {
	return spec{Env: "dev", Collection: collection, Query: query}.sign(key)
}

// OpenQuery reads a queryID.
func OpenQuery(key []byte, token string) (collection, query string, err error) {
	s, err := openToken(key, token, "dev")
	return s.Collection, s.Query, err
}
