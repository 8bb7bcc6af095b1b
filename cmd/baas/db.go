package main

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
)

func newDB(sh *shell) *cobra.Command {
	c := &cobra.Command{Use: "db", Short: "Work on an environment's database: look, import, export, query, undo, check"}
	sh.addTarget(c)
	c.AddCommand(
		newDBStats(sh), newDBMode(sh), newDBRename(sh), newDBDrop(sh),
		newDBImport(sh), newDBExport(sh), newDBQuery(sh), newDBIndex(sh),
		newDBHistory(sh), newDBUndo(sh), newDBValidate(sh),
		newDBCheck(sh), newDBCompact(sh),
	)
	return c
}

// collectionPath is the path of a collection in the console's API.
func (sh *shell) collectionPath(name, rest string) string {
	return "/" + sh.env + "/collections/" + url.PathEscape(name) + rest
}

type collectionStats struct {
	Name       string `json:"name"`
	Mode       string `json:"mode"`
	Count      int64  `json:"count"`
	Bytes      int64  `json:"bytes"`
	Indexes    int    `json:"indexes"`
	IndexBytes int64  `json:"indexBytes"`
	Validated  bool   `json:"validated"`
}

type droppedStats struct {
	Name  string    `json:"name"`
	Seq   uint64    `json:"seq"`
	Date  time.Time `json:"date"`
	Until time.Time `json:"until"`
	Count int64     `json:"count"`
	Bytes int64     `json:"bytes"`
}

type totalStats struct {
	Documents    int64 `json:"documents"`
	Bytes        int64 `json:"bytes"`
	DroppedBytes int64 `json:"droppedBytes"`
	FileBytes    int64 `json:"fileBytes"`
	Log          struct {
		Newest        uint64     `json:"newest"`
		Reach         uint64     `json:"reach"`
		Bytes         int64      `json:"bytes"`
		Oldest        *time.Time `json:"oldest,omitempty"`
		WindowBytes   int64      `json:"windowBytes"`
		WindowSeconds int64      `json:"windowSeconds"`
	} `json:"log"`
}

func newDBStats(sh *shell) *cobra.Command {
	return &cobra.Command{
		Use: "stats", Short: "List the collections with their sizes, what was dropped, and how far the history reaches", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return sh.ask(c.Context(), func(t *target) error {
				var res struct {
					Collections []collectionStats `json:"collections"`
					Dropped     []droppedStats    `json:"dropped"`
					Totals      totalStats        `json:"totals"`
				}
				if err := t.get(c.Context(), "/"+sh.env+"/collections", &res); err != nil {
					return err
				}
				if err := t.get(c.Context(), "/"+sh.env+"/dropped", &res); err != nil {
					return err
				}
				if err := t.get(c.Context(), "/"+sh.env+"/stats", &res.Totals); err != nil {
					return err
				}
				return sh.print(res, func(w io.Writer) {
					printCollections(w, res.Collections)
					printTotals(w, res.Totals)
					printDropped(w, res.Dropped)
				})
			})
		},
	}
}

func printCollections(w io.Writer, list []collectionStats) {
	tw := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintln(tw, "COLLECTION\tMODE\tDOCUMENTS\tBYTES\tINDEXES\tINDEX BYTES\tVALIDATED")
	for _, k := range list {
		validated := ""
		if k.Validated {
			validated = "yes"
		}
		fmt.Fprintf(tw, "%s\t%s\t%d\t%d\t%d\t%d\t%s\n", k.Name, k.Mode, k.Count, k.Bytes, k.Indexes, k.IndexBytes, validated)
	}
	_ = tw.Flush() // a failed write to the terminal has nobody to hear of it
}

func printTotals(w io.Writer, s totalStats) {
	fmt.Fprintf(w, "\n%d documents of %s in a file of %s\n", s.Documents, bytesText(s.Bytes), bytesText(s.FileBytes))
	if s.Log.Oldest != nil {
		fmt.Fprintf(w, "history: operations %d to %d, since %s, %s of at most %s; kept for %s\n",
			s.Log.Reach+1, s.Log.Newest, s.Log.Oldest.Local().Format(time.DateTime), bytesText(s.Log.Bytes),
			bytesText(s.Log.WindowBytes), time.Duration(s.Log.WindowSeconds)*time.Second)
	}
}

func printDropped(w io.Writer, list []droppedStats) {
	for _, d := range list {
		fmt.Fprintf(w, "dropped: %s with %d documents at %s (operation %d); until %s: baas db undo %s --dropped\n",
			d.Name, d.Count, d.Date.Local().Format(time.DateTime), d.Seq, d.Until.Local().Format(time.DateTime), d.Name)
	}
}

// bytesText shows a number of bytes as people read it.
func bytesText(n int64) string {
	const units = "KMGTP"
	if n < 1024 {
		return fmt.Sprintf("%d bytes", n)
	}
	f, unit := float64(n)/1024, 0
	for f >= 1024 && unit < len(units)-1 {
		f /= 1024
		unit++
	}
	return fmt.Sprintf("%.1f %cB", f, units[unit])
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

func newDBRename(sh *shell) *cobra.Command {
	return &cobra.Command{
		Use: "rename COLLECTION NAME", Short: "Give a collection another name; its data, indexes and history stay with it", Args: cobra.ExactArgs(2),
		RunE: func(c *cobra.Command, args []string) error {
			return sh.ask(c.Context(), func(t *target) error {
				if err := t.post(c.Context(), sh.collectionPath(args[0], "/rename"), map[string]string{"to": args[1]}, nil); err != nil {
					return err
				}
				return sh.print(map[string]string{"from": args[0], "name": args[1]}, func(w io.Writer) { fmt.Fprintf(w, "%s is now %s\n", args[0], args[1]) })
			})
		},
	}
}

func newDBDrop(sh *shell) *cobra.Command {
	return &cobra.Command{
		Use: "drop COLLECTION", Short: "Remove a collection with its documents; `baas db undo COLLECTION --dropped` brings it back", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return sh.ask(c.Context(), func(t *target) error {
				if err := t.call(c.Context(), http.MethodDelete, sh.collectionPath(args[0], ""), nil, "", nil); err != nil {
					return err
				}
				return sh.print(map[string]string{"dropped": args[0]}, func(w io.Writer) {
					fmt.Fprintf(w, "dropped %s; for a while, baas db undo %s --dropped brings it back\n", args[0], args[0])
				})
			})
		},
	}
}
