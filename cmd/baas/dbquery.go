package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"baas/db/value"
)

func newDBQuery(sh *shell) *cobra.Command {
	var explain bool
	c := &cobra.Command{
		Use: "query SCRIPT", Short: "Run one operation written in the script language; - reads it from the input",
		Long: `Run one operation on the database, written as in an app:

  baas db query 'db.collection("todos").where({done: false}).orderBy("due", "asc").limit(5).get()'
  baas db query 'db.collection("todos").where({due: _.lt(new Date("2024-01-01"))}).remove()'
  baas db query 'db.collection("todos").aggregate().group({_id: "$done", n: $.sum(1)}).end()'

There are const, object destructuring, new, negative numbers, comments, property
access and call chains; _ is db.command and $ is db.command.aggregate. There are
no functions, arithmetic, conditions or loops. Without limit, get answers 10
documents. --explain says how a get is carried out: which index, how many keys
and documents were looked at, and which index would help.`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			script := args[0]
			if script == "-" {
				text, err := io.ReadAll(io.LimitReader(sh.in, 1<<20))
				if err != nil {
					return err
				}
				script = string(text)
			}
			return sh.ask(c.Context(), func(t *target) error {
				var res map[string]json.RawMessage
				if err := t.post(c.Context(), "/"+sh.env+"/query", map[string]any{"query": script, "explain": explain}, &res); err != nil {
					return err
				}
				return sh.print(res, func(w io.Writer) {
					if explain {
						printExplanation(w, res)
						return
					}
					printAnswer(w, res)
				})
			})
		},
	}
	c.Flags().BoolVar(&explain, "explain", false, "say how the get is carried out")
	return c
}

// planStep is a step of the way that a search took.
type planStep struct {
	Stage  string     `json:"stage"`
	Index  string     `json:"index"`
	Bounds []string   `json:"bounds"`
	Inputs []planStep `json:"inputs"`
}

func (p planStep) print(w io.Writer, depth int) {
	line := strings.Repeat("  ", depth) + p.Stage
	if p.Index != "" {
		line += " " + p.Index
	}
	if len(p.Bounds) > 0 {
		line += " " + strings.Join(p.Bounds, " ")
	}
	fmt.Fprintln(w, line)
	for _, in := range p.Inputs {
		in.print(w, depth+1)
	}
}

func printExplanation(w io.Writer, res map[string]json.RawMessage) {
	var way planStep
	if json.Unmarshal(res["plan"], &way) == nil {
		way.print(w, 0)
	}
	fmt.Fprintf(w, "%s keys and %s documents looked at, %s found, in %s ms; order: %s\n",
		res["keysExamined"], res["docsExamined"], res["returned"], res["ms"], strings.Trim(string(res["sort"]), `"`))
	var advice struct{ Keys []indexKey }
	if json.Unmarshal(res["advice"], &advice) == nil && len(advice.Keys) > 0 {
		var keys []string
		for _, k := range advice.Keys {
			keys = append(keys, k.Name+":"+k.Direction)
		}
		fmt.Fprintf(w, "an index would help: baas db index create COLLECTION %s\n", strings.Join(keys, " "))
	}
}

// printAnswer shows what a script has done: documents line by line, or counts.
func printAnswer(w io.Writer, res map[string]json.RawMessage) {
	var list []json.RawMessage
	if raw, ok := res["list"]; ok && json.Unmarshal(raw, &list) == nil {
		for _, d := range list {
			fmt.Fprintln(w, readable(d))
		}
		var pager struct{ Total int64 }
		if json.Unmarshal(res["pager"], &pager) == nil && pager.Total > int64(len(list)) {
			fmt.Fprintf(w, "(%d of %d)\n", len(list), pager.Total)
		}
		return
	}
	var words []string
	for _, name := range []string{"count", "matched", "modified", "deleted", "id", "id_list"} {
		if raw, ok := res[name]; ok {
			words = append(words, name+" "+readable(raw))
		}
	}
	fmt.Fprintln(w, strings.Join(words, ", "))
}

// readable shows extended JSON as plainly as it can be.
func readable(raw []byte) string {
	v, err := value.ParseJSONValue(raw, value.ParseOptions{})
	if err != nil {
		return string(raw)
	}
	return string(value.AppendReadable(nil, v))
}
