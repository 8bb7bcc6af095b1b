package realtime_test

import (
	"strings"
	"testing"

	"baas/db/fault"
	"baas/server/realtime"
)

// FuzzFrame: whatever a client sends is read or refused as a bad parameter.
func FuzzFrame(f *testing.F) {
	for _, text := range []string{
		`{"requestId":"1","msgType":"PING","msgData":null}`,
		`{"watchId":"w","requestId":"1","msgType":"INIT_WATCH","msgData":{"envId":"e","collName":"c","query":"{\"a\":1}","limit":5,"orderBy":{"t":"asc"}}}`,
		`{"requestId":"1","msgType":"LOGIN","msgData":{"envId":"e"},"exMsgData":{"signStr":"s"}}`,
		`{"watchId":"w","msgType":"INIT_WATCH","msgData":{"query":"\"{}\""}}`,
		`[`, `{"msgType":{}}`, "\xff",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if _, err := realtime.ParseFrame(text); err != nil && !fault.Is(err, fault.InvalidParam) {
			t.Errorf("%q: %v", text, err)
		}
	})
}

// FuzzQueryID: a token gives back what was signed, and nothing else is one.
func FuzzQueryID(f *testing.F) {
	key := []byte("a key of thirty-two bytes, really")
	f.Add("c", `{"a":1}`, "e30.e30")
	f.Fuzz(func(t *testing.T, collection, query, forged string) {
		if _, _, err := realtime.OpenQuery(key, forged); !fault.Is(err, fault.WatchQueryInvalid) {
			t.Errorf("%q is taken for a token: %v", forged, err)
		}
		// A frame's strings are Unicode once they are read.
		collection, query = strings.ToValidUTF8(collection, "?"), strings.ToValidUTF8(query, "?")
		token, err := realtime.SignQuery(key, collection, query)
		if err != nil {
			t.Fatal(err)
		}
		c, q, err := realtime.OpenQuery(key, token)
		if err != nil {
			t.Fatal(err)
		}
		if c != collection || q != query {
			t.Errorf("%q, %q came back as %q, %q", collection, query, c, q)
		}
		if _, _, err := realtime.OpenQuery([]byte("another key"), token); !fault.Is(err, fault.WatchQueryInvalid) {
			t.Errorf("a token signed with another key: %v", err)
		}
	})
}
