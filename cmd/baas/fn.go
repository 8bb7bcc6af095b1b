package main

import (
	"archive/tar"
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"baas/functions/project"
)

func newFn(sh *shell) *cobra.Command {
	c := &cobra.Command{Use: "fn", Short: "Deploy, list, invoke and delete cloud functions, read their logs"}
	sh.addTarget(c)
	c.AddCommand(newFnDeploy(sh), newFnList(sh), newFnInvoke(sh), newFnLogs(sh), newFnDelete(sh))
	return c
}

// deployed is the API's answer to a deploy.
type deployed struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

func newFnDeploy(sh *shell) *cobra.Command {
	var name string
	c := &cobra.Command{
		Use:   "deploy DIR",
		Short: "Deploy one function's folder, or every function of a project",
		Args:  cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			dirs, err := functionDirs(args[0], name)
			if err != nil {
				return err
			}
			return sh.ask(c.Context(), func(t *target) error {
				var done []deployed
				for _, f := range dirs {
					if f.NeedsInstall {
						if err := installPackages(c.Context(), f, sh.log); err != nil {
							return err
						}
					}
					archive, err := packFolder(f.Dir)
					if err != nil {
						return err
					}
					var d deployed
					path := "/" + sh.env + "/functions/" + url.PathEscape(f.Name)
					if err := t.call(c.Context(), http.MethodPut, path, archive, "application/x-tar", &d); err != nil {
						return fmt.Errorf("%s: %w", f.Name, err)
					}
					done = append(done, d)
				}
				return sh.print(map[string]any{"deployed": done}, func(w io.Writer) {
					for _, d := range done {
						fmt.Fprintf(w, "deployed %s, version %s\n", d.Name, d.Version)
					}
				})
			})
		},
	}
	c.Flags().StringVar(&name, "name", "", "name of the function (default: the folder's)")
	return c
}

// functionDirs finds what DIR holds: a project, or one function.
func functionDirs(dir, name string) ([]project.Function, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if f, ok := project.Inspect(abs); ok {
		if name != "" {
			f.Name = name
		}
		return []project.Function{f}, nil
	}
	p, err := project.Load(abs)
	if err != nil {
		return nil, fmt.Errorf("%s holds no function (index.js or index.ts) and %w", dir, err)
	}
	if name != "" {
		return nil, &usageError{fmt.Errorf("--name goes with one function's folder; %s is a project", dir)}
	}
	return p.Functions()
}

// packFolder makes a tar of a function's folder. Links are left out: what a
// function needs lies in its own folder.
func packFolder(dir string) ([]byte, error) {
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		h := &tar.Header{Typeflag: tar.TypeReg, Name: filepath.ToSlash(rel), Size: int64(len(data)), Mode: 0o644}
		if err := w.WriteHeader(h); err != nil {
			return err
		}
		_, err = w.Write(data)
		return err
	})
	if err != nil {
		return nil, err
	}
	return buf.Bytes(), w.Close()
}

// functionRow is one function in the API's list.
type functionRow struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	Runtime string `json:"runtime"`
	Timeout int    `json:"timeoutMs"`
	Memory  int    `json:"memoryMB"`
	Updated string `json:"updated"`
}

func newFnList(sh *shell) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the functions", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return sh.ask(c.Context(), func(t *target) error {
				var res struct {
					Functions []functionRow `json:"functions"`
				}
				if err := t.get(c.Context(), "/"+sh.env+"/functions", &res); err != nil {
					return err
				}
				return sh.print(res, func(w io.Writer) {
					tw := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
					fmt.Fprintln(tw, "NAME\tVERSION\tTIMEOUT\tMEMORY\tUPDATED")
					for _, f := range res.Functions {
						fmt.Fprintf(tw, "%s\t%s\t%d ms\t%d MB\t%s\n", f.Name, f.Version, f.Timeout, f.Memory, f.Updated)
					}
					_ = tw.Flush() // a failed write to the terminal has nobody to hear of it
				})
			})
		},
	}
}

func newFnInvoke(sh *shell) *cobra.Command {
	var data string
	c := &cobra.Command{
		Use: "invoke NAME", Short: "Call a function and print its result", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if !json.Valid([]byte(data)) {
				return &usageError{fmt.Errorf("--event is not JSON: %.60s", data)}
			}
			return sh.ask(c.Context(), func(t *target) error {
				var res struct {
					Result    json.RawMessage `json:"result"`
					RequestID string          `json:"requestId"`
				}
				path := "/" + sh.env + "/functions/" + url.PathEscape(args[0]) + "/call"
				if err := t.call(c.Context(), http.MethodPost, path, []byte(data), "application/json", &res); err != nil {
					return err
				}
				return sh.print(res, func(w io.Writer) { fmt.Fprintf(w, "%s\n", res.Result) })
			})
		},
	}
	c.Flags().StringVar(&data, "event", "{}", "event, a JSON text")
	return c
}

// logRow is one line of the API's log stream.
type logRow struct {
	Time      string `json:"time"`
	Function  string `json:"function"`
	RequestID string `json:"requestId"`
	Level     string `json:"level"`
	Text      string `json:"text"`
}

func newFnLogs(sh *shell) *cobra.Command {
	var limit int
	var follow bool
	c := &cobra.Command{
		Use: "logs [NAME]", Short: "Print log lines, oldest first", Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return sh.ask(c.Context(), func(t *target) error {
				q := url.Values{"limit": {strconv.Itoa(limit)}}
				if len(args) == 1 {
					q.Set("function", args[0])
				}
				if follow {
					q.Set("follow", "1")
				}
				res, err := t.do(c.Context(), http.MethodGet, "/"+sh.env+"/logs?"+q.Encode(), nil, "")
				if err != nil {
					return err
				}
				defer res.Body.Close()
				return sh.printLogs(res.Body, follow)
			})
		},
	}
	c.Flags().IntVar(&limit, "limit", 100, "newest lines to print")
	c.Flags().BoolVarP(&follow, "follow", "f", false, "go on with new lines")
	return c
}

// printLogs prints JSON Lines. With --json they become one object, or, as they
// have no end when they are followed, are passed through.
func (sh *shell) printLogs(r io.Reader, follow bool) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 4<<20)
	all := []json.RawMessage{}
	for lines.Scan() {
		if sh.asJSON {
			if follow {
				fmt.Fprintf(sh.out, "%s\n", lines.Bytes())
			} else {
				all = append(all, bytes.Clone(lines.Bytes()))
			}
			continue
		}
		var row logRow
		if err := json.Unmarshal(lines.Bytes(), &row); err != nil {
			return err
		}
		fmt.Fprintf(sh.out, "%s %s %-5s %s\n", row.Time, row.Function, row.Level, row.Text)
	}
	if err := lines.Err(); err != nil || !sh.asJSON || follow {
		return err
	}
	return sh.print(map[string]any{"lines": all}, nil)
}

func newFnDelete(sh *shell) *cobra.Command {
	return &cobra.Command{
		Use: "delete NAME", Short: "Delete a function and its versions", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return sh.ask(c.Context(), func(t *target) error {
				path := "/" + sh.env + "/functions/" + url.PathEscape(args[0])
				if err := t.call(c.Context(), http.MethodDelete, path, nil, "", nil); err != nil {
					return err
				}
				return sh.print(map[string]any{"deleted": args[0]}, func(w io.Writer) { fmt.Fprintf(w, "deleted %s\n", args[0]) })
			})
		},
	}
}
