package worker

import (
	"testing"
	"time"
)

func TestMeter(t *testing.T) {
	const mb = 1 << 20
	type call struct {
		live   uint64
		cpu    time.Duration // of this one
		took   time.Duration
		inside int
	}
	repeat := func(n int, c call) []call {
		var all []call
		for range n {
			all = append(all, c)
		}
		return all
	}
	for _, tc := range []struct {
		name  string
		calls []call
		want  int
		busy  bool
	}{
		{"Nothing known", nil, 4, false},
		{"Trivial", repeat(20, call{live: 8 * mb, cpu: 50 * time.Microsecond, took: 100 * time.Microsecond, inside: 1}), 9, false},
		{"Trivial, several inside", repeat(20, call{live: 20 * mb, cpu: 50 * time.Microsecond, took: 100 * time.Microsecond, inside: 8}), 16, false},
		{"Before the first collection", repeat(1, call{inside: 2}), 16, false},
		{"Much memory each", repeat(3, call{live: 160 * mb, cpu: time.Millisecond, took: time.Millisecond, inside: 4}), 3, false},
		{"All memory for one", repeat(3, call{live: 200 * mb, cpu: time.Millisecond, took: time.Millisecond, inside: 1}), 1, false},
		{"All processor", repeat(50, call{live: 20 * mb, cpu: 200 * time.Millisecond, took: 400 * time.Millisecond, inside: 8}), 3, true},
		{"Processor and waiting", repeat(50, call{live: 20 * mb, cpu: 40 * time.Millisecond, took: 200 * time.Millisecond, inside: 8}), 7, true},
		{"Mostly waiting", repeat(50, call{live: 20 * mb, cpu: 40 * time.Millisecond, took: 2 * time.Second, inside: 8}), 16, false},
		{"One slow start", append(repeat(1, call{live: 20 * mb, cpu: time.Second, took: time.Second, inside: 1}),
			repeat(5, call{live: 20 * mb, cpu: time.Millisecond, took: time.Millisecond, inside: 4})...), 16, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var m meter
			var cpu time.Duration
			for _, c := range tc.calls {
				cpu += c.cpu
				m.observe(report{Live: c.live, CPU: cpu}, c.took, c.inside)
			}
			if n, busy := m.capacity(16, 256*mb); n != tc.want || busy != tc.busy {
				t.Errorf("got %d, %t; want %d, %t (%+v)", n, busy, tc.want, tc.busy, m)
			}
		})
	}
}
