package gojart_test

import (
	"context"
	"strings"
	"testing"

	"baas/functions/gojart"
	"baas/functions/worker"
	"baas/functions/wxsdk"
)

// The real server SDK runs on this engine and finds the server.
func TestServerSDK(t *testing.T) {
	var asked []string
	f := load(t, gojart.Options{SDK: wxsdk.Source("wx-server-sdk")}, func(_ context.Context, _ uint64, op worker.Op, head, body []byte) ([]byte, []byte, error) {
		asked = append(asked, string(body))
		return nil, []byte(`{"requestId":"r","data":{"list":["{\"_id\":\"1\",\"n\":5}"],"total":1,"limit":100,"offset":0}}`), nil
	}, `
const cloud = require('wx-server-sdk')
cloud.init({ env: cloud.DYNAMIC_CURRENT_ENV })
exports.main = async () => {
  const db = cloud.database()
  const found = await db.collection('todos').where({ n: db.command.gt(1) }).get()
  return { openid: cloud.getWXContext().OPENID, found: found.data }
}`)
	got, failure := f.invoke(t.Context(), `{}`)
	if failure != nil {
		t.Fatalf("failed: %v\n%s\nasked %s", failure, failure.Stack, asked)
	}
	if want := `{"openid":"o1","found":[{"_id":"1","n":5}]}`; got != want {
		t.Errorf("got %s, want %s; asked %s", got, want, asked)
	}
	if len(asked) != 1 || !strings.Contains(asked[0], `"database.getDocument"`) {
		t.Errorf("asked %s, want one query", asked)
	}
}
