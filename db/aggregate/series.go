package aggregate

import (
	"math"
	"slices"
	"strconv"

	"baas/db/value"
)

// series is a series of preferred numbers: one decade of it, ascending from 1.
// An empty one is that of the powers of two.
type series struct{ decade []float64 }

// seriesOf returns the series of that name, nil when there is none.
func seriesOf(name string) *series {
	switch name {
	case "POWERSOF2":
		return &series{}
	case "1-2-5":
		return &series{[]float64{1, 2, 5}}
	case "R5":
		return &series{renard(16)}
	case "R10":
		return &series{renard(8)}
	case "R20":
		return &series{renard(4)}
	case "R40":
		return &series{renard(2)}
	case "R80": // as in the original, without those of R40
		return &series{[]float64{
			1.03, 1.09, 1.15, 1.22, 1.28, 1.36, 1.45, 1.55, 1.65, 1.75, 1.85, 1.95, 2.06, 2.18, 2.30, 2.43, 2.58, 2.72, 2.90, 3.07,
			3.25, 3.45, 3.65, 3.87, 4.12, 4.37, 4.62, 4.87, 5.15, 5.45, 5.75, 6.15, 6.50, 6.90, 7.30, 7.75, 8.25, 8.75, 9.25, 9.75,
		}}
	case "E6":
		return &series{everyNth([]float64{1.0, 1.1, 1.2, 1.3, 1.5, 1.6, 1.8, 2.0, 2.2, 2.4, 2.7, 3.0, 3.3, 3.6, 3.9, 4.3, 4.7, 5.1, 5.6, 6.2, 6.8, 7.5, 8.2, 9.1}, 4)}
	case "E12":
		return &series{everyNth([]float64{1.0, 1.1, 1.2, 1.3, 1.5, 1.6, 1.8, 2.0, 2.2, 2.4, 2.7, 3.0, 3.3, 3.6, 3.9, 4.3, 4.7, 5.1, 5.6, 6.2, 6.8, 7.5, 8.2, 9.1}, 2)}
	case "E24":
		return &series{[]float64{1.0, 1.1, 1.2, 1.3, 1.5, 1.6, 1.8, 2.0, 2.2, 2.4, 2.7, 3.0, 3.3, 3.6, 3.9, 4.3, 4.7, 5.1, 5.6, 6.2, 6.8, 7.5, 8.2, 9.1}}
	case "E48":
		return &series{exponential(48)}
	case "E96":
		return &series{exponential(96)}
	case "E192":
		return &series{exponential(192)}
	}
	return nil
}

// renard returns every so many-th number of the series R80 with those of R40 in
// the right place.
func renard(step int) []float64 {
	return everyNth([]float64{
		1.00, 1.03, 1.06, 1.09, 1.12, 1.15, 1.18, 1.22, 1.25, 1.28, 1.32, 1.36, 1.40, 1.45, 1.50, 1.55, 1.60, 1.65, 1.70, 1.75,
		1.80, 1.85, 1.90, 1.95, 2.00, 2.06, 2.12, 2.18, 2.24, 2.30, 2.36, 2.43, 2.50, 2.58, 2.65, 2.72, 2.80, 2.90, 3.00, 3.07,
		3.15, 3.25, 3.35, 3.45, 3.55, 3.65, 3.75, 3.87, 4.00, 4.12, 4.25, 4.37, 4.50, 4.62, 4.75, 4.87, 5.00, 5.15, 5.30, 5.45,
		5.60, 5.75, 6.00, 6.15, 6.30, 6.50, 6.70, 6.90, 7.10, 7.30, 7.50, 7.75, 8.00, 8.25, 8.50, 8.75, 9.00, 9.25, 9.50, 9.75,
	}, step)
}

func everyNth(all []float64, step int) []float64 {
	var out []float64
	for i := 0; i < len(all); i += step {
		out = append(out, all[i])
	}
	return out
}

// exponential returns n numbers of equal ratio with two decimals, as IEC 60063
// rounds them; one of E192 is an exception there.
func exponential(n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		text := strconv.FormatFloat(math.Pow(10, float64(i)/float64(n)), 'f', 2, 64)
		if text == "9.19" {
			text = "9.20"
		}
		out[i], _ = strconv.ParseFloat(text, 64)
	}
	return out
}

// round returns the next number of the series above the value, or below it;
// never the value itself, unless it is 0 or infinite.
func (s *series) round(v value.Value, up bool) value.Value {
	f, _ := v.AsFloat()
	switch {
	case f == 0 || math.IsInf(f, 0):
		return value.Float(f)
	case len(s.decade) == 0 && up:
		return value.Float(math.Pow(2, math.Floor(math.Log2(f))+1))
	case len(s.decade) == 0:
		return value.Float(math.Pow(2, math.Ceil(math.Log2(f))-1))
	case up:
		return value.Float(s.above(f))
	}
	return value.Float(s.below(f))
}

func (s *series) above(f float64) float64 {
	first, last := s.decade[0], s.decade[len(s.decade)-1]
	scale := 1.0
	for f >= last*scale {
		scale *= 10
	}
	for f < first*scale {
		before := first * scale
		if scale /= 10; f >= last*scale { // between two decades
			return before
		}
	}
	i := slices.IndexFunc(s.decade, func(x float64) bool { return x*scale > f })
	if i < 0 { // among the smallest floats there are
		return first * scale
	}
	return s.decade[i] * scale
}

func (s *series) below(f float64) float64 {
	first, last := s.decade[0], s.decade[len(s.decade)-1]
	scale := 1.0
	for f <= first*scale && scale > 0 {
		scale /= 10
	}
	for f > last*scale && scale > 0 {
		before := last * scale
		if scale *= 10; f <= first*scale {
			return before
		}
	}
	below := 0.0
	for _, x := range s.decade {
		if x*scale < f {
			below = x * scale
		}
	}
	return below
}
