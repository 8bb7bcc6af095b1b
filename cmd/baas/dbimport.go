package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"baas/db/transfer"
)

// importReport is what became of a file. Every line before Next has been dealt
// with.
type importReport struct {
	Inserted  int64        `json:"inserted"`
	Updated   int64        `json:"updated"`
	Unchanged int64        `json:"unchanged"`
	Failed    int64        `json:"failed"`
	Errors    []importLine `json:"errors"` // the first 100
	Next      int          `json:"next"`
	Stopped   bool         `json:"stopped"`
}

type importLine struct {
	Line    int    `json:"line"`
	Code    string `json:"code"`
	Message string `json:"message"`
}

func (r *importReport) add(part importReport) {
	r.Inserted += part.Inserted
	r.Updated += part.Updated
	r.Unchanged += part.Unchanged
	r.Failed += part.Failed
	r.Errors = append(r.Errors, part.Errors...)
	r.Errors = r.Errors[:min(len(r.Errors), 100)]
	r.Next, r.Stopped = part.Next, part.Stopped
}

// importFlags are the flags of baas db import.
type importFlags struct {
	collection, mode, format string
	fields, texts            []string
	stop, create             bool
	from                     int
}

func newDBImport(sh *shell) *cobra.Command {
	var f importFlags
	c := &cobra.Command{
		Use: "import FILE --collection NAME", Short: "Import documents from JSON Lines or CSV; - reads the input",
		Long: `Import documents: JSON Lines (one document a line) or CSV, in UTF-8. The format
follows from the file's name, or --format.

  baas db import todos.jsonl --collection todos --mode upsert
  baas db import people.csv --collection people --texts phone,zip

In CSV the first line names the fields; a dotted name (owner.name) is a member of
an object. An empty cell is no member; numbers, true, false, null and JSON texts,
objects and arrays are read as such, in the columns of --texts as text.

A bad line is reported and left out; with --stop-on-error the import ends there.
The last line of the report says where to go on: --from-line. The exit status is 1
when a line was left out.`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if err := f.check(args[0]); err != nil {
				return &usageError{err}
			}
			return sh.ask(c.Context(), func(t *target) error { return sh.importFile(c.Context(), t, args[0], f) })
		},
	}
	c.Flags().StringVar(&f.collection, "collection", "", "collection to import into")
	c.Flags().StringVar(&f.mode, "mode", "insert", "insert: refuse an _id that is taken; upsert: replace that document")
	c.Flags().StringVar(&f.format, "format", "", "json (one document a line) or csv")
	c.Flags().StringSliceVar(&f.fields, "fields", nil, "the columns of a CSV file that has no header")
	c.Flags().StringSliceVar(&f.texts, "texts", nil, "CSV columns whose cells are texts, such as phone numbers")
	c.Flags().BoolVar(&f.stop, "stop-on-error", false, "end at the first line that cannot be stored")
	c.Flags().BoolVar(&f.create, "create", false, "make the collection if it is missing")
	c.Flags().IntVar(&f.from, "from-line", 1, "begin at this line of the file")
	return c
}

func (f *importFlags) check(file string) error {
	if f.collection == "" {
		return errors.New("say where to: --collection NAME")
	}
	if f.mode != "insert" && f.mode != "upsert" {
		return fmt.Errorf("--mode %q is not insert or upsert", f.mode)
	}
	var err error
	f.format, err = formatOf(f.format, file)
	return err
}

// formatOf returns the format that was named, or that of a file's name.
func formatOf(named, file string) (string, error) {
	if named == "" {
		switch strings.ToLower(filepath.Ext(file)) {
		case ".csv":
			return "csv", nil
		case ".json", ".jsonl", ".ndjson":
			return "json", nil
		}
		return "", errors.New("say what it is: --format json (one document a line) or --format csv")
	}
	if named != "json" && named != "csv" {
		return "", fmt.Errorf("--format %q is not json or csv", named)
	}
	return named, nil
}

// importPart is about how many bytes one request of an import holds: a signed
// request is limited to 6 MB.
const importPart = 2 << 20

// importing is an import at work.
type importing struct {
	sh     *shell
	t      *target
	f      importFlags
	cutter *transfer.Cutter
	header []byte // of CSV, in front of each part
	first  int    // the line that follows the header
	bar    *progress
	report importReport
}

func (sh *shell) importFile(ctx context.Context, t *target, path string, f importFlags) error {
	in, size, err := sh.openInput(path)
	if err != nil {
		return err
	}
	defer in.Close()
	i := &importing{sh: sh, t: t, f: f, bar: sh.newProgress(size), report: importReport{Errors: []importLine{}, Next: 1}, first: 1}
	if i.cutter, err = transfer.NewCutter(transfer.Format(f.format), in); err != nil {
		return err
	}
	if f.format == "csv" && len(f.fields) == 0 {
		if i.header, _, err = i.cutter.Next(1); err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		i.first += strings.Count(string(i.header), "\n")
	}
	err = i.run(ctx)
	i.bar.end()
	if err != nil {
		return fmt.Errorf("%w; the lines before %d are dealt with: go on with --from-line %d; what was on its way may be in already, and is no error with --mode upsert", err, i.report.Next, i.report.Next)
	}
	if err := sh.print(i.report, i.print); err != nil {
		return err
	}
	if i.report.Failed > 0 {
		return errTold
	}
	return nil
}

func (sh *shell) openInput(path string) (io.ReadCloser, int64, error) {
	if path == "-" {
		return io.NopCloser(sh.in), 0, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, 0, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, 0, errors.Join(err, f.Close())
	}
	return f, info.Size(), nil
}

// run sends the file part by part, and stops where the server did.
func (i *importing) run(ctx context.Context) error {
	done, empty := int64(len(i.header)), true
	i.report.Next = max(i.f.from, i.first)
	for !i.report.Stopped {
		size := importPart
		if i.f.from > i.first {
			size = 1 // record by record up to the line where it begins
		}
		part, line, err := i.cutter.Next(size)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		done += int64(len(part))
		if i.first = line + strings.Count(string(part), "\n"); line < i.f.from {
			continue
		}
		empty = false
		if err := i.send(ctx, part, line); err != nil {
			return err
		}
		i.bar.show(done, fmt.Sprintf("line %d", i.report.Next))
	}
	if empty { // says at least whether there is such a collection
		return i.send(ctx, nil, i.report.Next)
	}
	return nil
}

func (i *importing) send(ctx context.Context, part []byte, line int) error {
	headerLines := strings.Count(string(i.header), "\n")
	query := url.Values{"mode": {i.f.mode}, "from": {strconv.Itoa(max(line-headerLines, 1))}}
	for name, on := range map[string]bool{"stop": i.f.stop, "create": i.f.create} {
		if on {
			query.Set(name, "1")
		}
	}
	for name, list := range map[string][]string{"fields": i.f.fields, "texts": i.f.texts} {
		if len(list) > 0 {
			query.Set(name, strings.Join(list, ","))
		}
	}
	media := map[string]string{"json": "application/x-ndjson", "csv": "text/csv"}[i.f.format]
	body := append(append([]byte{}, i.header...), part...)
	res, err := i.t.do(ctx, http.MethodPost, i.sh.collectionPath(i.f.collection, "/import?"+query.Encode()), body, media)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	var report importReport
	if err := json.NewDecoder(res.Body).Decode(&report); err != nil {
		return err
	}
	i.report.add(report)
	return nil
}

func (i *importing) print(w io.Writer) {
	r := i.report
	for _, e := range r.Errors {
		fmt.Fprintf(w, "line %d: %s: %s\n", e.Line, e.Code, e.Message)
	}
	if more := r.Failed - int64(len(r.Errors)); more > 0 {
		fmt.Fprintf(w, "(and %d more)\n", more)
	}
	fmt.Fprintf(w, "%d inserted, %d replaced, %d unchanged, %d refused\n", r.Inserted, r.Updated, r.Unchanged, r.Failed)
	if r.Stopped {
		fmt.Fprintf(w, "stopped: mend the line and go on with --from-line %d\n", r.Next)
	}
}
