package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"
)

func newEnv(sh *shell) *cobra.Command {
	c := &cobra.Command{Use: "env", Short: "Create and list environments"}
	sh.addTarget(c)
	c.AddCommand(
		&cobra.Command{
			Use: "create ID", Short: "Create an environment", Args: cobra.ExactArgs(1),
			RunE: func(c *cobra.Command, args []string) error {
				return sh.ask(c.Context(), func(t *target) error {
					var res map[string]any
					if err := t.post(c.Context(), "/envs", map[string]string{"id": args[0]}, &res); err != nil {
						return err
					}
					return sh.print(res, func(w io.Writer) { fmt.Fprintf(w, "created %s\n", args[0]) })
				})
			},
		},
		&cobra.Command{
			Use: "list", Short: "List the environments", Args: cobra.NoArgs,
			RunE: func(c *cobra.Command, _ []string) error {
				return sh.ask(c.Context(), func(t *target) error {
					var res struct {
						Envs []struct {
							ID string `json:"id"`
						} `json:"envs"`
					}
					if err := t.get(c.Context(), "/envs", &res); err != nil {
						return err
					}
					return sh.print(res, func(w io.Writer) {
						for _, e := range res.Envs {
							fmt.Fprintln(w, e.ID)
						}
					})
				})
			},
		},
	)
	return c
}
