package transfer_test

import (
	"bytes"
	"errors"
	"io"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"baas/db/fault"
	"baas/db/transfer"
	"baas/db/value"
)

// readAll renders what a file reads as: a document or an error per line.
func readAll(t testing.TB, f transfer.Format, text string, o transfer.ReadOptions) string {
	t.Helper()
	r, err := transfer.NewReader(f, strings.NewReader(text), o)
	if err != nil {
		return "! " + fault.Text(err)
	}
	var out []string
	for {
		rec, err := r.Next()
		if errors.Is(err, io.EOF) {
			return strings.Join(out, "\n")
		}
		if err != nil {
			t.Fatal(err)
		}
		line := string(value.AppendPlain(nil, value.Int(int64(rec.Line)))) + " "
		if rec.Err != nil {
			out = append(out, line+"! "+fault.Text(rec.Err))
			continue
		}
		out = append(out, line+string(value.AppendReadable(nil, value.FromDoc(rec.Doc))))
	}
}

func TestReading(t *testing.T) {
	t.Parallel()
	now := time.UnixMilli(1000)
	for _, tc := range []struct {
		name   string
		format transfer.Format
		text   string
		o      transfer.ReadOptions
		want   string
	}{
		{"lines", transfer.JSON, "{\"a\":1}\n{\"b\":2}\n", transfer.ReadOptions{}, "1 {\"a\":1}\n2 {\"b\":2}"},
		{"no end of the last line, empty lines, CR", transfer.JSON, "\r\n{\"a\":1}\r\n\n {\"b\":2}", transfer.ReadOptions{}, "2 {\"a\":1}\n4 {\"b\":2}"},
		{"byte order mark", transfer.JSON, "\ufeff{\"a\":1}", transfer.ReadOptions{}, "1 {\"a\":1}"},
		{"UTF-16", transfer.JSON, "\xff\xfe{\x00}\x00", transfer.ReadOptions{}, "! file: is in UTF-16; save it in UTF-8"},
		{"GBK", transfer.JSON, "{\"a\":\"\xc4\xe3\"}\n{}", transfer.ReadOptions{}, "1 ! line: is not UTF-8; save the file in UTF-8 (it may be in GBK)\n2 {}"},
		{"an array", transfer.JSON, "[{\"a\":1},", transfer.ReadOptions{}, "1 ! line: is an array; write one document a line, without commas between them"},
		{"a bad line between good ones", transfer.JSON, "{\"a\":1}\n{\"a\":}\n{\"a\":3}", transfer.ReadOptions{}, "1 {\"a\":1}\n2 ! JSON: not valid JSON at byte 5: '}' does not belong there\n3 {\"a\":3}"},
		{"numbers of lines go on", transfer.JSON, "{}\nx", transfer.ReadOptions{FirstLine: 41}, "41 {}\n42 ! JSON: not valid JSON at byte 0: 'x' does not belong there"},
		{"dates", transfer.JSON, `{"a":{"$date":"2024-05-01T08:00:00+08:00"},"b":{"$date":5}}`, transfer.ReadOptions{}, `1 {"a":{"$date":"2024-05-01T00:00:00.000Z"},"b":{"$date":"1970-01-01T00:00:00.005Z"}}`},
		{"a server date", transfer.JSON, `{"a":{"$tcb_server_date":{}}}`, transfer.ReadOptions{Now: now}, `1 {"a":{"$date":"1970-01-01T00:00:01.000Z"}}`},
		{"dotted keys", transfer.JSON, `{"a.b":1,"c":{"d.e":2,"f":3},"c.g":4}`, transfer.ReadOptions{}, `1 {"a":{"b":1},"c":{"d":{"e":2},"f":3,"g":4}}`},
		{"keys that are no paths", transfer.JSON, "{\".a\":1}\n{\"a.\":1}\n{\"a..b\":1}\n{\"c\":{\"\":1}}", transfer.ReadOptions{}, "1 ! .a: a key must not be empty, begin or end with '.', or hold '..'\n2 ! a.: a key must not be empty, begin or end with '.', or hold '..'\n3 ! a..b: a key must not be empty, begin or end with '.', or hold '..'\n4 ! \"\": a key must not be empty, begin or end with '.', or hold '..'"},
		{"keys that name one place", transfer.JSON, "{\"a\":{\"b\":1},\"a.b\":2}\n{\"a\":1,\"a.b\":2}\n{\"a.b\":1,\"a\":2}", transfer.ReadOptions{}, "1 ! a.b: this key, or one above it, is there already\n2 ! a.b: this key, or one above it, is there already\n3 ! a: this key, or one above it, is there already"},

		{"csv", transfer.CSV, "_id,n\nx,1\ny,2\n", transfer.ReadOptions{}, "2 {\"_id\":\"x\",\"n\":1}\n3 {\"_id\":\"y\",\"n\":2}"},
		{"csv without header", transfer.CSV, "x,1\n", transfer.ReadOptions{Fields: []string{"_id", "n"}}, "1 {\"_id\":\"x\",\"n\":1}"},
		{"csv with mark and CR", transfer.CSV, "\ufeff_id , n\r\nx,1\r\n", transfer.ReadOptions{}, "2 {\"_id\":\"x\",\"n\":1}"},
		{"csv, dotted names", transfer.CSV, "a.b,a.c.d,e\n1,2,3", transfer.ReadOptions{}, `2 {"a":{"b":1,"c":{"d":2}},"e":3}`},
		{
			"csv, kinds of cells", transfer.CSV, "a,b,c,d,e,f,g,h,i\n1,1.5,true,null,x y,\"{\"\"$date\"\":5}\",\"[1,\"\"z\"\"]\",0123,\"\"\"5\"\"\"",
			transfer.ReadOptions{},
			`2 {"a":1,"b":1.5,"c":true,"d":null,"e":"x y","f":{"$date":"1970-01-01T00:00:00.005Z"},"g":[1,"z"],"h":"0123","i":"5"}`,
		},
		{"csv, columns of texts", transfer.CSV, "phone,n\n13800138000,1", transfer.ReadOptions{Texts: []string{"phone"}}, `2 {"phone":"13800138000","n":1}`},
		{
			"csv, digits that no number holds stay text", transfer.CSV, "a,b,c,d\n12345678901234567890,-98765432109876543210,9223372036854775807,12345678901234567890.0",
			transfer.ReadOptions{},
			`2 {"a":"12345678901234567890","b":"-98765432109876543210","c":9223372036854775807,"d":12345678901234567000.0}`,
		},
		{"csv, empty cells are absent", transfer.CSV, "a,b,c\n,2,\n", transfer.ReadOptions{}, `2 {"b":2}`},
		{"csv, fewer cells", transfer.CSV, "a,b,c\n1\n", transfer.ReadOptions{}, `2 {"a":1}`},
		{"csv, more cells", transfer.CSV, "a\n1,2\n3\n", transfer.ReadOptions{}, "2 ! line: has 2 cells, there are 1 fields\n3 {\"a\":3}"},
		{"csv, quotes over lines", transfer.CSV, "a,b\n\"x\ny, \"\"z\"\"\",1\n2,3", transfer.ReadOptions{}, "2 {\"a\":\"x\\ny, \\\"z\\\"\",\"b\":1}\n4 {\"a\":2,\"b\":3}"},
		{"csv, a quote inside", transfer.CSV, "a\nx\"y\n2", transfer.ReadOptions{}, "2 ! line: holds a quote inside a cell; put the cell in quotes and double those inside\n3 {\"a\":2}"},
		{"csv, behind a quote", transfer.CSV, "a\n\"x\"y\n2", transfer.ReadOptions{}, "2 ! line: has text behind the closing quote of a cell\n3 {\"a\":2}"},
		{"csv, no closing quote", transfer.CSV, "a\n\"x\n2", transfer.ReadOptions{}, "2 ! line: the closing quote of a cell is missing"},
		{"csv, a value that is none", transfer.CSV, "a.b\n\"{\"\"$date\"\":\"\"x\"\"}\"", transfer.ReadOptions{}, "2 ! a.b: $date: must be an ISO date such as \"2006-01-02T15:04:05.000Z\""},
		{"csv, a field twice", transfer.CSV, "a,a\n", transfer.ReadOptions{}, "! a: this column stands twice in the list of fields"},
		{"csv, a field that is no path", transfer.CSV, "a..b\n", transfer.ReadOptions{}, "! a..b: a key must not be empty, begin or end with '.', or hold '..'"},
		{"csv, one place twice", transfer.CSV, "a,a.b\n1,2", transfer.ReadOptions{}, "2 ! a.b: this key, or one above it, is there already"},
		{"csv, nothing", transfer.CSV, "", transfer.ReadOptions{}, "! file: is empty; its first line names the fields"},
		{"unknown format", "xml", "", transfer.ReadOptions{}, "! format: must be json (one document a line) or csv"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got := readAll(t, tc.format, tc.text, tc.o); got != tc.want {
				t.Errorf("got\n%s\nwant\n%s", got, tc.want)
			}
		})
	}
}

func TestLongRecords(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 200<<10)
	o := transfer.ReadOptions{MaxRecord: 100 << 10}
	const tooLong = "! line: is longer than 102400 bytes, more than any document"
	for name, tc := range map[string]struct {
		format     transfer.Format
		text, want string
	}{
		"line":             {transfer.JSON, long + "\n{}", "1 " + tooLong + "\n2 {}"},
		"row":              {transfer.CSV, "a\n" + long + "\n1", "2 " + tooLong + "\n3 {\"a\":1}"},
		"cell in quotes":   {transfer.CSV, "a\n\"" + strings.Repeat("x\n", 60<<10), "a cell is longer than 102400 bytes; its closing quote is missing"},
		"header in quotes": {transfer.CSV, "\"" + strings.Repeat("x\n", 60<<10), "its closing quote is missing"},
	} {
		if got := readAll(t, tc.format, tc.text, o); !strings.Contains(got, tc.want) {
			t.Errorf("%s: got %.200s, want %s", name, got, tc.want)
		}
	}
}

// any document, of all kinds of BSON that may be stored.
type maker struct{ *rand.Rand }

func (m maker) value(depth int) value.Value {
	kinds := 12
	if depth == 0 {
		kinds = 10
	}
	switch m.IntN(kinds) {
	case 0:
		return value.String(m.text())
	case 1:
		return value.Int32(int32(m.Uint32()))
	case 2:
		return value.Int64([]int64{0, 5, math.MaxInt64, math.MinInt64, int64(m.Uint64())}[m.IntN(5)])
	case 3:
		return value.Float([]float64{0, math.Copysign(0, -1), 1, 1e300, math.Inf(1), math.NaN(), m.NormFloat64()}[m.IntN(7)])
	case 4:
		return value.Bool(m.IntN(2) == 0)
	case 5:
		return value.Null()
	case 6:
		return value.Date([]int64{0, -62135596800001, 253402300800000, m.Int64N(1 << 42)}[m.IntN(4)])
	case 7:
		return value.ObjectIDOf([12]byte{1, 2, byte(m.Uint32())})
	case 8:
		return value.RegexOf("a/b\"c", "im")
	case 9:
		return value.BinaryOf([]byte{0, 1, byte(m.Uint32())})
	case 10:
		var a value.ArrayBuilder
		for range m.IntN(4) {
			a.Add(m.value(depth - 1))
		}
		return a.Value()
	}
	return value.FromDoc(m.doc(depth - 1))
}

func (m maker) text() string {
	return []string{
		"", "x", "中文", "=1+1", "+1", "-x", "@a", "1", "1.0", "-5", "true", "null", "{}", "[1]", "\"q\"", "a,b", "a\nb", "a\r", " 1", "1 ",
		"{\"$date\":5}", "tab\t", "\ttab", "\x00", "quote\"", "\"", "1e5", "NaN",
	}[m.IntN(28)]
}

func (m maker) doc(depth int) value.Doc {
	var b value.Builder
	for _, name := range []string{"a", "b", "名", "d e", "e,f"}[:m.IntN(6)] {
		b.Add(name, m.value(depth))
	}
	return b.Doc()
}

// TestRoundTrip: JSON Lines read back as the same bytes; CSV does in columns
// that are there, in the order of the fields.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	m := maker{rand.New(rand.NewPCG(seed, 0))}
	for range 500 {
		d := m.doc(3)
		for _, o := range []transfer.WriteOptions{{}, {Strict: true}} {
			roundTrip(t, transfer.JSON, o, d)
		}
		roundTrip(t, transfer.CSV, transfer.WriteOptions{Fields: []string{"a", "b", "名", "d e", "e,f"}}, d)
	}
}

func roundTrip(t *testing.T, f transfer.Format, o transfer.WriteOptions, d value.Doc) {
	t.Helper()
	w, err := transfer.NewWriter(f, o)
	if err != nil {
		t.Fatal(err)
	}
	text := w.Append(w.Header(nil), d)
	r, err := transfer.NewReader(f, bytes.NewReader(text), transfer.ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	rec, err := r.Next()
	if errors.Is(err, io.EOF) && d.IsEmpty() {
		return
	}
	if err != nil || rec.Err != nil || !bytes.Equal(rec.Doc, d) {
		t.Fatalf("%s\nwritten as %s\nreads as %s, %v, %v", value.AppendStrict(nil, value.FromDoc(d)), text, value.AppendStrict(nil, value.FromDoc(rec.Doc)), rec.Err, err)
	}
}

func TestWriting(t *testing.T) {
	t.Parallel()
	d, err := value.ParseJSON([]byte(`{"_id":"x","n":1,"in":{"d":1.0},"at":{"$date":5},"f":"=SUM(A1)","l":{"$numberLong":"5"}}`), value.ParseOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name   string
		format transfer.Format
		o      transfer.WriteOptions
		want   string
	}{
		{"readable", transfer.JSON, transfer.WriteOptions{}, `{"_id":"x","n":1,"in":{"d":1.0},"at":{"$date":"1970-01-01T00:00:00.005Z"},"f":"=SUM(A1)","l":{"$numberLong":"5"}}` + "\n"},
		{"strict", transfer.JSON, transfer.WriteOptions{Strict: true}, `{"_id":"x","n":{"$numberInt":"1"},"in":{"d":{"$numberDouble":"1.0"}},"at":{"$date":{"$numberLong":"5"}},"f":"=SUM(A1)","l":{"$numberLong":"5"}}` + "\n"},
		{"csv", transfer.CSV, transfer.WriteOptions{Fields: []string{"_id", "in.d", "in", "none", "f"}}, "_id,in.d,in,none,f\nx,1.0,\"{\"\"d\"\":1.0}\",,\"\"\"=SUM(A1)\"\"\"\n"},
	} {
		w, err := transfer.NewWriter(tc.format, tc.o)
		if err != nil {
			t.Fatal(err)
		}
		if got := string(w.Append(w.Header(nil), d)); got != tc.want {
			t.Errorf("%s: got\n%s\nwant\n%s", tc.name, got, tc.want)
		}
	}
	for name, o := range map[string]transfer.WriteOptions{"fields: ": {}, "a.: ": {Fields: []string{"a."}}} {
		if _, err := transfer.NewWriter(transfer.CSV, o); !fault.Is(err, fault.InvalidParam) || !strings.Contains(err.Error(), name) {
			t.Errorf("%v: want a text with %q", err, name)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, text := range []string{"{\"a.b\":1}\n[", "a,b\n\"x\"\"\n\",{}\n1", "\ufeffa\n\"{\"\"$date\"\":5}\"", "a.b,a\n1,{}"} {
		f.Add(text, true)
		f.Add(text, false)
	}
	f.Fuzz(func(t *testing.T, text string, csv bool) {
		format := transfer.JSON
		if csv {
			format = transfer.CSV
		}
		r, err := transfer.NewReader(format, strings.NewReader(text), transfer.ReadOptions{})
		if err != nil {
			return
		}
		last := 0
		for {
			rec, err := r.Next()
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if rec.Line <= last {
				t.Fatalf("line %d comes after %d", rec.Line, last)
			}
			last = rec.Line
			if rec.Err != nil {
				continue
			}
			if err := value.Check(rec.Doc); err != nil && !strings.Contains(err.Error(), "deeper") {
				t.Fatalf("%q reads as an unsound document: %v", text, err)
			}
		}
	})
}

func TestCutter(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		format transfer.Format
		text   string
		size   int
		want   string // line:part, joined
	}{
		"lines":        {transfer.JSON, "\ufeff{1}\n\n{2}\n{3}", 6, "1:{1}\n\n|3:{2}\n|4:{3}"},
		"all at once":  {transfer.JSON, "{1}\n{2}\n", 100, "1:{1}\n{2}\n"},
		"one by one":   {transfer.JSON, "{1}\n{2}\n", 1, "1:{1}\n|2:{2}\n"},
		"rows":         {transfer.CSV, "a,b\n\"x\ny\"\"\",2\n3,4\n", 5, "1:a,b\n|2:\"x\ny\"\"\",2\n|4:3,4\n"},
		"nothing":      {transfer.JSON, "", 5, ""},
		"an open cell": {transfer.CSV, "a\n\"x\n", 1, "1:a\n|2:\"x\n"},
	} {
		c, err := transfer.NewCutter(tc.format, strings.NewReader(tc.text))
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for {
			part, line, err := c.Next(tc.size)
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, string(value.AppendPlain(nil, value.Int(int64(line))))+":"+string(part))
		}
		if got := strings.Join(out, "|"); got != tc.want {
			t.Errorf("%s: got %q, want %q", name, got, tc.want)
		}
	}
}
