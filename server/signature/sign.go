package signature

import (
	"encoding/hex"
	"net/http"
	"strconv"
	"time"
)

// Sign puts a TC3 signature in the cloud API form (tcb-wire-protocol.md 4.2)
// on r, whose body is body. r must not be changed afterwards.
func Sign(r *http.Request, body []byte, id, secret string, now time.Time) error {
	c := TC3{
		ID: id, date: now.UTC().Format(time.DateOnly), timestamp: strconv.FormatInt(now.Unix(), 10),
		signedHeaders: []string{"content-type", "host"},
	}
	canonical, err := c.cloudRequest(Request{
		Method: r.Method, Host: r.URL.Host, Path: r.URL.EscapedPath(), RawQuery: r.URL.RawQuery, Header: r.Header, Body: body,
	})
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", tc3Algorithm+" Credential="+c.ID+"/"+c.date+tc3Scope+
		", SignedHeaders=content-type;host, Signature="+hex.EncodeToString(c.sign(c.timestamp, canonical, secret))+
		", Timestamp="+c.timestamp)
	return nil
}
