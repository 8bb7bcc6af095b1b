package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"baas/db"
	"baas/db/aggregate"
	"baas/db/value"
)

func doc(text string) value.Doc {
	d, err := value.ParseJSON([]byte(text), value.ParseOptions{})
	if err != nil {
		panic(err) // a constant of this program
	}
	return d
}

var errMissing = errors.New("the documents are not there")

func getByID(ctx context.Context, s sizes) (figure, error) {
	e, err := filled(ctx, s.scanned/4)
	if err != nil {
		return figure{}, err
	}
	defer e.done()
	rate, err := getFrom(ctx, e, s.scanned/4, s.seconds)
	return figure{value: rate}, err
}

// getFrom reads random documents by id.
func getFrom(ctx context.Context, e *engine, docs int, seconds float64) (float64, error) {
	queries := make([]value.Doc, 4096)
	for i := range queries {
		queries[i] = doc(fmt.Sprintf(`{"_id":"id-%010d"}`, i*7919%docs))
	}
	return perCPU(seconds, func(i int) error {
		got, err := e.Find(ctx, admin(), db.FindRequest{Collection: collection, Query: queries[i%len(queries)], Limit: 1})
		if err == nil && len(got) != 1 {
			err = errMissing
		}
		return err
	})
}

func findTwenty(ctx context.Context, s sizes) (figure, error) {
	e, err := filled(ctx, s.scanned/4, "owner")
	if err != nil {
		return figure{}, err
	}
	defer e.done()
	rate, err := findFrom(ctx, e, s.scanned/4, s.seconds)
	return figure{value: rate}, err
}

// findFrom reads the first 20 documents of an owner and encodes them.
func findFrom(ctx context.Context, e *engine, _ int, seconds float64) (float64, error) {
	const want = 20
	queries := make([]value.Doc, 250)
	for i := range queries {
		queries[i] = doc(fmt.Sprintf(`{"owner":"user-%d"}`, i))
	}
	buf := make([]byte, 0, 64<<10)
	return perCPU(seconds, func(i int) error {
		got, err := e.Find(ctx, admin(), db.FindRequest{Collection: collection, Query: queries[i%len(queries)], Limit: want})
		if err == nil && len(got) != want {
			err = errMissing
		}
		buf = buf[:0]
		for _, d := range got {
			buf = value.AppendPlain(buf, value.FromDoc(d))
		}
		return err
	})
}

func scanFilter(ctx context.Context, s sizes) (figure, error) {
	e, err := filled(ctx, s.scanned)
	if err != nil {
		return figure{}, err
	}
	defer e.done()
	q := doc(`{"status":"open","address.city":"上海","price":{"$gt":20}}`)
	rate, err := perCPU(s.seconds, func(int) error {
		n, err := e.Count(ctx, admin(), collection, q)
		if err == nil && n != 0 {
			err = errMissing
		}
		return err
	})
	return figure{value: rate * float64(s.scanned)}, err
}

func scanGroup(ctx context.Context, s sizes) (figure, error) {
	e, err := filled(ctx, s.scanned)
	if err != nil {
		return figure{}, err
	}
	defer e.done()
	group := value.FromDoc(doc(`{"_id":"$status","n":{"$sum":1},"sum":{"$sum":"$price"},"avg":{"$avg":"$price"}}`))
	rate, err := perCPU(s.seconds, func(int) error {
		got, err := e.Aggregate(ctx, admin(), db.AggregateRequest{
			Collection: collection, Stages: []aggregate.Stage{{Name: "$group", Arg: group}},
		})
		if err == nil && len(got) != 3 {
			err = errMissing
		}
		return err
	})
	return figure{value: rate * float64(s.scanned)}, err
}

// roundTrip is the codec beside encoding/json through any.
func roundTrip(_ context.Context, s sizes) (figure, error) {
	text := value.AppendPlain(nil, value.FromDoc(sample(1)))
	var ours, theirs float64
	buf := make([]byte, 0, 4096)
	for range 5 {
		rate, err := perCPU(s.seconds/5, func(int) error {
			d, err := value.ParseJSON(text, value.ParseOptions{})
			buf = value.AppendPlain(buf[:0], value.FromDoc(d))
			return err
		})
		if err != nil {
			return figure{}, err
		}
		ours += rate
		rate, err = perCPU(s.seconds/5, func(int) error {
			var v any
			if err := json.Unmarshal(text, &v); err != nil {
				return err
			}
			_, err := json.Marshal(v)
			return err
		})
		if err != nil {
			return figure{}, err
		}
		theirs += rate
	}
	return figure{value: ours / theirs, detail: fmt.Sprintf("%.2f µs beside %.2f µs", 5e6/ours, 5e6/theirs)}, nil
}

// growthOf is the time of an operation on the largest collection beside that
// on the smallest.
func growthOf(op func(context.Context, *engine, int, float64) (float64, error)) func(context.Context, sizes) (figure, error) {
	return func(ctx context.Context, s sizes) (figure, error) {
		e, err := filled(ctx, 0, "owner")
		if err != nil {
			return figure{}, err
		}
		defer e.done()
		var first, last float64
		detail, from := "", 0
		for _, n := range s.grown {
			if err := e.fill(ctx, from, n); err != nil {
				return figure{}, err
			}
			from = n
			if last, err = op(ctx, e, n, s.seconds); err != nil {
				return figure{}, err
			}
			if first == 0 {
				first = last
			}
			detail += fmt.Sprintf("%d: %.3g/s  ", n, last)
		}
		return figure{value: first / last, detail: detail}, nil
	}
}
