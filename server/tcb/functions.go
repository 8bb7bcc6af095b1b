package tcb

import (
	"context"

	"baas/db/rules"
	"baas/functions"
	"baas/server/wire"
)

func functionActions() []action {
	return []action{{"functions.invokeFunction", rules.Nobody, invokeFunction}}
}

// invokeFunction calls a function. Event and result travel as JSON texts
// (tcb-wire-protocol.md 7).
func invokeFunction(ctx context.Context, c *call) (answer, error) {
	name, err := c.required("function_name")
	if err != nil {
		return answer{}, err
	}
	qualifier, err := c.body.Text("qualifier")
	if err != nil {
		return answer{}, err
	}
	event, err := c.body.Text("request_data")
	if err != nil {
		return answer{}, err
	}
	if event == "" {
		event = "{}"
	}
	result, err := c.env.Functions.Call(ctx, c.p, functions.Call{
		Name: name, Qualifier: qualifier, Event: []byte(event), RequestID: c.id,
	})
	if err != nil {
		return answer{}, err
	}
	value := result.Value
	if len(value) == 0 {
		value = []byte("null") // undefined; js-sdk 1.x fails without a text to parse
	}
	data := wire.Quote(wire.AppendName([]byte("{"), "response_data"), value)
	return answer{data: append(data, '}')}, nil
}
