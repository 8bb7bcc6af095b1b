package tcb_test

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"baas/db/rules"
	"baas/server/servertest"
)

// A transaction lives 30 s at every door, however busy it is
// (tcb-wire-protocol.md 6.7).
func TestTransactionsEndAfterThirtySeconds(t *testing.T) {
	t.Parallel()
	var ahead atomic.Int64
	h := servertest.Start(t, func(c *servertest.Config) {
		c.Now = func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	})
	h.Collection(t, "c", rules.ReadOnly)
	token, _ := h.Anonymous(t)
	begin := func() string {
		id := h.Web(t, token, `"action":"database.startTransaction"`).Get("transactionId")
		if id == "" {
			t.Fatal("no transaction")
		}
		return id
	}
	write := func(id string) servertest.Reply {
		return h.Web(t, token, `"action":"database.insertDocInTransaction","collectionName":"c","data":"{}","transactionId":"`+id+`"`)
	}
	id := begin()
	for range 2 {
		if r := write(id); r.Code() != "" {
			t.Fatalf("while it is open: %s", r.Text)
		}
		ahead.Add(int64(14 * time.Second))
	}
	ahead.Add(int64(2 * time.Second))
	for _, r := range []servertest.Reply{
		write(id),
		h.Web(t, token, `"action":"database.commitTransaction","transactionId":"`+id+`"`),
		h.Do(t, "POST", "/v1/database/instances/(default)/databases/(default)/transactions/"+id+"/commit", token, "{}"),
	} {
		if r.Code() != "DATABASE_TRANSACTION_FAIL" || !strings.Contains(r.Message(), "TransactionNotExist") || !strings.Contains(r.Message(), "30 seconds") {
			t.Errorf("after 30 s: %s", r.Text)
		}
	}
	if r := h.Admin(t, `"action":"database.calculateDocument","collectionName":"c"`); r.Get("data.total") != "0" {
		t.Errorf("something is left: %s", r.Text)
	}
	if r := write(begin()); r.Code() != "" {
		t.Errorf("a new one: %s", r.Text)
	}
}
