package live_test

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"testing"

	"baas/db/live"
	"baas/db/query"
)

func TestRouterWakesWhomAChangeConcerns(t *testing.T) {
	t.Parallel()
	for _, tc := range cases[struct {
		Name, Source  string
		Watchers      map[string]json.RawMessage // name → query
		Before, After json.RawMessage
		Expect        []string
	}](t, "router.jsonl") {
		t.Run(tc.Name, func(t *testing.T) {
			t.Parallel()
			var r live.Router[string]
			for name, q := range tc.Watchers {
				r.Add(name, "msgs", filter(t, q))
			}
			got := slices.Sorted(r.Concerned("msgs", doc(t, tc.Before), doc(t, tc.After)))
			if !slices.Equal(got, tc.Expect) {
				t.Errorf("got %v, want %v", got, tc.Expect)
			}
			if others := slices.Collect(r.Concerned("other", doc(t, tc.Before), doc(t, tc.After))); others != nil {
				t.Errorf("a change of another collection concerns %v", others)
			}
		})
	}
}

func TestRouterMembers(t *testing.T) {
	t.Parallel()
	var r live.Router[string]
	room := func(n string) json.RawMessage { return json.RawMessage(`{"room": "` + n + `"}`) }
	r.Remove("nobody")
	r.Add("a", "msgs", filter(t, room("1")))
	r.Add("b", "msgs", filter(t, nil))
	r.Add("c", "users", filter(t, room("1")))
	r.Add("a", "msgs", filter(t, room("2"))) // moves
	if got := slices.Sorted(r.All()); !slices.Equal(got, []string{"a", "b", "c"}) || r.Len() != 3 {
		t.Errorf("all are %v", got)
	}
	if got := slices.Sorted(r.Of("msgs")); !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("of msgs are %v", got)
	}
	for n, want := range map[string][]string{"1": {"b"}, "2": {"a", "b"}} {
		if got := slices.Sorted(r.Concerned("msgs", nil, doc(t, room(n)))); !slices.Equal(got, want) {
			t.Errorf("room %s concerns %v, want %v", n, got, want)
		}
	}
	for _, w := range []string{"a", "b", "c"} {
		r.Remove(w)
	}
	if r.Len() != 0 || slices.Collect(r.Of("msgs")) != nil || slices.Collect(r.Concerned("msgs", nil, doc(t, room("1")))) != nil {
		t.Errorf("after all have left there are still %v", slices.Collect(r.All()))
	}
}

// TestRouterMissesNobody: whoever's filter matches before or after is woken.
func TestRouterMissesNobody(t *testing.T) {
	t.Parallel()
	values := []string{
		`1`, `2`, `1.0`, `{"$numberLong": "1"}`, `"1"`, `true`, `null`, `[1, 2]`, `["1"]`, `[[1]]`, `{"b": 1}`,
		`[{"b": 1}]`, `{"$date": 1}`, `{"$oid": "507f1f77bcf86cd799439011"}`, `{"$numberDouble": "NaN"}`, `-0.0`, `0`, `[]`,
	}
	shapes := []string{`{"a": %}`, `{"a": {"$eq": %}}`, `{"a": {"$in": [%]}}`, `{"a.b": %}`, `{"$and": [{"a": %}, {"x": 1}]}`, `{"$or": [{"a": %}]}`, `{"a": {"$ne": %}}`}
	fill := func(shape, v string) json.RawMessage {
		for i := range shape {
			if shape[i] == '%' {
				return json.RawMessage(shape[:i] + v + shape[i+1:])
			}
		}
		return json.RawMessage(shape)
	}
	var r live.Router[string]
	filters := map[string]*query.Filter{}
	for _, shape := range shapes {
		for _, v := range values {
			text := fill(shape, v)
			filters[string(text)] = filter(t, text)
			r.Add(string(text), "c", filters[string(text)])
		}
	}
	random := rand.New(rand.NewPCG(1, 2))
	pick := func() json.RawMessage { return fill(`{"x": 1, "a": %}`, values[random.IntN(len(values))]) }
	matched, woken := 0, 0
	for range 500 {
		before, after := doc(t, pick()), doc(t, pick())
		if random.IntN(4) == 0 {
			before = doc(t, json.RawMessage(`{"x": 1}`))
		}
		concerned := slices.Collect(r.Concerned("c", before, after))
		woken += len(concerned)
		for w, f := range filters {
			was, errWas := f.Match(before)
			is, errIs := f.Match(after)
			if errWas != nil || errIs != nil {
				t.Fatal(errWas, errIs)
			}
			if was || is {
				matched++
				if !slices.Contains(concerned, w) {
					t.Fatalf("%s was not woken by %v → %v", w, before, after)
				}
			}
		}
	}
	if matched == 0 || woken >= 500*r.Len() {
		t.Errorf("%d matches, %d woken of %d", matched, woken, 500*r.Len())
	}
}
