package tcb

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"baas/db/fault"
	"baas/db/rules"
	"baas/server/auth/throttle"
	"baas/server/env"
	"baas/server/origin"
	"baas/server/reply"
	"baas/server/wire"
)

// Options are what a Dispatcher needs.
type Options struct {
	// Base is the server's address for URLs in replies when no HTTP request
	// brings one (origin.From), as for a function started by a timer.
	Base string
	Now  func() time.Time
	Log  *slog.Logger
}

// Dispatcher runs actions. It is safe for concurrent use.
type Dispatcher struct {
	o       Options
	logins  *throttle.Limiter
	actions map[string]action
}

// NewDispatcher makes a Dispatcher with every action of this package.
func NewDispatcher(o Options) *Dispatcher {
	d := &Dispatcher{o: o, logins: throttle.New(loginLimits(o.Now)), actions: map[string]action{}}
	for _, group := range [][]action{
		databaseActions(), transactionActions(), functionActions(), storageActions(), authActions(), analyticsActions(),
	} {
		for _, a := range group {
			d.actions[a.name] = a
		}
	}
	return d
}

// action is one row of the action table.
type action struct {
	name string
	// least is the weakest caller that may use it. What the caller may do
	// with the data is decided further inside, by db/rules.
	least rules.Role
	run   func(context.Context, *call) (answer, error)
}

// call is one action on its way.
type call struct {
	env    *env.Env
	p      rules.Principal
	body   wire.Object
	now    time.Time
	base   string // address of the server, for URLs
	id     string // request id
	logins *throttle.Limiter
}

// answer is a success: the JSON text of `data`, and the members that stand
// beside it, `"name":value` with commas between.
type answer struct {
	data []byte
	top  []byte
}

// Do runs the action in body and returns the reply, errors included, under a
// request id of its own. It is how functions use the protocol (functions.Host).
// The caller's rights are those of p; nothing in the body adds to them. A body
// that names another environment of this server is an InvalidEnv, not work in
// the wrong place.
func (d *Dispatcher) Do(ctx context.Context, e *env.Env, p rules.Principal, body []byte) []byte {
	id := reply.NewID()
	ctx = reply.WithRecord(reply.WithID(ctx, id), nil)
	o, err := wire.ParseObject("body", body)
	if err != nil {
		return d.refuse(ctx, id, err)
	}
	if name, err := o.Text("envName"); err == nil && e.IsOther(name) {
		return d.refuse(ctx, id, fault.New(fault.InvalidEnv,
			"env: a function of %q cannot reach the environment %q; use cloud.DYNAMIC_CURRENT_ENV", e.ID, name))
	}
	return d.do(ctx, e, p, o)
}

// do runs an action under the request id of ctx.
func (d *Dispatcher) do(ctx context.Context, e *env.Env, p rules.Principal, body wire.Object) []byte {
	id := reply.ID(ctx)
	base := origin.From(ctx).Base
	if base == "" {
		base = d.o.Base
	}
	a, err := d.run(ctx, &call{env: e, p: p, body: body, now: d.o.Now(), base: base, id: id, logins: d.logins})
	if err != nil {
		return d.refuse(ctx, id, err)
	}
	out := reply.AppendText(append(make([]byte, 0, len(a.data)+len(a.top)+64), `{"requestId":`...), id)
	if a.top != nil {
		out = append(append(out, ','), a.top...)
	}
	if a.data != nil {
		out = append(append(out, `,"data":`...), a.data...)
	}
	return append(out, '}')
}

// run finds the action and runs it. A panic in it is an internal failure of
// this one call.
func (d *Dispatcher) run(ctx context.Context, c *call) (a answer, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("panic: %v\n%s", cause, debug.Stack())
		}
	}()
	name, err := c.body.Text("action")
	if err != nil {
		return answer{}, err
	}
	if name == "" {
		return answer{}, fault.Invalid("action", "is required")
	}
	act, ok := d.actions[name]
	if !ok {
		return answer{}, fault.New(fault.InvalidAction, "action: %.80q is not offered by this server", name)
	}
	reply.RecordOf(ctx).Action = name
	if c.p.Role < act.least {
		return answer{}, fault.New(fault.PermissionDenied,
			"action: %s needs the rights of a server key; call it from a cloud function or with an admin key", name)
	}
	return act.run(ctx, c)
}

func (d *Dispatcher) refuse(ctx context.Context, id string, err error) []byte {
	return reply.Envelope(id, reply.Explain(ctx, d.o.Log, err))
}
