package reply_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"baas/db/fault"
	"baas/server/reply"
)

func TestEveryCodeHasOneRow(t *testing.T) {
	t.Parallel()
	rows := map[fault.Code]reply.Row{}
	for _, row := range reply.Table() {
		if _, twice := rows[row.Code]; twice {
			t.Errorf("%s has two rows", row.Code)
		}
		if row.Status < 400 || row.Status > 599 || row.OAuth == "" || row.GRPC == 0 {
			t.Errorf("%s: incomplete row %+v", row.Code, row)
		}
		rows[row.Code] = row
	}
	for _, e := range fault.Table() {
		if _, ok := rows[e.Code]; !ok {
			t.Errorf("%s of fault.Table has no row", e.Code)
		}
	}
	if len(rows) != len(fault.Table()) {
		t.Errorf("got %d rows, fault.Table has %d codes", len(rows), len(fault.Table()))
	}
}

// The statuses that tcb-wire-protocol.md 10 fixes.
func TestStatusesOfTheGateway(t *testing.T) {
	t.Parallel()
	for code, want := range map[fault.Code]int{
		fault.OK:                 200,
		fault.InvalidParam:       400,
		fault.DatabaseDenied:     401,
		fault.DatabaseOperator:   403,
		fault.CollectionNotExist: 404,
		fault.DocumentNotFound:   404,
		fault.CollectionExists:   409,
		fault.DuplicateWrite:     409,
		fault.Code("NEVER_SEEN"): 500,
	} {
		if got := reply.Status(code); got != want {
			t.Errorf("Status(%s) = %d, want %d", code, got, want)
		}
	}
}

func TestExplain(t *testing.T) {
	t.Parallel()
	secret := errors.New("open /var/lib/baas/db.bolt: broken")
	for _, tc := range []struct {
		name     string
		err      error
		code     fault.Code
		text     string // part of the public text
		logLevel string // empty: nothing is logged
	}{
		{"none", nil, fault.OK, "", ""},
		{"coded", fault.Invalid("limit", "must be a number"), fault.InvalidParam, "limit: must be a number", ""},
		{"coded and wrapped", fmt.Errorf("find: %w", fault.New(fault.CollectionNotExist, "no c")), fault.CollectionNotExist, "no c", ""},
		{"coded with a cause", fault.Wrap(fault.StorageFailed, secret, "the file could not be stored"), fault.StorageFailed, "could not be stored", "WARN"},
		{"internal", secret, fault.SysErr, "internal error", "ERROR"},
		{"internal with a code", fault.Wrap(fault.SysErr, secret, "out of order"), fault.SysErr, "out of order", "ERROR"},
		{"too large", fmt.Errorf("read: %w", &http.MaxBytesError{Limit: 6}), fault.RequestTooLarge, "body: larger than the limit of 6 bytes", ""},
		{"deadline", fmt.Errorf("x: %w", context.DeadlineExceeded), fault.ServerTimeout, "in time", ""},
		{"cancelled", context.Canceled, fault.ServerTimeout, "cancelled", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			log := slog.New(slog.NewTextHandler(&out, nil))
			var rec reply.Record
			ctx := reply.WithRecord(reply.WithID(t.Context(), "id-1"), &rec)
			got := reply.Explain(ctx, log, tc.err)
			if rec.Code != tc.code {
				t.Errorf("recorded %q, want %q", rec.Code, tc.code)
			}
			if got.Code != tc.code || !strings.Contains(got.Text, tc.text) {
				t.Errorf("got %+v, want %s with %q", got, tc.code, tc.text)
			}
			if strings.Contains(got.Text, "/var/lib") {
				t.Errorf("the public text %q shows the cause", got.Text)
			}
			if (tc.logLevel != "") != (out.Len() > 0) {
				t.Fatalf("log: got %q, want level %q", out.String(), tc.logLevel)
			}
			if tc.logLevel == "" {
				return
			}
			for _, part := range []string{"level=" + tc.logLevel, "request_id=id-1", "/var/lib/baas"} {
				if !strings.Contains(out.String(), part) {
					t.Errorf("log %q lacks %q", out.String(), part)
				}
			}
		})
	}
}

func TestRenderings(t *testing.T) {
	t.Parallel()
	gateway := func(id string, p reply.Public) string {
		status, body := reply.Gateway(id, p)
		return fmt.Sprint(status, " ", string(body))
	}
	oauth := func(id string, p reply.Public) string {
		status, body := reply.OAuth(id, p)
		return fmt.Sprint(status, " ", string(body))
	}
	envelope := func(id string, p reply.Public) string { return string(reply.Envelope(id, p)) }
	for _, tc := range []struct {
		name   string
		render func(string, reply.Public) string
		in     reply.Public
		want   string
	}{
		{
			"envelope", envelope,
			reply.Public{Code: fault.InvalidParam, Text: "limit: \"x\" is not a number\n"},
			`{"requestId":"r","code":"INVALID_PARAM","message":"limit: \"x\" is not a number\n"}`,
		},
		{
			"envelope of an existing collection", envelope,
			reply.Public{Code: fault.CollectionExists, Text: "Table exist"},
			`{"requestId":"r","code":"DATABASE_REQUEST_FAILED","message":"Table exist"}`,
		},
		{
			"gateway keeps the finer code", gateway,
			reply.Public{Code: fault.CollectionExists, Text: "Table exist"},
			`409 {"code":"DATABASE_COLLECTION_ALREADY_EXIST","message":"Table exist","requestId":"r","request_id":"r"}`,
		},
		{
			"gateway names a failed function its own way", gateway,
			reply.Public{Code: fault.FunctionExecute, Text: "Error: x"},
			`500 {"code":"FUNCTION_INVOCATION_FAILED","message":"Error: x","requestId":"r","request_id":"r"}`,
		},
		{
			"oauth", oauth,
			reply.Public{Code: fault.InvalidRefreshToken, Text: "refresh_token: used"},
			`401 {"error":"invalid_grant","error_code":16,"error_description":"refresh_token: used","code":"INVALID_REFRESH_TOKEN","requestId":"r"}`,
		},
		{
			"text that is not UTF-8", envelope,
			reply.Public{Code: fault.SysErr, Text: "a\xffb"},
			`{"requestId":"r","code":"SYS_ERR","message":"a` + "\ufffd" + `b"}`,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got := tc.render("r", tc.in); got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
	status, body := reply.OAuthAs("r", "invalid_grant", reply.Public{Code: fault.InvalidParam, Text: "x"})
	var got map[string]any
	if err := json.Unmarshal(body, &got); err != nil || got["error"] != "invalid_grant" || status != 400 {
		t.Errorf("OAuthAs: %d %s %v", status, body, err)
	}
}

func TestRequestIDs(t *testing.T) {
	t.Parallel()
	id := reply.NewID()
	if reply.Adopt(id) != id || id == reply.NewID() || id[14] != '4' {
		t.Errorf("NewID: %q is not a fresh version 4 UUID", id)
	}
	for in, want := range map[string]string{
		"48385b7275974291b1b3f1b928efb559":      "48385b7275974291b1b3f1b928efb559",
		"6756DF7E-25d5-4651-f08e-a2d994852344":  "6756DF7E-25d5-4651-f08e-a2d994852344",
		"":                                      "",
		"1":                                     "",
		"48385b7275974291b1b3f1b928efb55g":      "",
		"48385b7275974291b1b3f1b928efb5590":     "",
		"-6756df7e25d54651f08ea2d994852344----": "",
		"6756df7e-25d5-4651-f08e-a2d99485234\n": "",
	} {
		if got := reply.Adopt(in); got != want {
			t.Errorf("Adopt(%q) = %q, want %q", in, got, want)
		}
	}
	if got := reply.ID(t.Context()); got != "" {
		t.Errorf("ID of a bare context = %q", got)
	}
}

func TestRecordCanBeHidden(t *testing.T) {
	t.Parallel()
	var rec reply.Record
	ctx := reply.WithRecord(t.Context(), &rec)
	reply.RecordOf(ctx).Action = "a"
	reply.RecordOf(reply.WithRecord(ctx, nil)).Action = "b"
	reply.RecordOf(t.Context()).Action = "c"
	if rec.Action != "a" {
		t.Errorf("got %q, want a", rec.Action)
	}
}
