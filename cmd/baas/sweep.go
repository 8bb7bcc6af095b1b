package main

import (
	"context"
	"sync"
	"time"
)

// sweepEvery is how often expired sessions, codes and set-ups are removed.
// Nothing depends on it: what has expired is refused in any case.
const sweepEvery = time.Hour

// startSweeping removes what has expired, now and then, until Close.
func (a *App) startSweeping(context.Context) error {
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		tick := time.NewTicker(sweepEvery)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				a.sweep(ctx)
			}
		}
	})
	a.onClose(func() error {
		cancel()
		running.Wait()
		return nil
	})
	return nil
}

func (a *App) sweep(ctx context.Context) {
	if _, err := a.console.Accounts().Sweep(ctx); err != nil && ctx.Err() == nil {
		a.log.ErrorContext(ctx, "expired console sessions could not be removed", "error", err)
	}
	for _, e := range a.envs.List() {
		if _, err := e.Auth.Sweep(ctx); err != nil && ctx.Err() == nil {
			a.log.ErrorContext(ctx, "expired sessions could not be removed", "env", e.ID, "error", err)
		}
	}
}
