package console

import (
	"time"

	"baas/db/fault"
	"baas/db/rules"
	"baas/server/auth"
	"baas/server/env"
	"baas/server/reply"
)

// principal is what the console does things as: an admin who is no user, by
// the name under which the change log keeps what he does.
func (in *call) principal() rules.Principal {
	return rules.Principal{Role: rules.Admin, Source: "wx_unknown", Session: in.login}.Through("", in.id)
}

// env returns the environment that the path names. Code: InvalidEnv.
func (c *Console) env(in *call) (*env.Env, error) {
	id, err := in.param("env")
	if err != nil {
		return nil, err
	}
	if id == "" {
		return nil, fault.New(fault.InvalidEnv, "env: name an environment in the path")
	}
	e, err := c.o.Envs.Get(id)
	if err != nil {
		return nil, err
	}
	reply.RecordOf(in.r.Context()).Env = e.ID
	return e, nil
}

type envView struct {
	ID string `json:"id"`
}

func envs(c *Console, _ *call) (any, error) {
	list := []envView{}
	for _, e := range c.o.Envs.List() {
		list = append(list, envView{e.ID})
	}
	return map[string]any{"envs": list}, nil
}

func createEnv(c *Console, in *call) (any, error) {
	texts, err := in.texts("id")
	if err != nil {
		return nil, err
	}
	e, err := c.o.Envs.Create(in.r.Context(), texts[0])
	if err != nil {
		return nil, err
	}
	return envView{e.ID}, nil
}

// keyView is a key. Secret parts are there only in the answer that made it;
// of a pair, secretId is the id.
type keyView struct {
	ID        string       `json:"id,omitempty"`
	Kind      auth.KeyKind `json:"kind"`
	SecretID  string       `json:"secretId,omitempty"`
	SecretKey string       `json:"secretKey,omitempty"`
	Key       string       `json:"key,omitempty"` // sent as Authorization: Bearer
	Created   time.Time    `json:"created"`
}

func viewKey(k auth.Key) keyView {
	return keyView{k.ID, k.Kind, k.SecretID, k.SecretKey, k.Token, k.Created.UTC()}
}

func keys(c *Console, in *call) (any, error) {
	e, err := c.env(in)
	if err != nil {
		return nil, err
	}
	all, err := e.Auth.Keys(in.r.Context())
	if err != nil {
		return nil, err
	}
	list := []keyView{}
	for _, k := range all {
		list = append(list, viewKey(k))
	}
	return map[string]any{"keys": list}, nil
}

func createKey(c *Console, in *call) (any, error) {
	e, err := c.env(in)
	if err != nil {
		return nil, err
	}
	texts, err := in.texts("kind")
	if err != nil {
		return nil, err
	}
	k, err := e.Auth.CreateKey(in.r.Context(), auth.KeyKind(texts[0]))
	if err != nil {
		return nil, err
	}
	view := viewKey(k)
	if k.SecretID != "" {
		view.ID = ""
	}
	return view, nil
}

func revokeKey(c *Console, in *call) (any, error) {
	e, err := c.env(in)
	if err != nil {
		return nil, err
	}
	id, err := in.param("key")
	if err != nil {
		return nil, err
	}
	return struct{}{}, e.Auth.RevokeKey(in.r.Context(), id)
}
