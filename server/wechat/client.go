// Package wechat speaks WeChat's server API and holds its offline twin.
//
// Dangers first:
//
//   - WeChat answers failures with HTTP 200 and an errcode. An answer counts
//     as a success only when it names an openid.
//   - The AppSecret stands in the query of every request. An error of the HTTP
//     client carries the whole URL, so it never leaves this package as it is.
//   - A login code works once, in the hands of whoever sends it first.
package wechat

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"baas/db/fault"
	"baas/server/auth"
)

// BaseURL is where the real API lives.
const BaseURL = "https://api.weixin.qq.com"

const (
	timeout   = 5 * time.Second // for one exchange, connecting included
	maxAnswer = 64 << 10        // bytes of an answer that are read
)

// Options are what a Client needs.
type Options struct {
	BaseURL string            // without a final slash; "" means the real API
	HTTP    http.RoundTripper // nil: http.DefaultTransport
	Apps    map[string]Secret // AppID → AppSecret of the mini programs served
	Timeout time.Duration     // of one call; 0: 5 s
}

// Secret is an AppSecret. It prints as "redacted" wherever it is formatted,
// logged or encoded.
type Secret string

// String hides the secret.
func (Secret) String() string { return "redacted" }

// GoString hides the secret.
func (Secret) GoString() string { return "redacted" }

// MarshalText hides the secret.
func (Secret) MarshalText() ([]byte, error) { return []byte("redacted"), nil }

// Client calls WeChat. It is safe for concurrent use.
type Client struct {
	base string
	apps map[string]Secret
	any  Secret // the twin's: of every AppID
	http *http.Client
}

var _ auth.CodeExchanger = (*Client)(nil)

// New makes a client.
func New(o Options) *Client {
	if o.BaseURL == "" {
		o.BaseURL = BaseURL
	}
	if o.Timeout == 0 {
		o.Timeout = timeout
	}
	return &Client{
		base: o.BaseURL,
		apps: maps.Clone(o.Apps),
		http: &http.Client{
			Transport: o.HTTP,
			Timeout:   o.Timeout,
			// The API does not redirect; following one would hand the secret on.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

// answer is the reply of jscode2session (wx-cloud-api.md 11.2).
type answer struct {
	OpenID     string `json:"openid"`
	UnionID    string `json:"unionid"`
	SessionKey string `json:"session_key"`
	Code       int    `json:"errcode"`
	Text       string `json:"errmsg"`
}

var openIDPattern = regexp.MustCompile(`^[A-Za-z0-9_-]{1,128}$`)

// Exchange asks who a wx.login code belongs to and uses the code up.
//
// Codes: InvalidParam for an AppID that is not served or a code that WeChat
// refuses; RateLimit; PermissionDenied for a user whom WeChat blocks;
// ServerTimeout when WeChat is busy or not reached in time; SysErr when it
// refuses the server's own credentials or answers nonsense.
func (c *Client) Exchange(ctx context.Context, appID, code string) (auth.WeChatUser, error) {
	secret, ok := c.apps[appID]
	if !ok {
		secret, ok = c.any, c.any != ""
	}
	if !ok {
		return auth.WeChatUser{}, fault.Invalid("provider_id", "this server knows no mini program with this AppID; add its AppID and AppSecret to the server's settings")
	}
	query := url.Values{
		"appid": {appID}, "secret": {string(secret)}, "js_code": {code}, "grant_type": {"authorization_code"},
	}
	var got answer
	if err := c.get(ctx, "/sns/jscode2session?"+query.Encode(), &got); err != nil {
		return auth.WeChatUser{}, err
	}
	if got.Code != 0 {
		return auth.WeChatUser{}, refusal(got)
	}
	if !openIDPattern.MatchString(got.OpenID) {
		return auth.WeChatUser{}, fault.New(fault.SysErr, "WeChat did not say who is logging in; try again")
	}
	return auth.WeChatUser{OpenID: got.OpenID, UnionID: got.UnionID, SessionKey: got.SessionKey}, nil
}

// get reads one JSON answer. WeChat sends it as text/plain.
func (c *Client) get(ctx context.Context, path string, into any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+path, nil)
	if err != nil {
		return fault.Wrap(fault.SysErr, withoutURL(err), "the address of WeChat's API is malformed")
	}
	res, err := c.http.Do(req)
	if err != nil {
		return unreachable(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return unreachable(err)
	}
	if res.StatusCode != http.StatusOK {
		return unreachable(fmt.Errorf("HTTP status %d", res.StatusCode))
	}
	if err := json.Unmarshal(body, into); err != nil {
		return unreachable(fmt.Errorf("answer of %d bytes is no JSON: %w", len(body), err))
	}
	return nil
}

func unreachable(err error) error {
	return fault.Wrap(fault.ServerTimeout, withoutURL(err), "WeChat could not be reached; try again")
}

// withoutURL drops the wrapping that quotes the URL, and the secret with it.
func withoutURL(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		return fmt.Errorf("WeChat API: %w", e.Err)
	}
	return err
}

// refusal turns an errcode into a coded error (wx-cloud-api.md 11.2).
func refusal(a answer) error {
	cause := fmt.Errorf("WeChat errcode %d: %.200s", a.Code, strings.ToValidUTF8(a.Text, "?"))
	switch a.Code {
	case codeInvalid:
		return fault.Invalid("provider_code", "WeChat does not know it (40029): it is older than five minutes or of another mini program; call wx.login again")
	case codeUsed:
		return fault.Invalid("provider_code", "was used before (40163); call wx.login again for a fresh one")
	case codeTooOften:
		return fault.Wrap(fault.RateLimit, cause, "WeChat allows 100 logins a minute per user; wait a minute")
	case codeBlocked:
		return fault.Wrap(fault.PermissionDenied, cause, "WeChat has blocked this user from logging in")
	case codeBusy:
		return fault.Wrap(fault.ServerTimeout, cause, "WeChat is busy; try again")
	}
	return fault.Wrap(fault.SysErr, cause, "WeChat refused the login (errcode %d); check AppID and AppSecret in the server's settings", a.Code)
}

// The errcodes of jscode2session.
const (
	codeBusy        = -1
	codeBadGrant    = 40002
	codeBadAppID    = 40013
	codeInvalid     = 40029
	codeUsed        = 40163
	codeBlocked     = 40226
	codeNoSecret    = 41004
	codeNoCode      = 41008
	codeWrongMethod = 43002
	codeTooOften    = 45011
)
