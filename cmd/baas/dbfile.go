package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"baas/db"
	"baas/db/kv/boltkv"
)

// storeFile returns the file of the environment that the flags name and the
// identity it must have. It is for commands that work on the folder itself.
func (sh *shell) storeFile() (path, identity string, err error) {
	if sh.server != "" {
		return "", "", &usageError{errors.New("this works on the data folder itself: give --data, and stop the server first")}
	}
	dir := &dataDir{path: sh.dataDir}
	if err := dir.readIdentity(); err != nil {
		return "", "", fmt.Errorf("there is no data folder at %s: %w", sh.dataDir, err)
	}
	path = dir.file("envs", sh.env, "db.bolt")
	if _, err := os.Stat(path); err != nil {
		return "", "", fmt.Errorf("there is no environment %q in %s: %w", sh.env, sh.dataDir, err)
	}
	return path, dir.identity.ID + " env " + sh.env, nil
}

func newDBCheck(sh *shell) *cobra.Command {
	return &cobra.Command{
		Use: "check", Short: "Read an environment's database whole and report damage; the server must be stopped",
		Long: `Read the whole database of an environment with the server stopped: the structure
of the file, the checksum of every value, every document, its entries in the
indexes, and the counters. Nothing is changed. The exit status is 0 only when all
is well.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			path, identity, err := sh.storeFile()
			if err != nil {
				return err
			}
			state, err := boltkv.Stat(path)
			if err != nil {
				return err
			}
			if err := checkStore(c.Context(), path, identity); err != nil {
				return fmt.Errorf("%s: %w", path, err)
			}
			res := map[string]any{"store": path, "bytes": state.Bytes, "closedInOrder": state.Clean, "sound": true}
			return sh.print(res, func(w io.Writer) { fmt.Fprintf(w, "%s is sound (%s)\n", path, bytesText(state.Bytes)) })
		},
	}
}

// checkStore reads a store whole: its file in a child, then what is in it.
func checkStore(ctx context.Context, path, identity string) (err error) {
	if text, err := verifyInChild(ctx, path); err != nil {
		return errors.Join(ctx.Err(), fmt.Errorf("is damaged: %s (%w)", text, err))
	}
	store, err := boltkv.Open(path, boltkv.Options{Identity: identity})
	if err != nil {
		return err
	}
	return errors.Join(db.Check(ctx, store), store.Close())
}

func newDBCompact(sh *shell) *cobra.Command {
	return &cobra.Command{
		Use: "compact", Short: "Write an environment's database anew without its free pages; the server must be stopped",
		Long: `Write the database of an environment into a fresh file without the free pages,
read that back, and put it in the old one's place, with the server stopped. When
anything fails the old file stays. It needs as much free space as the new file.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			path, identity, err := sh.storeFile()
			if err != nil {
				return err
			}
			if err := checkAfterCrash(c.Context(), path, newLogger(sh.log, "warn")); err != nil {
				return err
			}
			before, after, err := boltkv.Compact(c.Context(), path, boltkv.Options{Identity: identity})
			if err != nil {
				return err
			}
			res := map[string]any{"store": path, "before": before, "after": after}
			return sh.print(res, func(w io.Writer) { fmt.Fprintf(w, "%s: %s, was %s\n", path, bytesText(after), bytesText(before)) })
		},
	}
}
