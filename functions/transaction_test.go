package functions_test

import (
	"testing"

	"baas/db/fault"
	"baas/functions"
)

// TestCallEndsItsTransactions: what a call leaves open is aborted when it ends,
// however it ends. A transaction that is committed is no longer there either,
// so each case begins one and never ends it.
func TestCallEndsItsTransactions(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.deploy(t, "f", map[string]string{
		"config.json": `{"timeout": 2, "memorySize": 128}`,
		"index.js": `const cloud = require('wx-server-sdk'); cloud.init();
exports.main = async ({ how }) => {
  const t = await cloud.database().startTransaction();
  if (how === 'throw') throw new Error('on purpose');
  if (how === 'loop') for (;;);
  if (how === 'wait') await new Promise(() => {});
  if (how === 'nested') return (await cloud.callFunction({ name: 'f', data: { how: 'return' } })).result;
  return { began: typeof t.commit };
}`,
	})
	for how, want := range map[string]fault.Code{
		"return": "", "nested": "", "throw": fault.FunctionExecute, "loop": fault.FunctionTimeout, "wait": "",
	} {
		t.Run(how, func(t *testing.T) {
			h.transaction.Store(nil)
			r, err := h.Call(t.Context(), wechatUser(), functions.Call{Name: "f", Event: []byte(`{"how":"` + how + `"}`)})
			if how != "wait" && fault.CodeOf(err) != want {
				t.Fatalf("the call gave %s, %v; want %q", r.Value, err, want)
			}
			id := h.transaction.Load()
			if id == nil {
				t.Fatalf("the function began no transaction: %s, %v", r.Value, err)
			}
			if _, err := h.db.Transaction(wechatUser().AsFunction(), *id); fault.CodeOf(err) != fault.TransactionFail {
				t.Errorf("the transaction is open after the call: %v", err)
			}
		})
	}
}
