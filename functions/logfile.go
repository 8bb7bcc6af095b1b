package functions

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// The log of an environment is a ring of files with one JSON object per line.
const (
	segmentBytes = 4 << 20
	segments     = 16
	keepLogs     = 30 * 24 * time.Hour // wx-cloud-api.md 9.5
	segmentName  = "%08d.jsonl"
)

// logFiles appends to the ring. Its methods are called by one goroutine;
// reading (searchLogs) needs nothing but the directory.
type logFiles struct {
	dir    string
	now    func() time.Time
	number int // of the segment that is written
	size   int64
	file   *os.File
	w      *bufio.Writer
}

func openLogFiles(dir string, now func() time.Time) (*logFiles, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("functions: make the log's directory: %w", err)
	}
	l := &logFiles{dir: dir, now: now, number: 1}
	if all, err := listSegments(dir); err != nil {
		return nil, err
	} else if len(all) > 0 {
		l.number = all[len(all)-1]
	}
	return l, l.open()
}

// open continues the segment l.number. A crash may have cut its last line.
func (l *logFiles) open() error {
	f, err := os.OpenFile(segmentPath(l.dir, l.number), os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("functions: open the log: %w", err)
	}
	info, err := f.Stat()
	if err != nil {
		return errors.Join(err, f.Close())
	}
	l.file, l.size, l.w = f, info.Size(), bufio.NewWriterSize(f, 64<<10)
	last := []byte{'\n'}
	if l.size > 0 {
		if _, err := f.ReadAt(last, l.size-1); err != nil {
			return errors.Join(err, f.Close())
		}
	}
	if last[0] != '\n' {
		return l.append([]byte{'\n'})
	}
	return nil
}

func (l *logFiles) append(line []byte) error {
	if l.size > 0 && l.size+int64(len(line)) > segmentBytes {
		if err := l.rotate(); err != nil {
			return err
		}
	}
	n, err := l.w.Write(line)
	l.size += int64(n)
	return err
}

// rotate begins the next segment and removes those that are too many or too
// old.
func (l *logFiles) rotate() error {
	if err := l.close(); err != nil {
		return err
	}
	l.number++
	if err := l.open(); err != nil {
		return err
	}
	all, err := listSegments(l.dir)
	if err != nil {
		return err
	}
	for i, number := range all[:len(all)-1] {
		path := segmentPath(l.dir, number)
		info, err := os.Stat(path)
		if err != nil {
			return err
		}
		if len(all)-i > segments || l.now().Sub(info.ModTime()) > keepLogs {
			if err := os.Remove(path); err != nil {
				return err
			}
		}
	}
	return nil
}

// flush hands the lines to the system. After a failure they are given up, so
// that later ones get their chance.
func (l *logFiles) flush() error {
	err := l.w.Flush()
	if err != nil {
		l.w.Reset(l.file)
	}
	return err
}

func (l *logFiles) close() error { return errors.Join(l.w.Flush(), l.file.Close()) }

func segmentPath(dir string, number int) string {
	return filepath.Join(dir, fmt.Sprintf(segmentName, number))
}

// listSegments returns the numbers of the segments, oldest first.
func listSegments(dir string) ([]int, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("functions: list the log: %w", err)
	}
	var all []int
	for _, e := range entries {
		var number int
		if _, err := fmt.Sscanf(e.Name(), segmentName, &number); err == nil {
			all = append(all, number)
		}
	}
	slices.Sort(all)
	return all, nil
}

// LogQuery chooses log lines. Zero members choose all.
type LogQuery struct {
	Function  string
	RequestID string
	Since     time.Time
	Until     time.Time
	Limit     int // newest lines; 100 if zero, at most 1,000
}

func (q LogQuery) limit() int {
	const usual, most = 100, 1000
	if q.Limit <= 0 {
		return usual
	}
	return min(q.Limit, most)
}

func (q LogQuery) matches(l LogLine) bool {
	return (q.Function == "" || l.Function == q.Function) &&
		(q.RequestID == "" || l.RequestID == q.RequestID) &&
		(q.Since.IsZero() || !l.Time.Before(q.Since)) &&
		(q.Until.IsZero() || l.Time.Before(q.Until))
}

// searchLogs returns the newest lines that match, oldest first.
func searchLogs(dir string, q LogQuery) ([]LogLine, error) {
	all, err := listSegments(dir)
	if err != nil {
		return nil, err
	}
	var found []LogLine
	for _, number := range slices.Backward(all) {
		text, err := os.ReadFile(segmentPath(dir, number))
		if errors.Is(err, fs.ErrNotExist) {
			break // rotated away meanwhile, as are all older ones
		}
		if err != nil {
			return nil, fmt.Errorf("functions: read the log: %w", err)
		}
		found = searchSegment(found, text, q)
		if len(found) == q.limit() {
			break
		}
	}
	slices.Reverse(found)
	return found, nil
}

// searchSegment appends the matches, newest first, up to the limit.
func searchSegment(found []LogLine, text []byte, q LogQuery) []LogLine {
	for len(text) > 0 && len(found) < q.limit() {
		text = bytes.TrimSuffix(text, []byte{'\n'})
		line := text[bytes.LastIndexByte(text, '\n')+1:]
		text = text[:len(text)-len(line)]
		if !bytes.Contains(line, []byte(q.Function)) || !bytes.Contains(line, []byte(q.RequestID)) {
			continue // cheaper than decoding
		}
		var l LogLine
		if json.Unmarshal(line, &l) == nil && q.matches(l) { // else a line that a crash has cut
			found = append(found, l)
		}
	}
	return found
}
