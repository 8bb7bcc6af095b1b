package server_test

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"baas/db/rules"
	"baas/db/value"
	"baas/server/servertest"
)

// bombDocs is how many documents the bombs go off in. BAAS_BOMB_DOCS sets
// another number: make test-full takes a million.
func bombDocs(t *testing.T) int {
	t.Helper()
	text := os.Getenv("BAAS_BOMB_DOCS")
	if text == "" {
		return 15_000
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal("BAAS_BOMB_DOCS: ", err)
	}
	return n
}

// Bounds of one bomb. The engine stops after ten seconds; the rest is for a busy
// machine and the race detector.
const (
	bombTime   = 60 * time.Second
	bombMemory = 1 << 30
)

// TestCostBombsEndWhileOthersAreServed: what would take for ever, or all memory,
// ends in an answer or a defined error, and other clients are answered meanwhile
// (threats.md, query cost).
func TestCostBombsEndWhileOthersAreServed(t *testing.T) {
	t.Parallel()
	h := servertest.Start(t)
	h.Collection(t, "c", rules.AdminOnly)
	n := bombDocs(t)
	fillBombs(t, h, n)
	pipeline := func(stages ...string) string {
		var out []string
		for _, s := range stages {
			name, arg, _ := strings.Cut(s, " ")
			out = append(out, fmt.Sprintf(`{"stageKey":%q,"stageValue":%s}`, name, quote(arg)))
		}
		return `"action":"database.aggregateDocuments","stages":[` + strings.Join(out, ",") + `]`
	}
	find := func(query, more string) string {
		return `"action":"database.getDocument","queryType":"WHERE","query":` + quote(query) + more
	}
	for _, bomb := range []struct {
		name, request string
		codes         string // that may come; "" among them is a success
	}{
		{"a condition nested 5,000 deep", find(strings.Repeat(`{"$nor":[`, 5000)+`{}`+strings.Repeat(`]}`, 5000), ""), "INVALID_PARAM"},
		{"a list of 90,000 values", find(`{"text":{"$in":[`+numbers(90_000)+`]}}`, ""), " "},
		{"a list of a million values", find(`{"n":{"$in":[`+numbers(1_000_000)+`]}}`, ""), "EXCEED_REQUEST_SIZE_LIMIT"},
		{"skipping a thousand million", find(`{}`, `,"offset":1000000000,"limit":10`), " "},
		{"sorting everything by what no index has", find(`{}`, `,"order":"{\"text\":{\"$numberInt\":\"1\"}}","limit":1000`), " DATABASE_RESULT_TOO_LARGE"},
		{"a pattern that backtracks", find(`{"text":{"$regularExpression":{"pattern":"^(a+)+$","options":""}}}`, ""), "DATABASE_REQUEST_FAILED DATABASE_TIMEOUT"},
		{
			"pushing a thousand texts into everything",
			`"action":"database.modifyDocument","queryType":"WHERE","multi":true,"merge":true,"upsert":false,"query":"{}","data":` +
				quote(`{"$push":{"more":{"$each":[`+strings.TrimSuffix(strings.Repeat(`"`+strings.Repeat("x", 100)+`",`, 1000), ",")+`]}}}`),
			"DATABASE_REQUEST_FAILED DATABASE_TIMEOUT",
		},
		{"joining everything with everything", pipeline(`$lookup {"from":"c","pipeline":[],"as":"all"}`), "ERROR"},
		{"joining without an index", pipeline(`$lookup {"from":"c","localField":"n","foreignField":"m","as":"all"}`, `$count "n"`), " ERROR"},
		{"a group for each document", pipeline(`$group {"_id":"$n","all":{"$push":"$$ROOT"}}`, `$count "n"`), " ERROR"},
		{"everything in one group", pipeline(`$group {"_id":null,"all":{"$push":["$$ROOT","$$ROOT","$$ROOT","$$ROOT","$$ROOT"]}}`), "ERROR"},
		{"lists unwound into each other", pipeline(
			`$addFields {"a":"$list","b":"$list","c":"$list","d":"$list","e":"$list"}`,
			`$unwind "$a"`, `$unwind "$b"`, `$unwind "$c"`, `$unwind "$d"`, `$unwind "$e"`, `$count "n"`), " ERROR"},
		{"a range of two thousand millions", pipeline(`$project {"r":{"$range":[0,2000000000]}}`), "ERROR"},
		{"a text that doubles", pipeline(`$project {"r":{"$reduce":{"input":{"$range":[0,60]},"initialValue":"x","in":{"$concat":["$$value","$$value"]}}}}`), "ERROR"},
		{"facets of everything", pipeline(`$facet {"a":[{"$match":{}}],"b":[{"$match":{}}],"c":[{"$sort":{"text":1}}]}`), " ERROR"},
		{"a chain walked from every document", pipeline(
			`$graphLookup {"from":"c","startWith":"$n","connectFromField":"m","connectToField":"n","as":"path"}`, `$count "n"`), " ERROR"},
	} {
		t.Run(bomb.name, func(t *testing.T) { explode(t, h, bomb.request, bomb.codes) })
	}
}

// fillBombs inserts documents of about 300 bytes.
func fillBombs(t *testing.T, h *servertest.House, n int) {
	t.Helper()
	for from := 0; from < n; {
		var docs []value.Doc
		for range min(5000, n-from) {
			var b value.Builder
			b.AddString("_id", fmt.Sprintf("k%07d", from))
			b.AddInt32("n", int32(from))
			b.AddInt32("m", int32(from+1))
			b.AddString("text", strings.Repeat("a", 40)+"!")
			b.Array("list", func(a *value.ArrayBuilder) {
				for i := range int32(10) {
					a.AddInt32(i)
				}
			})
			docs = append(docs, b.Doc())
			from++
		}
		if _, err := h.Env.DB.Insert(t.Context(), rules.Principal{Role: rules.Admin}, "c", docs); err != nil {
			t.Fatal(err)
		}
	}
}

func numbers(n int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strconv.Itoa(i))
	}
	return b.String()
}

// explode sends a request while another client reads document after document.
func explode(t *testing.T, h *servertest.House, request, codes string) {
	t.Helper()
	runtime.GC()
	var before, now runtime.MemStats
	runtime.ReadMemStats(&before)
	start := time.Now()
	done := make(chan servertest.Reply, 1)
	go func() { done <- h.Admin(t, `"envName":"dev","collectionName":"c",`+request) }()
	var served, slowest atomic.Int64
	for {
		one := time.Now()
		got := h.Admin(t, `"envName":"dev","collectionName":"c","action":"database.getDocument","queryType":"DOC","multi":false,"query":`+quote(`{"_id":"k0000001"}`))
		if got.Code() != "" || !strings.Contains(got.Text, "k0000001") {
			t.Fatalf("another client was refused: %.200s", got.Text)
		}
		served.Add(1)
		slowest.Store(max(slowest.Load(), int64(time.Since(one))))
		runtime.ReadMemStats(&now)
		if held := int64(now.HeapAlloc) - int64(before.HeapAlloc); held > bombMemory {
			t.Fatalf("%d MB are held", held>>20)
		}
		select {
		case reply := <-done:
			judge(t, reply, codes)
			t.Logf("%v, %d others served, slowest %v, code %q", time.Since(start).Round(time.Millisecond), served.Load(),
				time.Duration(slowest.Load()).Round(time.Millisecond), reply.Code())
			if time.Since(start) > bombTime {
				t.Errorf("took %v", time.Since(start))
			}
			return
		default:
		}
	}
}

// judge accepts the codes that are listed: a leading space stands for success,
// ERROR for any defined error.
func judge(t *testing.T, reply servertest.Reply, codes string) {
	t.Helper()
	code := reply.Code()
	switch {
	case !json.Valid([]byte(reply.Text)):
		t.Errorf("not JSON: %.200s", reply.Text)
	case code == "":
		if !strings.HasPrefix(codes, " ") {
			t.Errorf("went through: %.200s", reply.Text)
		}
	case code == "SYS_ERR" || code == "INTERNAL_SERVER_ERROR":
		t.Errorf("an undefined error: %.300s", reply.Text)
	case !strings.Contains(codes, "ERROR") && !strings.Contains(codes, code):
		t.Errorf("code %s, want one of %q: %.300s", code, codes, reply.Text)
	}
}
