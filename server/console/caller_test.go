package console_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
	"testing"
	"time"

	"baas/server/auth"
)

func TestLocalCredential(t *testing.T) {
	t.Parallel()
	h := open(t)
	cookie := h.setUp(t)
	for _, tc := range []struct {
		name, header, cookie string
		status               int
	}{
		{"right", "Bearer " + credential, "", 200},
		{"wrong", "Bearer guess", "", 401},
		{"empty", "Bearer ", "", 401},
		{"without scheme", credential, "", 401},
		{"another scheme", "Basic " + credential, "", 401},
		{"wrong beside a good cookie", "Bearer guess", cookie, 401},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a := h.send(t, "GET", "/console/api/envs", "", tc.cookie, "Authorization", tc.header)
			if a.status != tc.status {
				t.Fatalf("got %d %s", a.status, a.text)
			}
		})
	}
	a := h.send(t, "POST", "/console/api/envs", `{"id":"shop"}`, "", "Authorization", "Bearer "+credential)
	if a.status != 200 || a.body["id"] != "shop" {
		t.Fatalf("create an environment: %d %s", a.status, a.text)
	}
}

// sign makes the cloud API form of a TC3 signature (tcb-wire-protocol.md 4.2),
// written here once more so that door and test share no code.
func (h *house) sign(method, path, body string, key auth.Key) []string {
	sum := func(text string) string { s := sha256.Sum256([]byte(text)); return hex.EncodeToString(s[:]) }
	with := func(key []byte, text string) []byte {
		m := hmac.New(sha256.New, key)
		m.Write([]byte(text))
		return m.Sum(nil)
	}
	now := time.Unix(0, h.now.Load())
	stamp, date := strconv.FormatInt(now.Unix(), 10), now.UTC().Format(time.DateOnly)
	headers := "content-type:application/json\nhost:" + strings.TrimPrefix(h.url, "http://") + "\n"
	canonical := strings.Join([]string{method, path, "", headers, "content-type;host", sum(body)}, "\n")
	scope := date + "/tcb/tc3_request"
	signing := with(with(with([]byte("TC3"+key.SecretKey), date), "tcb"), "tc3_request")
	signature := hex.EncodeToString(with(signing, "TC3-HMAC-SHA256\n"+stamp+"\n"+scope+"\n"+sum(canonical)))
	return []string{
		"Content-Type", "application/json",
		"Authorization", "TC3-HMAC-SHA256 Credential=" + key.SecretID + "/" + scope +
			", SignedHeaders=content-type;host, Signature=" + signature + ", Timestamp=" + stamp,
	}
}

func TestKeyOfAnEnvironmentOpensThatOneOnly(t *testing.T) {
	t.Parallel()
	h := open(t)
	dev, err := h.envs.Get("dev")
	if err != nil {
		t.Fatal(err)
	}
	other, err := h.envs.Create(t.Context(), "other")
	if err != nil {
		t.Fatal(err)
	}
	key, err := dev.Auth.CreateKey(t.Context(), auth.KeyAdmin)
	if err != nil {
		t.Fatal(err)
	}
	foreign, err := other.Auth.CreateKey(t.Context(), auth.KeyAPI)
	if err != nil {
		t.Fatal(err)
	}
	wrong := auth.Key{SecretID: key.SecretID, SecretKey: "guess"}
	unknown := auth.Key{SecretID: "AKIDunknown", SecretKey: key.SecretKey}
	const keys = "/console/api/dev/keys"
	for _, tc := range []struct {
		name, method, path, body string
		headers                  []string
		status                   int
	}{
		{"own environment", "GET", keys, "", h.sign("GET", keys, "", key), 200},
		{"with a body", "POST", keys, `{"kind":"pair"}`, h.sign("POST", keys, `{"kind":"pair"}`, key), 200},
		{"another body", "POST", keys, `{"kind":"api"}`, h.sign("POST", keys, `{"kind":"pair"}`, key), 401},
		{"wrong secret", "GET", keys, "", h.sign("GET", keys, "", wrong), 401},
		{"unknown id", "GET", keys, "", h.sign("GET", keys, "", unknown), 401},
		{"another path", "GET", keys, "", h.sign("GET", "/console/api/other/keys", "", key), 401},
		{"the server", "GET", "/console/api/envs", "", h.sign("GET", "/console/api/envs", "", key), 403},
		{"malformed", "GET", keys, "", []string{"Authorization", "TC3-HMAC-SHA256 x"}, 401},
		{"a Bearer key", "GET", "/console/api/other/keys", "", []string{"Authorization", "Bearer " + foreign.Token}, 401},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a := h.send(t, tc.method, tc.path, tc.body, "", tc.headers...)
			if a.status != tc.status {
				t.Fatalf("got %d %s, want %d", a.status, a.text, tc.status)
			}
		})
	}
}

func TestKeyOfAnotherEnvironmentIsUnknown(t *testing.T) {
	t.Parallel()
	h := open(t)
	dev, err := h.envs.Get("dev")
	if err != nil {
		t.Fatal(err)
	}
	key, err := dev.Auth.CreateKey(t.Context(), auth.KeyAdmin)
	if err != nil {
		t.Fatal(err)
	}
	lone := open(t)
	lone.now.Store(h.now.Load())
	const path = "/console/api/dev/keys"
	a := lone.send(t, "GET", path, "", "", lone.sign("GET", path, "", key)...)
	if a.status != 401 {
		t.Fatalf("got %d %s", a.status, a.text)
	}
}

func TestKeys(t *testing.T) {
	t.Parallel()
	h := open(t)
	local := []string{"Authorization", "Bearer " + credential}
	pair := h.send(t, "POST", "/console/api/dev/keys", `{"kind":"pair"}`, "", local...)
	if pair.status != 200 || pair.body["secretId"] == nil || pair.body["secretKey"] == nil || pair.body["id"] != nil || pair.body["key"] != nil {
		t.Fatalf("pair: %d %s", pair.status, pair.text)
	}
	api := h.send(t, "POST", "/console/api/dev/keys", `{"kind":"api"}`, "", local...)
	if api.status != 200 || api.body["id"] == nil || api.body["key"] == nil || api.body["secretKey"] != nil {
		t.Fatalf("API key: %d %s", api.status, api.text)
	}
	list := h.send(t, "GET", "/console/api/dev/keys", "", "", local...)
	if all, _ := list.body["keys"].([]any); len(all) != 2 {
		t.Fatalf("list: %d %s", list.status, list.text)
	}
	for _, secret := range []any{pair.body["secretKey"], api.body["key"]} {
		if strings.Contains(list.text, secret.(string)) {
			t.Fatalf("the list shows a secret: %s", list.text)
		}
	}
	path := "/console/api/dev/keys/" + api.body["id"].(string)
	for _, want := range []int{200, 404} {
		if a := h.send(t, "DELETE", path, "", "", local...); a.status != want {
			t.Fatalf("revoke: %d %s, want %d", a.status, a.text, want)
		}
	}
	if a := h.send(t, "POST", "/console/api/dev/keys", `{"kind":"root"}`, "", local...); a.status != 400 {
		t.Fatalf("unknown kind: %d %s", a.status, a.text)
	}
}
