package main

import (
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"
)

func newDB(sh *shell) *cobra.Command {
	c := &cobra.Command{Use: "db", Short: "Look at an environment's database, set who may use it"}
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
	c.AddCommand(newDBMode(sh))
	return c
}

func newDBMode(sh *shell) *cobra.Command {
	return &cobra.Command{
		Use: "mode COLLECTION MODE", Short: "Set a collection's permission mode; a missing collection is made",
		Long: `Set who may use a collection, which is made if it is missing:

  PRIVATE     users read and write what is theirs (of every new collection)
  READONLY    users read all, write what is theirs
  ADMINWRITE  users read all, servers and functions write
  ADMINONLY   servers and functions alone`,
		Args: cobra.ExactArgs(2),
		RunE: func(c *cobra.Command, args []string) error {
			return sh.ask(c.Context(), func(t *target) error {
				set := map[string]string{"name": args[0], "mode": args[1]}
				if err := t.post(c.Context(), "/"+sh.env+"/collections", set, nil); err != nil {
					return err
				}
				return sh.print(set, func(w io.Writer) { fmt.Fprintf(w, "%s is %s\n", args[0], args[1]) })
			})
		},
	}
}
