package functions

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"baas/db/fault"
)

// Limits of a function (wx-cloud-api.md 9.6).
const (
	DefaultTimeout = 3  // seconds
	MaxTimeout     = 60 // seconds
	DefaultMemory  = 256
	MinMemory      = 64 // MB
	MaxMemory      = 3072
	maxVariables   = 4 << 10 // bytes of names and values
)

// Config is what a function's config.json may say; cloudbaserc.json has the
// same members. Zero values mean the defaults.
type Config struct {
	Timeout     int               `json:"timeout,omitzero"`      // seconds; 3, at most 60
	MemorySize  int               `json:"memorySize,omitzero"`   // MB; 256, from 64 to 3072
	Variables   map[string]string `json:"envVariables,omitzero"` // process.env; 4 KB together
	Runtime     string            `json:"runtime,omitzero"`      // kept as it is
	Triggers    []Trigger         `json:"triggers,omitzero"`     // kept; nothing runs them yet
	Permissions Permissions       `json:"permissions,omitzero"`  // kept
}

// Trigger calls a function by the clock (wx-cloud-api.md 9.7).
type Trigger struct {
	Name   string `json:"name"`
	Type   string `json:"type"`   // "timer"
	Config string `json:"config"` // seven fields
}

// Permissions lists the open APIs a function may call.
type Permissions struct {
	OpenAPI []string `json:"openapi,omitzero"`
}

func (c Config) timeout() time.Duration {
	if c.Timeout == 0 {
		return DefaultTimeout * time.Second
	}
	return time.Duration(c.Timeout) * time.Second
}

func (c Config) memory() int {
	if c.MemorySize == 0 {
		return DefaultMemory
	}
	return c.MemorySize
}

// readConfig reads config.json of a function; a missing file is an empty one.
// What the deployer says beside it wins, member by member.
func readConfig(files fs.FS, over *Config) (Config, error) {
	var c Config
	text, err := fs.ReadFile(files, "config.json")
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return c, fmt.Errorf("functions: read config.json: %w", err)
	default:
		if err := json.Unmarshal(text, &c); err != nil {
			return c, fault.Wrap(fault.InvalidParam, err, "config.json: %s", jsonTrouble(err))
		}
	}
	if over != nil {
		c = c.overlaid(*over)
	}
	return c, c.check()
}

// jsonTrouble words a decoding error without Go's names.
func jsonTrouble(err error) string {
	if e, ok := errors.AsType[*json.SemanticError](err); ok {
		where := string(e.JSONPointer)
		if where == "" {
			return "must be an object"
		}
		return fmt.Sprintf("the member %s has the wrong type", strings.ReplaceAll(strings.TrimPrefix(where, "/"), "/", "."))
	}
	return "is no JSON; it may hold no comments and no name twice"
}

func (c Config) overlaid(o Config) Config {
	if o.Timeout != 0 {
		c.Timeout = o.Timeout
	}
	if o.MemorySize != 0 {
		c.MemorySize = o.MemorySize
	}
	if o.Runtime != "" {
		c.Runtime = o.Runtime
	}
	if o.Triggers != nil {
		c.Triggers = o.Triggers
	}
	if o.Permissions.OpenAPI != nil {
		c.Permissions = o.Permissions
	}
	if len(o.Variables) > 0 {
		all := maps.Clone(c.Variables)
		if all == nil {
			all = map[string]string{}
		}
		maps.Copy(all, o.Variables)
		c.Variables = all
	}
	return c
}

func (c Config) check() error {
	if c.Timeout < 0 || c.Timeout > MaxTimeout {
		return fault.Invalid("timeout", "%d is not from 1 to %d seconds", c.Timeout, MaxTimeout)
	}
	if c.MemorySize != 0 && (c.MemorySize < MinMemory || c.MemorySize > MaxMemory) {
		return fault.Invalid("memorySize", "%d is not from %d to %d MB", c.MemorySize, MinMemory, MaxMemory)
	}
	size := 0
	for name, v := range c.Variables {
		if !variableName(name) {
			return fault.Invalid("envVariables", "%.40q is no name of a variable: use letters, digits and _, no digit first", name)
		}
		if strings.ContainsRune(v, 0) {
			return fault.Invalid("envVariables", "the value of %s holds a zero byte", name)
		}
		size += len(name) + len(v)
	}
	if size > maxVariables {
		return fault.Invalid("envVariables", "names and values have %d bytes, the limit is %d", size, maxVariables)
	}
	for _, t := range c.Triggers {
		if t.Type != "timer" {
			return fault.Invalid("triggers", "the type %.20q is not known; use \"timer\"", t.Type)
		}
		if err := checkName("triggers", t.Name); err != nil {
			return err
		}
	}
	return nil
}

func variableName(s string) bool {
	for i, r := range s {
		letter := r == '_' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		if !letter && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return s != ""
}

const maxName = 60

// checkName applies the rule for names of functions and triggers
// (wx-cloud-api.md 9.6).
func checkName(field, name string) error {
	if !validName(name) {
		return fault.Invalid(field, "%.70q is no valid name: up to %d letters, digits, - and _, a letter first", name, maxName)
	}
	return nil
}

func validName(name string) bool {
	for i, r := range name {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		other := r >= '0' && r <= '9' || r == '-' || r == '_'
		if !letter && (i == 0 || !other) {
			return false
		}
	}
	return name != "" && len(name) <= maxName
}
