package sdkjs_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"sort"
	"strings"
	"testing"

	"baas/db/fault"
)

var rewrite = flag.Bool("rewrite", false, "write the generated files instead of comparing them")

// sdkCode is one row of src/sdk-codes.json: a code that the SDK itself makes.
type sdkCode struct {
	Number  int    `json:"number"`
	Text    string `json:"text"`
	Meaning string `json:"meaning"`
}

// TestErrorCodes keeps src/error-codes.ts and docs/errors.md equal to the one
// table of codes (db/fault) and the SDK's own rows (src/sdk-codes.json).
func TestErrorCodes(t *testing.T) {
	raw, err := os.ReadFile("src/sdk-codes.json")
	if err != nil {
		t.Fatal(err)
	}
	var own []sdkCode
	if err := json.Unmarshal(raw, &own); err != nil {
		t.Fatalf("src/sdk-codes.json: %v", err)
	}
	for path, want := range map[string][]byte{
		"src/error-codes.ts": renderTypeScript(fault.Table(), own),
		"../docs/errors.md":  renderDocs(fault.Table(), own),
	} {
		if *rewrite {
			if err := os.WriteFile(path, want, 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		got, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is stale; run: go test ./sdk-js -run TestErrorCodes -rewrite", path)
		}
	}
}

func renderTypeScript(table []fault.Entry, own []sdkCode) []byte {
	var b bytes.Buffer
	b.WriteString("// Generated from db/fault and sdk-codes.json. Do not edit; write it anew with\n")
	b.WriteString("//   go test ./sdk-js -run TestErrorCodes -rewrite\n\n")
	b.WriteString("/** Number that applications see for a text code of the server. */\n")
	b.WriteString("export const codeNumbers: Readonly<Record<string, number>> = {\n")
	for _, e := range table {
		fmt.Fprintf(&b, "  %s: %d,\n", e.Code, e.Number)
	}
	b.WriteString("};\n\n/** Short English text of a number; an empty text is left out of messages. */\n")
	b.WriteString("export const codeTexts: Readonly<Record<number, string>> = {\n")
	texts := map[int]string{}
	for _, e := range table {
		if _, ok := texts[e.Number]; !ok {
			texts[e.Number] = e.Text
		}
	}
	for _, c := range own {
		texts[c.Number] = c.Text
	}
	numbers := make([]int, 0, len(texts))
	for n := range texts {
		numbers = append(numbers, n)
	}
	sort.Sort(sort.Reverse(sort.IntSlice(numbers)))
	for _, n := range numbers {
		fmt.Fprintf(&b, "  [%d]: %s,\n", n, quote(texts[n]))
	}
	b.WriteString("};\n")
	return b.Bytes()
}

func renderDocs(table []fault.Entry, own []sdkCode) []byte {
	var b bytes.Buffer
	b.WriteString("# Error codes\n\n")
	b.WriteString("<!-- Generated from db/fault and sdk-js/src/sdk-codes.json: go test ./sdk-js -run TestErrorCodes -rewrite -->\n\n")
	b.WriteString("An error object of `wx.cloud` or `wx-server-sdk` has `errCode` (a number of the tables below) and `errMsg`\n")
	b.WriteString("(`<api>:fail <number> <text>. <detail>`). The protocol itself carries the text code.\n\n")
	b.WriteString("## From the server\n\n| Text code | errCode | Text |\n| --- | --- | --- |\n")
	for _, e := range table {
		fmt.Fprintf(&b, "| `%s` | %d | %s |\n", e.Code, e.Number, e.Text)
	}
	b.WriteString("\nA text code without a row reads as -501001.\n\n")
	b.WriteString("## From the SDK\n\n| errCode | Text | Meaning |\n| --- | --- | --- |\n")
	for _, c := range own {
		fmt.Fprintf(&b, "| %d | %s | %s |\n", c.Number, c.Text, c.Meaning)
	}
	return b.Bytes()
}

// quote writes a TypeScript string literal in the style of the SDK.
func quote(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'"
}
