package main

import (
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"
)

func newDB(sh *shell) *cobra.Command {
	c := &cobra.Command{Use: "db", Short: "Look at an environment's database"}
	sh.addTarget(c)
	c.AddCommand(&cobra.Command{
		Use: "stats", Short: "List the collections with their permission mode, documents and bytes", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return sh.ask(c.Context(), func(t *target) error {
				var res struct {
					Collections []struct {
						Name  string `json:"name"`
						Mode  string `json:"mode"`
						Count int64  `json:"count"`
						Bytes int64  `json:"bytes"`
					} `json:"collections"`
				}
				if err := t.get(c.Context(), "/"+sh.env+"/collections", &res); err != nil {
					return err
				}
				return sh.print(res, func(w io.Writer) {
					tw := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
					fmt.Fprintln(tw, "COLLECTION\tMODE\tDOCUMENTS\tBYTES")
					for _, k := range res.Collections {
						fmt.Fprintf(tw, "%s\t%s\t%d\t%d\n", k.Name, k.Mode, k.Count, k.Bytes)
					}
					_ = tw.Flush() // a failed write to the terminal has nobody to hear of it
				})
			})
		},
	})
	return c
}
