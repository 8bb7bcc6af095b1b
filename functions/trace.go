package functions

import (
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/go-sourcemap/sourcemap"

	"baas/functions/worker"
)

// userRoot is the directory under which user code sees its own files.
const userRoot = "/var/user/"

// trace puts the user's own file, line and column where a text names a place
// in the bundle. The source map is read when the first such text comes; it
// costs some milliseconds and three times its size. Safe for concurrent use.
type trace struct {
	path  string // of the source map, which may be missing
	place *regexp.Regexp

	once sync.Once
	m    *sourcemap.Consumer
}

func newTrace(path string) *trace {
	return &trace{path: path, place: regexp.MustCompile(regexp.QuoteMeta(worker.BundleName) + `:(\d{1,9}):(\d{1,9})`)}
}

func (t *trace) rewrite(text string) string {
	if t == nil || !strings.Contains(text, worker.BundleName) {
		return text
	}
	t.once.Do(t.read)
	if t.m == nil {
		return text
	}
	return t.place.ReplaceAllStringFunc(text, func(at string) string {
		place := t.place.FindStringSubmatch(at)
		line, _ := strconv.Atoi(place[1]) // digits, nine at most
		column, _ := strconv.Atoi(place[2])
		file, _, line, column, ok := t.m.Source(line, column-1)
		if !ok || file == "" {
			return at
		}
		return userRoot + strings.TrimPrefix(file, "./") + ":" + strconv.Itoa(line) + ":" + strconv.Itoa(column+1)
	})
}

// read leaves m nil if there is no usable map: texts then stay as they are.
func (t *trace) read() {
	text, err := os.ReadFile(t.path)
	if err != nil {
		return
	}
	if m, err := sourcemap.Parse("", text); err == nil {
		t.m = m
	}
}
