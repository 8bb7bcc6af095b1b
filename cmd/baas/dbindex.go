package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
)

type indexKey struct {
	Name      string `json:"name"`
	Direction string `json:"direction"`
}

type indexStats struct {
	Name     string     `json:"name"`
	Unique   bool       `json:"unique"`
	Sparse   bool       `json:"sparse"`
	Expire   *int64     `json:"expireAfterSeconds,omitempty"`
	Keys     []indexKey `json:"keys"`
	State    string     `json:"state"`
	Failure  string     `json:"failure,omitempty"`
	Progress float64    `json:"progress"`
	Entries  int64      `json:"entries"`
	Bytes    int64      `json:"bytes"`
}

// indexList is what the API answers to all that is asked of indexes.
type indexList struct {
	Indexes []indexStats `json:"indexes"`
}

func newDBIndex(sh *shell) *cobra.Command {
	c := &cobra.Command{Use: "index", Short: "List, create and drop indexes"}
	c.AddCommand(
		&cobra.Command{
			Use: "list COLLECTION", Short: "List the indexes of a collection", Args: cobra.ExactArgs(1),
			RunE: func(c *cobra.Command, args []string) error {
				return sh.ask(c.Context(), func(t *target) error {
					var res indexList
					if err := t.get(c.Context(), sh.collectionPath(args[0], "/indexes"), &res); err != nil {
						return err
					}
					return sh.print(res, res.print)
				})
			},
		},
		newDBIndexCreate(sh),
		&cobra.Command{
			Use: "drop COLLECTION NAME", Short: "Drop an index", Args: cobra.ExactArgs(2),
			RunE: func(c *cobra.Command, args []string) error {
				return sh.updateIndexes(c, args[0], map[string]any{"drop_indexes": []map[string]string{{"name": args[1]}}})
			},
		},
	)
	return c
}

func newDBIndexCreate(sh *shell) *cobra.Command {
	var name string
	var unique, sparse, wait bool
	var expire time.Duration
	c := &cobra.Command{
		Use: "create COLLECTION FIELD[:DIRECTION]…", Short: "Create an index; it is built in the background",
		Long: `Create an index on one field or several. DIRECTION is 1 (the default), -1,
2dsphere or text:

  baas db index create todos owner due:-1
  baas db index create shops location:2dsphere
  baas db index create users mail --unique
  baas db index create sessions ended --expire 24h`,
		Args: cobra.MinimumNArgs(2),
		RunE: func(c *cobra.Command, args []string) error {
			spec := map[string]any{"name": name, "unique": unique, "sparse": sparse}
			var keys []indexKey
			for _, arg := range args[1:] {
				field, direction, _ := strings.Cut(arg, ":")
				if field == "" {
					return &usageError{errors.New("a field is NAME or NAME:DIRECTION, such as due:-1")}
				}
				keys = append(keys, indexKey{field, direction})
			}
			spec["keys"] = keys
			if expire != 0 {
				spec["expireAfterSeconds"] = int64(expire / time.Second)
			}
			return sh.updateIndexes(c, args[0], map[string]any{"create_indexes": []any{spec}, "wait": wait})
		},
	}
	c.Flags().StringVar(&name, "name", "", "its name (default: made of the fields)")
	c.Flags().BoolVar(&unique, "unique", false, "no two documents may have the same values; a missing field counts as null")
	c.Flags().BoolVar(&sparse, "sparse", false, "leave out documents without the fields")
	c.Flags().DurationVar(&expire, "expire", 0, "remove documents so long after the date in the field")
	c.Flags().BoolVar(&wait, "wait", true, "wait until it is built")
	return c
}

func (sh *shell) updateIndexes(c *cobra.Command, collection string, body map[string]any) error {
	return sh.ask(c.Context(), func(t *target) error {
		var res indexList
		if err := t.post(c.Context(), sh.collectionPath(collection, "/indexes"), body, &res); err != nil {
			return err
		}
		return sh.print(res, res.print)
	})
}

func (l indexList) print(w io.Writer) {
	tw := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintln(tw, "INDEX\tKEYS\tKIND\tSTATE\tENTRIES\tBYTES")
	for _, x := range l.Indexes {
		var keys, kind []string
		for _, k := range x.Keys {
			keys = append(keys, k.Name+":"+k.Direction)
		}
		if x.Unique {
			kind = append(kind, "unique")
		}
		if x.Sparse {
			kind = append(kind, "sparse")
		}
		if x.Expire != nil {
			kind = append(kind, (time.Duration(*x.Expire) * time.Second).String())
		}
		state := x.State
		if state == "building" {
			state = fmt.Sprintf("building %.0f%%", 100*x.Progress)
		}
		if x.Failure != "" {
			state += ": " + x.Failure
		}
		fmt.Fprintf(tw, "%s\t%s\t%s\t%s\t%d\t%d\n", x.Name, strings.Join(keys, " "), strings.Join(kind, " "), state, x.Entries, x.Bytes)
	}
	_ = tw.Flush() // a failed write to the terminal has nobody to hear of it
}
