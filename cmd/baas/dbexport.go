package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"baas/db/transfer"
)

// exportFlags are the flags of baas db export.
type exportFlags struct {
	collection, format, query, out string
	fields                         []string
	strict, resume                 bool
}

func newDBExport(sh *shell) *cobra.Command {
	var f exportFlags
	c := &cobra.Command{
		Use: "export --collection NAME", Short: "Export documents as JSON Lines or CSV",
		Long: `Export the documents of a collection to a file, or to the output. Writers are not
held up, however large it is. An export to a file that was interrupted goes on
with --resume.

  baas db export --collection todos --out todos.jsonl
  baas db export --collection todos --query '{"done": true}' --fields _id,title,owner.name --out todos.csv

JSON reads back as the same documents, type for type. CSV needs --fields to look
into objects; without it the columns are the members that the documents have.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := f.check(); err != nil {
				return &usageError{err}
			}
			return sh.ask(c.Context(), func(t *target) error { return sh.export(c.Context(), t, f) })
		},
	}
	c.Flags().StringVar(&f.collection, "collection", "", "collection to export")
	c.Flags().StringVar(&f.format, "format", "", "json (one document a line) or csv; default: by the file's name, else json")
	c.Flags().StringVar(&f.query, "query", "", "only documents that this condition (extended JSON) holds for")
	c.Flags().StringSliceVar(&f.fields, "fields", nil, "only these fields, dotted names")
	c.Flags().StringVar(&f.out, "out", "-", "file to write; - is the output")
	c.Flags().BoolVar(&f.strict, "strict", false, "canonical extended JSON: every number and date says its type")
	c.Flags().BoolVar(&f.resume, "resume", false, "go on with an export to this file that was interrupted")
	return c
}

func (f *exportFlags) check() error {
	if f.collection == "" {
		return errors.New("say what: --collection NAME")
	}
	if f.resume && f.out == "-" {
		return errors.New("--resume needs the file: --out FILE")
	}
	if f.format == "" && f.out == "-" {
		f.format = "json"
	}
	var err error
	f.format, err = formatOf(f.format, f.out)
	return err
}

// exportPart is how many bytes one request of an export asks for.
const exportPart = 4 << 20

// exportState is what FILE.resume holds while an export runs: what it is, and
// up to where the file is good.
type exportState struct {
	Request string `json:"request"` // of the first part, which tells one export from another
	After   string `json:"after"`
	Bytes   int64  `json:"bytes"`
}

// exporting is an export at work.
type exporting struct {
	sh    *shell
	t     *target
	f     exportFlags
	state exportState
	file  *os.File // nil: the output
	lines int64
	bar   *progress
}

func (sh *shell) export(ctx context.Context, t *target, f exportFlags) (err error) {
	x := &exporting{sh: sh, t: t, f: f, bar: sh.newProgress(0)}
	if x.state.Request, err = x.request(ctx); err != nil {
		return err
	}
	if err := x.open(); err != nil {
		return err
	}
	err = x.run(ctx)
	x.bar.end()
	if x.file != nil {
		err = errors.Join(err, x.file.Close())
	}
	if err != nil {
		if x.file != nil {
			return fmt.Errorf("%w; go on with --resume", err)
		}
		return err
	}
	if x.file == nil {
		return nil
	}
	if err := os.Remove(x.statePath()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	res := map[string]any{"file": f.out, "lines": x.lines, "bytes": x.state.Bytes}
	return sh.print(res, func(w io.Writer) { fmt.Fprintf(w, "%s: %d lines, %s\n", f.out, x.lines, bytesText(x.state.Bytes)) })
}

// request returns the path of the first part. The columns of CSV are settled
// here, so that every part has the same.
func (x *exporting) request(ctx context.Context) (string, error) {
	query := url.Values{"format": {x.f.format}, "part": {strconv.Itoa(exportPart)}}
	if x.f.query != "" {
		query.Set("query", x.f.query)
	}
	if x.f.strict {
		query.Set("strict", "1")
	}
	if transfer.Format(x.f.format) == transfer.CSV && len(x.f.fields) == 0 && !x.f.resume {
		var res struct {
			Fields []string `json:"fields"`
		}
		if err := x.t.get(ctx, x.sh.collectionPath(x.f.collection, "/fields?"+query.Encode()), &res); err != nil {
			return "", err
		}
		x.f.fields = res.Fields
		for _, name := range res.Fields {
			if strings.Contains(name, ",") {
				return "", fmt.Errorf("the field %q has a comma in its name; name the columns with --fields, or export as json", name)
			}
		}
	}
	if len(x.f.fields) > 0 {
		query.Set("fields", strings.Join(x.f.fields, ","))
	}
	return x.sh.collectionPath(x.f.collection, "/export?"+query.Encode()), nil
}

func (x *exporting) statePath() string { return x.f.out + ".resume" }

// open opens the file: empty, or cut to where an earlier export has left it.
func (x *exporting) open() (err error) {
	if x.f.out == "-" {
		return nil
	}
	if !x.f.resume {
		x.file, err = os.OpenFile(x.f.out, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
		return err
	}
	text, err := os.ReadFile(x.statePath())
	if err != nil {
		return fmt.Errorf("there is nothing to go on with: %w", err)
	}
	if err := json.Unmarshal(text, &x.state); err != nil {
		return fmt.Errorf("%s: %w", x.statePath(), err)
	}
	if x.file, err = os.OpenFile(x.f.out, os.O_RDWR, 0o600); err != nil {
		return err
	}
	if err := x.file.Truncate(x.state.Bytes); err != nil {
		return errors.Join(err, x.file.Close())
	}
	if _, err := x.file.Seek(x.state.Bytes, io.SeekStart); err != nil {
		return errors.Join(err, x.file.Close())
	}
	return nil
}

// run fetches part after part; the state is written behind each that is whole.
func (x *exporting) run(ctx context.Context) error {
	for more := true; more; {
		path := x.state.Request
		if x.state.After != "" {
			path += "&after=" + url.QueryEscape(x.state.After)
		}
		res, err := x.t.do(ctx, http.MethodGet, path, nil, "")
		if err != nil {
			return err
		}
		part, err := io.ReadAll(res.Body)
		if err = errors.Join(err, res.Body.Close()); err != nil {
			return err
		}
		x.state.After = res.Header.Get("Baas-Next")
		more = x.state.After != ""
		if err := x.write(part); err != nil {
			return err
		}
		x.bar.show(x.state.Bytes, fmt.Sprintf("%s, %d lines", bytesText(x.state.Bytes), x.lines))
	}
	return nil
}

func (x *exporting) write(part []byte) error {
	x.lines += int64(strings.Count(string(part), "\n"))
	x.state.Bytes += int64(len(part))
	if x.file == nil {
		_, err := x.sh.out.Write(part)
		return err
	}
	if _, err := x.file.Write(part); err != nil {
		return err
	}
	text, err := json.Marshal(x.state)
	if err != nil {
		return err
	}
	return writeFileSync(x.statePath(), append(text, '\n'))
}
