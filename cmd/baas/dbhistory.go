package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// documentVersion is one version of a document.
type documentVersion struct {
	Seq   uint64    `json:"seq"`
	Date  time.Time `json:"date"`
	Kind  string    `json:"kind"`
	Actor struct {
		Role     string `json:"role"`
		UID      string `json:"uid,omitempty"`
		OpenID   string `json:"openid,omitempty"`
		Login    string `json:"login,omitempty"`
		Function string `json:"function,omitempty"`
		Request  string `json:"request,omitempty"`
	} `json:"actor"`
	Updated map[string]json.RawMessage `json:"updated"`
	Removed []string                   `json:"removed"`
	Before  json.RawMessage            `json:"before,omitempty"`
	After   json.RawMessage            `json:"after,omitempty"`
}

type documentHistory struct {
	Versions []documentVersion `json:"versions"`
	More     bool              `json:"more"`
	Reach    uint64            `json:"reach"`
}

func newDBHistory(sh *shell) *cobra.Command {
	var limit int
	var before uint64
	var images bool
	c := &cobra.Command{
		Use: "history COLLECTION ID", Short: "Show what has happened to a document: when, by whom, from which function",
		Long: `Show the versions of a document, newest first, as far as the history reaches
(--history-age and --history-bytes of the server). ID is a text, or extended JSON
such as 5 or {"$oid": "…"}. It works for removed documents and dropped
collections, too.`,
		Args: cobra.ExactArgs(2),
		RunE: func(c *cobra.Command, args []string) error {
			return sh.ask(c.Context(), func(t *target) error {
				query := url.Values{"id": {args[1]}, "limit": {strconv.Itoa(limit)}, "before": {strconv.FormatUint(before, 10)}}
				if images {
					query.Set("images", "1")
				}
				var res documentHistory
				if err := t.get(c.Context(), sh.collectionPath(args[0], "/history?"+query.Encode()), &res); err != nil {
					return err
				}
				return sh.print(res, func(w io.Writer) { printHistory(w, args[1], res) })
			})
		},
	}
	c.Flags().IntVar(&limit, "limit", 20, "versions to show, 1 to 100")
	c.Flags().Uint64Var(&before, "before", 0, "only versions before this operation")
	c.Flags().BoolVar(&images, "images", false, "show the whole documents too")
	return c
}

// nothingKnown says that a document has no history. Digits name a number, and
// an _id that is a text of digits looks the same when it is printed.
func nothingKnown(id string) string {
	text := "the history knows no change of this document"
	if _, err := strconv.ParseFloat(id, 64); err == nil && json.Valid([]byte(id)) {
		text += fmt.Sprintf("; its _id was read as the number %s, the text is written '%q'", id, id)
	}
	return text
}

func printHistory(w io.Writer, id string, h documentHistory) {
	if len(h.Versions) == 0 {
		fmt.Fprintln(w, nothingKnown(id))
	}
	for _, v := range h.Versions {
		fmt.Fprintf(w, "%d  %s  %s by %s\n", v.Seq, v.Date.Local().Format("2006-01-02 15:04:05.000"), v.Kind, v.who())
		paths := make([]string, 0, len(v.Updated))
		for path := range v.Updated {
			paths = append(paths, path)
		}
		sort.Strings(paths)
		for _, path := range paths {
			fmt.Fprintf(w, "    %s = %s\n", path, readable(v.Updated[path]))
		}
		for _, path := range v.Removed {
			fmt.Fprintf(w, "    %s is gone\n", path)
		}
		if v.Before != nil {
			fmt.Fprintf(w, "    before %s\n", readable(v.Before))
		}
		if v.After != nil {
			fmt.Fprintf(w, "    after  %s\n", readable(v.After))
		}
	}
	if h.More {
		fmt.Fprintf(w, "(older ones: --before %d)\n", h.Versions[len(h.Versions)-1].Seq)
	} else if h.Reach > 0 {
		fmt.Fprintf(w, "(nothing is known of operations up to %d)\n", h.Reach)
	}
}

// who names the actor of a version.
func (v documentVersion) who() string {
	words := []string{v.Actor.Role}
	for _, part := range []struct{ name, text string }{
		{"", v.Actor.Login},
		{"openid ", v.Actor.OpenID},
		{"uid ", v.Actor.UID},
		{"function ", v.Actor.Function},
		{"request ", v.Actor.Request},
	} {
		if part.text != "" {
			words = append(words, part.name+part.text)
		}
	}
	return strings.Join(words, ", ")
}

// undoFlags are the flags of baas db undo.
type undoFlags struct {
	to, before, seq uint64
	at, as          string
	all, dropped    bool
}

func newDBUndo(sh *shell) *cobra.Command {
	var f undoFlags
	c := &cobra.Command{
		Use: "undo COLLECTION [ID]", Short: "Bring a document, a collection or a dropped collection back to an earlier state",
		Long: `Bring documents back to an earlier state, as far as the history reaches:

  baas db undo todos 42                       take the last change of the document back
  baas db undo todos 42 --to 1234             as it was after operation 1234
  baas db undo todos 42 --before 1234         as it was before operation 1234
  baas db undo todos '"42"'                    the _id is the text 42, not the number
  baas db undo todos --all --at 2024-05-01T08:00:00+08:00
  baas db undo todos --dropped [--as NAME]    a dropped collection

The numbers are those of baas db history and baas db stats. An undo is an
ordinary write: apps that watch see it, and it can be undone.`,
		Args: cobra.RangeArgs(1, 2),
		RunE: func(c *cobra.Command, args []string) error {
			if err := f.check(c, args); err != nil {
				return &usageError{err}
			}
			return sh.ask(c.Context(), func(t *target) error {
				if f.dropped {
					return sh.undrop(c, t, args[0], f)
				}
				return sh.undo(c, t, args, f)
			})
		},
	}
	c.Flags().Uint64Var(&f.to, "to", 0, "the state after this operation")
	c.Flags().Uint64Var(&f.before, "before", 0, "the state before this operation")
	c.Flags().StringVar(&f.at, "at", "", "the state at this moment, such as 2024-05-01T08:00:00+08:00")
	c.Flags().BoolVar(&f.all, "all", false, "every document of the collection that has changed since")
	c.Flags().BoolVar(&f.dropped, "dropped", false, "bring a dropped collection back")
	c.Flags().Uint64Var(&f.seq, "seq", 0, "with --dropped: the operation that dropped it (default: the last)")
	c.Flags().StringVar(&f.as, "as", "", "with --dropped: the name it gets")
	return c
}

func (f undoFlags) check(c *cobra.Command, args []string) error {
	given := 0
	for _, name := range []string{"to", "before", "at"} {
		if c.Flags().Changed(name) {
			given++
		}
	}
	switch {
	case f.dropped && (len(args) > 1 || f.all || given > 0):
		return errors.New("--dropped takes the name of a collection, --seq and --as alone")
	case f.dropped:
		return nil
	case f.all == (len(args) > 1):
		return errors.New("name a document by its ID, or say --all for every document of the collection")
	case given > 1 || f.all && given == 0:
		return errors.New("give one of --to, --before and --at")
	}
	return nil
}

func (sh *shell) undo(c *cobra.Command, t *target, args []string, f undoFlags) error {
	body := map[string]any{}
	switch {
	case c.Flags().Changed("to"):
		body["to"] = f.to
	case f.at != "":
		body["at"] = f.at
	case f.before > 0:
		body["before"] = f.before
	default:
		last, err := sh.lastChange(c, t, args)
		if err != nil {
			return err
		}
		body["before"] = last
	}
	if len(args) > 1 {
		body["id"] = json.RawMessage(args[1])
		if !json.Valid([]byte(args[1])) {
			body["id"] = args[1]
		}
	}
	var res struct {
		To      uint64 `json:"to"`
		Changed int64  `json:"changed"`
		Added   int64  `json:"added"`
		Removed int64  `json:"removed"`
	}
	if err := t.post(c.Context(), sh.collectionPath(args[0], "/undo"), body, &res); err != nil {
		return err
	}
	return sh.print(res, func(w io.Writer) {
		fmt.Fprintf(w, "as after operation %d: %d changed back, %d there again, %d taken away\n", res.To, res.Changed, res.Added, res.Removed)
	})
}

// lastChange returns the number of a document's last change.
func (sh *shell) lastChange(c *cobra.Command, t *target, args []string) (uint64, error) {
	var res documentHistory
	query := url.Values{"id": {args[1]}, "limit": {"1"}}
	if err := t.get(c.Context(), sh.collectionPath(args[0], "/history?"+query.Encode()), &res); err != nil {
		return 0, err
	}
	if len(res.Versions) == 0 {
		return 0, errors.New(nothingKnown(args[1]))
	}
	return res.Versions[0].Seq, nil
}

func (sh *shell) undrop(c *cobra.Command, t *target, name string, f undoFlags) error {
	var res collectionStats
	body := map[string]any{"seq": f.seq, "as": f.as}
	if err := t.post(c.Context(), "/"+sh.env+"/dropped/"+url.PathEscape(name)+"/restore", body, &res); err != nil {
		return err
	}
	return sh.print(res, func(w io.Writer) { fmt.Fprintf(w, "%s is back with %d documents\n", res.Name, res.Count) })
}
