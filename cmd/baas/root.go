package main

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"
)

// usageError is a wrong command line.
type usageError struct{ err error }

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

// shell is what the commands share: where they read and write, and the flags
// that every command takes.
type shell struct {
	in      io.Reader
	out     io.Writer
	log     io.Writer
	getenv  func(string) string
	env     string
	server  string
	key     string
	asJSON  bool
	dataDir string
}

// newRoot builds the command line. Without a subcommand it serves.
func newRoot(in io.Reader, out, log io.Writer, getenv func(string) string) *cobra.Command {
	sh := &shell{in: in, out: out, log: log, getenv: getenv}
	serve := newServe(sh)
	root := &cobra.Command{
		Use:           "baas",
		Short:         "A self-hosted backend for WeChat mini programs: database, files, cloud functions, watch",
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          cobra.NoArgs,
		RunE:          serve.RunE,
	}
	root.Flags().AddFlagSet(serve.Flags())
	root.SetOut(out)
	root.SetErr(log)
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return &usageError{fmt.Errorf("%w; see %s --help", err, c.CommandPath())}
	})
	root.PersistentFlags().BoolVar(&sh.asJSON, "json", false, "print one machine-readable JSON object")
	root.AddCommand(serve, newDev(sh), newFn(sh), newDB(sh), newEnv(sh), newKey(sh), newVersion(sh), newVerifyStore())
	strict(root)
	return root
}

// strict makes wrong words of c and the commands below it a wrong command line.
// cobra alone answers a mistyped subcommand with help and success.
func strict(c *cobra.Command) {
	if !c.Runnable() {
		c.Args, c.RunE = cobra.NoArgs, func(c *cobra.Command, _ []string) error { return c.Help() }
	}
	if check := c.Args; check != nil {
		c.Args = func(c *cobra.Command, args []string) error {
			if err := check(c, args); err != nil {
				return &usageError{fmt.Errorf("%w; see %s --help", err, c.CommandPath())}
			}
			return nil
		}
	}
	for _, sub := range c.Commands() {
		strict(sub)
	}
}

// addTarget declares the flags of commands that work on an environment.
func (sh *shell) addTarget(c *cobra.Command) {
	f := c.PersistentFlags()
	f.StringVar(&sh.env, "env", "dev", "environment")
	f.StringVar(&sh.server, "server", "", "URL of a server to ask; needs --key")
	f.StringVar(&sh.key, "key", "", "admin key pair of the environment, ID:KEY (or BAAS_KEY)")
	f.StringVar(&sh.dataDir, "data", "./data", "data folder; a server that runs on it is asked")
}

// print writes a result: as JSON when asked, else by the human form.
func (sh *shell) print(v any, human func(io.Writer)) error {
	if !sh.asJSON {
		human(sh.out)
		return nil
	}
	enc := json.NewEncoder(sh.out)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}
