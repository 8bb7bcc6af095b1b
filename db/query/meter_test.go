package query_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"baas/db/effort"
	"baas/db/fault"
	"baas/db/query"
	"baas/db/value/valuetest"
)

func compile(t *testing.T, text string) *query.Filter {
	t.Helper()
	f, err := query.Compile(valuetest.Doc(t, text))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// alternatives is {"$or": [n conditions on the member a]}.
func alternatives(n int) string {
	one := `{"a":1}`
	return `{"$or":[` + strings.Repeat(one+",", n-1) + one + `]}`
}

// The first pattern of a $in that takes too long ends the match: the others
// would each take as long again.
func TestSlowPatternsOfOneInEndTogether(t *testing.T) {
	var patterns []string
	for i := range 300 {
		patterns = append(patterns, fmt.Sprintf(`{"$regularExpression":{"pattern":"^(a|aa)+%d$","options":""}}`, i))
	}
	f := compile(t, `{"a":{"$in":[`+strings.Join(patterns, ",")+`]}}`)
	start := time.Now()
	_, err := f.Match(valuetest.Doc(t, `{"a":"`+strings.Repeat("a", 60)+`!"}`))
	if took := time.Since(start); !fault.Is(err, fault.DatabaseFailed) || took > 10*time.Second {
		t.Errorf("got %v after %v", err, took)
	}
}

func TestMatchingEndsWithItsRequest(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, tc := range []struct{ name, condition string }{
		{"LongCondition", alternatives(30_000)},
		{"ManyDocuments", `{"a":1}`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f, effort := compile(t, tc.condition), effort.New(ctx, effort.Limits{})
			d := valuetest.Doc(t, `{"a":2}`)
			for range 30_000 {
				_, err := f.MatchWithin(effort, d)
				if errors.Is(err, context.Canceled) {
					return
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			t.Error("it went on without its request")
		})
	}
}

// What is cheap on one document is bounded on many.
func TestDocumentsOfOneRequestShareItsLimits(t *testing.T) {
	slow := valuetest.Doc(t, `{"a":"`+strings.Repeat("a", 13)+`!","list":["`+strings.Repeat("a", 13)+`!"]}`)
	for _, tc := range []struct {
		name, condition string
		limits          effort.Limits
	}{
		{"Comparisons", alternatives(1_000), effort.Limits{Steps: 50_000}},
		{"Patterns", `{"a":{"$regex":"^(a|aa)+\\d$"}}`, effort.Limits{Patterns: 150 * time.Millisecond}},
		{"PatternsOfElements", `{"list":{"$elemMatch":{"$regex":"^(a|aa)+\\d$"}}}`, effort.Limits{Patterns: 150 * time.Millisecond}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f, effort := compile(t, tc.condition), effort.New(t.Context(), tc.limits)
			if _, err := f.MatchWithin(effort, slow); err != nil {
				t.Fatalf("one document: %v", err)
			}
			for range 1_000_000 {
				if _, err := f.MatchWithin(effort, slow); err != nil {
					if !fault.Is(err, fault.DatabaseFailed) {
						t.Errorf("got %v", err)
					}
					return
				}
			}
			t.Error("a million documents are within the limits of one")
		})
	}
}
