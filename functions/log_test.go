package functions

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"
)

func line(n int, text string) LogLine {
	return LogLine{Time: time.Unix(int64(n), 0).UTC(), Function: "f", RequestID: fmt.Sprintf("r-%d", n), Kind: LogConsole, Level: "log", Text: text}
}

func TestLogIsARing(t *testing.T) {
	dir := t.TempDir()
	l, err := openLogFiles(dir, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("x", segmentBytes/4)
	const n = 4 * (segments + 3)
	for i := range n {
		text, err := json.Marshal(line(i, long))
		if err != nil {
			t.Fatal(err)
		}
		if err := l.append(append(text, '\n')); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.close(); err != nil {
		t.Fatal(err)
	}
	all, err := listSegments(dir)
	if err != nil || len(all) != segments {
		t.Fatalf("%d segments, %v", len(all), err)
	}
	found, err := searchLogs(dir, LogQuery{Limit: 7})
	if err != nil || len(found) != 7 || found[0].RequestID != fmt.Sprintf("r-%d", n-7) || found[6].RequestID != fmt.Sprintf("r-%d", n-1) {
		t.Errorf("got %d lines, %v", len(found), err)
	}
}

func TestLogSurvivesACutLine(t *testing.T) {
	dir := t.TempDir()
	j, err := openJournal(dir, time.Now, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	j.add(entry{line: line(1, "whole")})
	j.close()
	f, err := os.OpenFile(segmentPath(dir, 1), os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(`{"time":"2026-`); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if j, err = openJournal(dir, time.Now, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	j.add(entry{line: line(2, "after the crash")})
	j.sync()
	defer j.close()
	found, err := searchLogs(dir, LogQuery{})
	if err != nil || len(found) != 2 || found[0].Text != "whole" || found[1].Text != "after the crash" {
		t.Errorf("got %+v, %v", found, err)
	}
}

func TestLogQuery(t *testing.T) {
	dir := t.TempDir()
	j, err := openJournal(dir, time.Now, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer j.close()
	for i := range 10 {
		j.add(entry{line: line(i, fmt.Sprintf("r-5 g %d", i))})
	}
	j.sync()
	for _, tc := range []struct {
		name        string
		q           LogQuery
		first, last string
		n           int
	}{
		{"All", LogQuery{}, "r-0", "r-9", 10},
		{"Newest", LogQuery{Limit: 2}, "r-8", "r-9", 2},
		{"Request", LogQuery{RequestID: "r-5"}, "r-5", "r-5", 1},
		{"OtherFunction", LogQuery{Function: "g"}, "", "", 0},
		{"Since", LogQuery{Since: time.Unix(7, 0)}, "r-7", "r-9", 3},
		{"Until", LogQuery{Until: time.Unix(7, 0)}, "r-0", "r-6", 7},
	} {
		t.Run(tc.name, func(t *testing.T) {
			found, err := searchLogs(dir, tc.q)
			if err != nil || len(found) != tc.n {
				t.Fatalf("got %d lines, %v", len(found), err)
			}
			if tc.n > 0 && (found[0].RequestID != tc.first || found[tc.n-1].RequestID != tc.last) {
				t.Errorf("got %s to %s", found[0].RequestID, found[tc.n-1].RequestID)
			}
		})
	}
}

func TestSlowFollowerMissesLinesAndHoldsNobodyUp(t *testing.T) {
	j, err := openJournal(t.TempDir(), time.Now, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	lines, stop := j.follow(2)
	for i := range 10 {
		j.add(entry{line: line(i, "")})
	}
	j.sync()
	if a, b := <-lines, <-lines; a.RequestID != "r-0" || b.RequestID != "r-1" {
		t.Errorf("got %s, %s", a.RequestID, b.RequestID)
	}
	select {
	case l := <-lines:
		t.Errorf("a line too many: %+v", l)
	default:
	}
	stop()
	stop()
	if _, open := <-lines; open {
		t.Error("the channel is open after stop")
	}
	other, _ := j.follow(1)
	j.close()
	if _, open := <-other; open {
		t.Error("the channel is open after the journal's end")
	}
}
