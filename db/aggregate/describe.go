package aggregate

import (
	"slices"

	"baas/db/fault"
	"baas/db/value"
)

// describe is $collStats or $indexStats: documents about a collection. What the
// store says goes through $collStats; $indexStats passes it as it is.
type describe struct {
	name    string
	count   bool
	storage bool
	scale   int64
}

func compileDescribe(at, name string, v value.Value) (*describe, error) {
	d := &describe{name: name, scale: 1}
	if v.Type != value.TypeObject {
		return nil, fault.Refused(at, "must be an object, it is of type %s", v.Type.Name())
	}
	if name == "$indexStats" {
		if !v.Doc().IsEmpty() {
			return nil, fault.Refused(at, "must be an empty object")
		}
		return d, nil
	}
	for key, option := range v.Doc().All() {
		where := at + "." + key
		if option.Type != value.TypeObject {
			return nil, fault.Refused(where, "must be an object, it is of type %s", option.Type.Name())
		}
		switch key {
		case "count":
			d.count = true
		case "storageStats":
			d.storage = true
			if scale := option.Doc().Get("scale"); !scale.IsMissing() {
				n, ok := scale.AsInt64()
				if !ok || n <= 0 {
					return nil, fault.Refused(where+".scale", "must be a positive whole number")
				}
				d.scale = n
			}
		case "latencyStats", "queryExecStats":
			return nil, fault.Refused(where, "is not measured for single collections here; see the metrics of the server")
		default:
			return nil, unknownOption(where)
		}
	}
	return d, nil
}

func (d *describe) open(r *run, next sink) (sink, error) {
	if d.name == "$indexStats" {
		return next, nil
	}
	return &describing{d, r, next}, nil
}

type describing struct {
	*describe
	run  *run
	next sink
}

// push takes {ns, count, size, indexSizes} and makes MongoDB's document of it.
func (d *describing) push(stats value.Doc) error {
	var b value.Builder
	b.Add("ns", stats.Get("ns"))
	b.Add("localTime", value.Time(d.run.now))
	count, _ := stats.Get("count").AsInt64()
	if d.storage {
		b.Object("storageStats", func(b *value.Builder) { d.write(b, stats, count) })
	}
	if d.count {
		b.Add("count", value.Int(count))
	}
	return d.next.push(b.Doc())
}

func (d *describing) write(b *value.Builder, stats value.Doc, count int64) {
	size, _ := stats.Get("size").AsInt64()
	b.Add("size", value.Int(size/d.scale))
	b.Add("count", value.Int(count))
	if count > 0 {
		b.Add("avgObjSize", value.Int(size/count))
	}
	sizes := slices.Collect(func(yield func(int64) bool) {
		for _, v := range stats.Get("indexSizes").Doc().All() {
			if n, _ := v.AsInt64(); !yield(n) {
				return
			}
		}
	})
	total := int64(0)
	for _, n := range sizes {
		total += n
	}
	b.Add("nindexes", value.Int(int64(len(sizes))))
	b.Add("totalIndexSize", value.Int(total/d.scale))
	b.Object("indexSizes", func(b *value.Builder) {
		for name, v := range stats.Get("indexSizes").Doc().All() {
			n, _ := v.AsInt64()
			b.Add(name, value.Int(n/d.scale))
		}
	})
	b.Add("scaleFactor", value.Int(d.scale))
}

func (d *describing) close() error { return d.next.close() }
