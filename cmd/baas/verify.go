package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"baas/db/kv"
	"baas/db/kv/boltkv"
)

// A store that was not closed in order is read whole before anything serves
// from it: a page that the disk has torn would be served in silence, or end the
// process when it is met (threats.md section 1, fact 3). That reading happens in
// a child, which a badly damaged file may kill.

// How long the check may take: so much, and so much for each GiB. A file that
// takes longer is opened without it, and a line says so.
const (
	verifyTime      = 10 * time.Second
	verifyTimePerGB = 10 * time.Second
)

// newVerifyStore is the child's command.
func newVerifyStore() *cobra.Command {
	return &cobra.Command{
		Use: "verify-store FILE", Short: "Read a store whole (what the server runs after a crash)", Args: cobra.ExactArgs(1), Hidden: true,
		RunE: func(c *cobra.Command, args []string) error {
			err := boltkv.Verify(c.Context(), args[0])
			if _, damaged := errors.AsType[*kv.DamagedError](err); damaged {
				return err
			}
			return nil // whatever else is wrong, opening the store says it better
		},
	}
}

// checkAfterCrash checks the store at path when the last process that had it
// open did not close it.
func checkAfterCrash(ctx context.Context, path string, log *slog.Logger) error {
	state, err := boltkv.Stat(path)
	if err != nil || state.Clean {
		return nil // missing, or refused: opening the store says so
	}
	began := time.Now()
	ctx, cancel := context.WithTimeout(ctx, verifyTime+verifyTimePerGB*time.Duration(state.Bytes>>30))
	defer cancel()
	text, err := verifyInChild(ctx, path)
	switch {
	case ctx.Err() != nil:
		log.Warn("a store that was not closed in order could not be checked in time; it is opened all the same", "store", path, "bytes", state.Bytes)
		return nil
	case err != nil:
		return fmt.Errorf("%s was not closed in order and is damaged; restore a backup, or look at it with baas db check (%w: %s)", path, err, text)
	}
	log.Info("a store that was not closed in order was checked", "store", path, "bytes", state.Bytes, "took", time.Since(began))
	return nil
}

// verifyInChild runs the check in a process of its own; text is the end of what
// it said.
func verifyInChild(ctx context.Context, path string) (text string, err error) {
	exe, err := os.Executable()
	if err != nil {
		return "", err
	}
	var said strings.Builder
	child := exec.CommandContext(ctx, exe, "verify-store", path)
	child.Stderr = &said
	err = child.Run()
	text = strings.TrimSpace(said.String())
	const most = 2000 // of a crash's stack
	if len(text) > most {
		text = text[:most]
	}
	return strings.TrimPrefix(text, "baas: "), err
}
