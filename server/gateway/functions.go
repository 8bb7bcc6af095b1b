package gateway

import (
	"context"

	"baas/functions"
)

// callFunction passes the body as the event and answers the result itself
// (tcb-wire-protocol.md 7).
func callFunction(ctx context.Context, in *request) ([]byte, error) {
	event := in.body
	if len(event) == 0 {
		event = []byte("{}")
	}
	result, err := in.env.Functions.Call(ctx, in.p, functions.Call{
		Name: in.param("name"), Qualifier: in.http.Header.Get("X-Qualifier"), Event: event, RequestID: in.id,
	})
	if err != nil {
		return nil, err
	}
	if len(result.Value) == 0 { // undefined; the SDK expects JSON
		return []byte("null"), nil
	}
	return result.Value, nil
}
