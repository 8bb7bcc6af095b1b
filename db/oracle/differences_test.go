package oracle_test

import (
	"bytes"
)

// explained returns why an answer of mingo differs from MongoDB's, and thereby
// from ours; "" when that is not known.
func explained(r request, err error, theirs reply) string {
	for _, d := range differences {
		if d.holds(r, err, theirs) {
			return d.why
		}
	}
	return ""
}

var differences = []struct {
	why   string
	holds func(r request, err error, theirs reply) bool
}{
	{
		"$count of no documents gives none; mingo counts 0 (wx-cloud-api.md 5.1)",
		func(r request, err error, theirs reply) bool {
			return uses(r, "$count") && err == nil && bytes.Equal(theirs.Result, []byte(`[{"total":0}]`))
		},
	},
	{
		"$bucket: mingo lists empty buckets and puts some bounds into the bucket below; MongoDB does neither (manual, $bucket; wx-cloud-api.md 5.1)",
		func(r request, err error, _ reply) bool { return uses(r, "$bucket") && err == nil },
	},
}

func uses(r request, operator string) bool {
	word := []byte(`"` + operator + `"`)
	return bytes.Contains(r.Query, word) || bytes.Contains(r.Pipeline, word) || bytes.Contains(r.Update, word)
}
