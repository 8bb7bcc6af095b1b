package storage

import (
	"context"
	"sync/atomic"

	"baas/db/fault"
	"baas/db/rules"
)

// modeCell remembers the permission mode, so that it is read once.
type modeCell struct {
	initial rules.Mode // until one has been stored
	known   atomic.Pointer[rules.Mode]
}

// Mode returns the storage's permission mode (wx-cloud-api.md 7.4).
func (s *Service) Mode(ctx context.Context) (rules.Mode, error) {
	if m := s.mode.known.Load(); m != nil {
		return *m, nil
	}
	m, err := s.rows.mode(ctx)
	if err != nil {
		return "", err
	}
	if !m.Valid() {
		m = s.mode.initial
	}
	// A SetMode that came in between knows better.
	s.mode.known.CompareAndSwap(nil, &m)
	return *s.mode.known.Load(), nil
}

// SetMode changes the permission mode; it is kept in the env's database and
// holds from now on. Only admins may. Codes: StorageDenied, InvalidParam.
func (s *Service) SetMode(ctx context.Context, p rules.Principal, m rules.Mode) error {
	if !p.ByPassesRules() {
		return fault.New(fault.StorageDenied, "Permission denied: only an admin may change the storage's permission mode")
	}
	if !m.Valid() {
		return fault.Invalid("mode", "%q is not a permission mode; there are READONLY, PRIVATE, ADMINWRITE and ADMINONLY", m)
	}
	if err := s.rows.setMode(ctx, m); err != nil {
		return err
	}
	s.mode.known.Store(&m)
	return nil
}

// authorize decides an operation on a file in the current mode.
func (s *Service) authorize(ctx context.Context, p rules.Principal, op rules.Operation, owner string) error {
	m, err := s.Mode(ctx)
	if err != nil {
		return err
	}
	return rules.AuthorizeFile(m, p, op, owner)
}
