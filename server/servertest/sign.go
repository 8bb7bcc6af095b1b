package servertest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Signed makes a request to /admin with a JSON object as body, signed by the
// house's key pair as the server SDKs do it (tcb-wire-protocol.md 4.1). A body
// that is no object is signed as one without members.
func (h *House) Signed(t testing.TB, body []byte) *http.Request {
	t.Helper()
	return h.SignedAt(t, body, time.Now())
}

// SignedAt is Signed with the client's clock at now.
func (h *House) SignedAt(t testing.TB, body []byte, now time.Time) *http.Request {
	t.Helper()
	r := h.Request(t, http.MethodPost, "/admin?env="+h.Env.ID, body)
	r.Header.Set("Content-Type", "application/json")
	stamp, date := strconv.FormatInt(now.Unix(), 10), now.UTC().Format(time.DateOnly)
	names, payload := payload(body)
	canonical := "post\n//" + r.URL.Host + "/admin\n" + r.URL.RawQuery +
		"\ncontent-type:application/json\nhost:" + r.URL.Host + "\n\ncontent-type;host\n" + payload
	sum := sha256.Sum256([]byte(canonical))
	scope := date + "/tcb/tc3_request"
	key := mac(mac(mac([]byte("TC3"+h.Key.SecretKey), date), "tcb"), "tc3_request")
	signature := hex.EncodeToString(mac(key, "TC3-HMAC-SHA256\n"+stamp+"\n"+scope+"\n"+hex.EncodeToString(sum[:])))
	r.Header.Set("X-Timestamp", stamp)
	r.Header.Set("X-Signature-Expires", "600")
	r.Header.Set("Authorization", "TC3-HMAC-SHA256 Credential="+h.Key.SecretID+"/"+scope+
		", SignedParams="+names+", SignedHeaders=content-type;host, Signature="+signature)
	return r
}

// payload returns the names of the signed members and the hash over them.
func payload(body []byte) (names, hash string) {
	var members map[string]json.RawMessage
	_ = json.Unmarshal(body, &members) // a bad body has no members
	byName := map[string]string{}
	for name, raw := range members {
		value := string(raw)
		var text string
		if json.Unmarshal(raw, &text) == nil {
			value = text
		}
		if value = strings.TrimSpace(value); value != "" {
			byName[strings.ToLower(name)] = value
		}
	}
	list := make([]string, 0, len(byName))
	for name := range byName {
		list = append(list, name)
	}
	slices.Sort(list)
	sum := sha256.New()
	for _, name := range list {
		sum.Write([]byte("&" + name + "=" + byName[name] + "\r\n"))
	}
	return strings.Join(list, ";"), hex.EncodeToString(sum.Sum(nil))
}

func mac(key []byte, text string) []byte {
	m := hmac.New(sha256.New, key)
	m.Write([]byte(text))
	return m.Sum(nil)
}
