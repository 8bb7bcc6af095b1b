package oracle_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// generator makes random JSON in the main stream of the language. The fields of
// a document: n and m are whole numbers, s a text, t a date, tags an array of
// texts, list an array of numbers, items an array of {k, v}, o an object {x, y},
// and mixed is anything or missing.
type generator struct{ *rand.Rand }

func (g generator) one(of ...string) string { return of[g.IntN(len(of))] }

func (g generator) number() string { return fmt.Sprint(g.IntN(9) - 3) }

func (g generator) text() string {
	return `"` + g.one("a", "b", "ab", "Abc", "zeta", "x y", "天气", "") + `"`
}

func (g generator) date() string {
	return fmt.Sprintf(`{"$date":%d}`, 1_700_000_000_000+int64(g.IntN(400))*86_400_000+int64(g.IntN(86_400_000)))
}

func (g generator) list(n int, of func() string) string {
	parts := make([]string, g.IntN(n+1))
	for i := range parts {
		parts[i] = of()
	}
	return "[" + strings.Join(parts, ",") + "]"
}

// tags are distinct: mingo's $addToSet takes equal elements out of what is there
// already, and MongoDB's does not.
func (g generator) tags() string {
	var parts []string
	for range g.IntN(4) {
		if tag := g.text(); !slices.Contains(parts, tag) {
			parts = append(parts, tag)
		}
	}
	return "[" + strings.Join(parts, ",") + "]"
}

func (g generator) scalar() string {
	switch g.IntN(6) {
	case 0:
		return g.text()
	case 1:
		return g.one("true", "false")
	case 2:
		return g.one("0.5", "2.25", "-1.5")
	default:
		return g.number()
	}
}

func (g generator) document(id int) string {
	mixed := ""
	switch g.IntN(5) {
	case 0:
	case 1:
		mixed = `,"mixed":` + g.list(3, g.scalar)
	case 2:
		mixed = `,"mixed":{"x":` + g.scalar() + `}`
	default:
		mixed = `,"mixed":` + g.scalar()
	}
	item := func() string { return fmt.Sprintf(`{"k":%s,"v":%s}`, g.text(), g.number()) }
	return fmt.Sprintf(`{"_id":%d,"n":%s,"m":%s,"s":%s,"t":%s,"tags":%s,"list":%s,"items":%s,"o":{"x":%s,"y":%s}%s}`,
		id, g.number(), g.number(), g.text(), g.date(), g.tags(), g.list(4, g.number), g.list(3, item), g.number(), g.text(), mixed)
}

func (g generator) documents(n int) string {
	parts := make([]string, n)
	for i := range parts {
		parts[i] = g.document(i)
	}
	return "[" + strings.Join(parts, ",") + "]"
}

// condition makes a condition object, nested at most depth deep.
func (g generator) condition(depth int) string {
	if depth > 0 && g.IntN(3) == 0 {
		return fmt.Sprintf(`{"%s":[%s,%s]}`, g.one("$and", "$or", "$nor"), g.condition(depth-1), g.condition(depth-1))
	}
	switch g.IntN(8) {
	case 0:
		return fmt.Sprintf(`{"items":{"$elemMatch":{"k":%s,"v":%s}}}`, g.text(), g.comparison(g.number))
	case 1:
		return fmt.Sprintf(`{"list":{"$elemMatch":{"$gt":%s,"$lt":%s}}}`, g.number(), g.number())
	case 2:
		return fmt.Sprintf(`{"%s":{"$size":%d}}`, g.one("tags", "list", "items"), g.IntN(4))
	case 3:
		return fmt.Sprintf(`{"tags":{"$all":[%s,%s]}}`, g.text(), g.text())
	case 4:
		return fmt.Sprintf(`{"s":{"$regex":"%s"}}`, g.one("^a", "b$", "[a-b]+", "x y", "气"))
	case 5:
		return fmt.Sprintf(`{"n":{"$mod":[%d,%d]}}`, g.IntN(3)+2, g.IntN(2))
	case 6:
		return fmt.Sprintf(`{"mixed":{"$exists":%s}}`, g.one("true", "false"))
	}
	path := g.one("n", "m", "o.x", "list", "items.v", "s", "o.y", "tags", "items.k", "t", "mixed", "mixed.x")
	of := g.number
	switch path {
	case "s", "o.y", "tags", "items.k":
		of = g.text
	case "t":
		of = g.date
	case "mixed", "mixed.x":
		return fmt.Sprintf(`{"%s":{"%s":%s}}`, path, g.one("$eq", "$gt", "$lt", "$gte", "$lte"), g.scalar())
	}
	if g.IntN(4) == 0 {
		return fmt.Sprintf(`{"%s":{"$not":%s}}`, path, g.comparison(of))
	}
	return fmt.Sprintf(`{"%s":%s}`, path, g.comparison(of))
}

func (g generator) comparison(of func() string) string {
	switch g.IntN(4) {
	case 0:
		return fmt.Sprintf(`{"%s":[%s,%s]}`, g.one("$in", "$nin"), of(), of())
	case 1:
		return fmt.Sprintf(`{"$gte":%s,"$lt":%s}`, of(), of())
	}
	return fmt.Sprintf(`{"%s":%s}`, g.one("$eq", "$ne", "$gt", "$gte", "$lt", "$lte"), of())
}

// numeric makes an expression whose value is a number.
func (g generator) numeric(depth int) string {
	if depth == 0 {
		return g.one(`"$n"`, `"$m"`, `"$o.x"`, g.number())
	}
	a, b := g.numeric(depth-1), g.numeric(depth-1)
	switch g.IntN(9) {
	case 0:
		return fmt.Sprintf(`{"%s":[%s,%s]}`, g.one("$add", "$subtract", "$multiply", "$max", "$min"), a, b)
	case 1:
		return fmt.Sprintf(`{"$abs":%s}`, a)
	case 2:
		return fmt.Sprintf(`{"$size":"$%s"}`, g.one("tags", "list", "items"))
	case 3:
		return fmt.Sprintf(`{"$cond":[%s,%s,%s]}`, g.boolean(depth-1), a, b)
	case 4:
		return fmt.Sprintf(`{"$sum":["$n",%s]}`, a)
	case 5:
		return fmt.Sprintf(`{"$mod":[%s,%d]}`, a, g.IntN(3)+2)
	case 6:
		return fmt.Sprintf(`{"$reduce":{"input":"$list","initialValue":%s,"in":{"$add":["$$value","$$this"]}}}`, g.number())
	case 7:
		return fmt.Sprintf(`{"%s":"$t"}`, g.one("$year", "$month", "$dayOfMonth", "$hour", "$minute", "$second", "$dayOfYear", "$dayOfWeek", "$isoWeek"))
	}
	return fmt.Sprintf(`{"$strLenCP":%s}`, g.textual(depth-1))
}

func (g generator) boolean(depth int) string {
	if depth <= 0 {
		return fmt.Sprintf(`{"%s":["$n",%s]}`, g.one("$eq", "$ne", "$gt", "$gte", "$lt", "$lte"), g.number())
	}
	switch g.IntN(4) {
	case 0:
		return fmt.Sprintf(`{"%s":[%s,%s]}`, g.one("$and", "$or"), g.boolean(depth-1), g.boolean(depth-1))
	case 1:
		return fmt.Sprintf(`{"$not":[%s]}`, g.boolean(depth-1))
	case 2:
		return fmt.Sprintf(`{"$in":[%s,"$list"]}`, g.number())
	}
	return fmt.Sprintf(`{"%s":[%s,%s]}`, g.one("$eq", "$gt", "$lte"), g.numeric(depth-1), g.numeric(depth-1))
}

func (g generator) textual(depth int) string {
	if depth <= 0 {
		return g.one(`"$s"`, `"$o.y"`, g.text())
	}
	a := g.textual(depth - 1)
	switch g.IntN(5) {
	case 0:
		return fmt.Sprintf(`{"$concat":[%s,%s]}`, a, g.textual(depth-1))
	case 1:
		return fmt.Sprintf(`{"%s":%s}`, g.one("$toUpper", "$toLower"), a)
	case 2:
		return fmt.Sprintf(`{"$substrCP":[%s,%d,%d]}`, a, g.IntN(2), g.IntN(3))
	case 3:
		return `{"$dateToString":{"date":"$t","format":"%Y-%m-%d %H:%M:%S"}}`
	}
	return fmt.Sprintf(`{"$ifNull":["$absent",%s]}`, a)
}

func (g generator) array() string {
	switch g.IntN(5) {
	case 0:
		return fmt.Sprintf(`{"$filter":{"input":"$list","as":"e","cond":{"%s":["$$e",%s]}}}`, g.one("$gt", "$lte", "$ne"), g.number())
	case 1:
		return `{"$map":{"input":"$list","as":"e","in":{"$multiply":["$$e",2]}}}`
	case 2:
		return fmt.Sprintf(`{"$slice":["$%s",%d]}`, g.one("list", "tags"), g.IntN(3)+1)
	case 3:
		return `{"$concatArrays":["$list","$tags"]}`
	}
	return `{"$reverseArray":"$tags"}`
}

func (g generator) expression() string {
	switch g.IntN(4) {
	case 0:
		return g.textual(2)
	case 1:
		return g.boolean(2)
	case 2:
		return g.array()
	}
	return g.numeric(2)
}

// pipeline makes a pipeline whose result has one order only where it matters:
// the results are compared as multisets.
func (g generator) pipeline() string {
	stages := []string{`{"$match":` + g.condition(1) + `}`}
	for range g.IntN(3) {
		stages = append(stages, g.stage())
	}
	switch g.IntN(5) {
	case 0:
		stages = append(stages, fmt.Sprintf(`{"$group":{"_id":%s,"n":{"$sum":1},"sum":{"$sum":"$n"},"top":{"$max":"$m"},"low":{"$min":"$o.x"},"avg":{"$avg":"$n"}}}`,
			g.one(`"$s"`, `"$n"`, `null`, `{"a":"$n","b":"$s"}`)))
	case 1:
		stages = append(stages, `{"$count":"total"}`)
	case 2:
		stages = append(stages, fmt.Sprintf(`{"$sortByCount":%s}`, g.one(`"$s"`, `"$n"`)))
	case 3:
		stages = append(stages, `{"$bucket":{"groupBy":"$n","boundaries":[-3,0,3],"default":"other","output":{"count":{"$sum":1},"m":{"$max":"$m"}}}}`)
	}
	return "[" + strings.Join(stages, ",") + "]"
}

func (g generator) stage() string {
	switch g.IntN(7) {
	case 0:
		return fmt.Sprintf(`{"$addFields":{"%s":%s}}`, g.one("extra", "o.z", "mixed"), g.expression())
	case 1:
		return fmt.Sprintf(`{"$project":{"n":1,"m":1,"s":1,"t":1,"tags":1,"list":1,"items":1,"o":1,"e":%s}}`, g.expression())
	case 2:
		return `{"$unwind":"$` + g.one("tags", "list", "items") + `"}` + `,{"$project":{"tags":0,"list":0,"items":0}},` +
			`{"$addFields":{"tags":["u"],"list":[1],"items":[]}}`
	case 3:
		return fmt.Sprintf(`{"$sort":{"%s":%s,"_id":1}},{"$limit":%d}`, g.one("n", "m", "s", "o.x", "t"), g.one("1", "-1"), g.IntN(6)+1)
	case 4:
		return fmt.Sprintf(`{"$sort":{"_id":1}},{"$skip":%d}`, g.IntN(4))
	case 5:
		return `{"$unset":"mixed"}`
	}
	return `{"$match":` + g.condition(1) + `}`
}

// update makes an update that fits the documents.
func (g generator) update() string {
	parts := map[string]string{}
	for range g.IntN(3) + 1 {
		switch g.IntN(10) {
		case 0:
			parts["n"] = fmt.Sprintf(`"$inc":{"n":%s}`, g.number())
		case 1:
			parts["m"] = fmt.Sprintf(`"$mul":{"m":%s}`, g.number())
		case 2:
			parts["mixed"] = fmt.Sprintf(`"$set":{"mixed":%s}`, g.scalar())
		case 3:
			parts["tags"] = fmt.Sprintf(`"$push":{"tags":{"$each":[%s,%s],"$slice":%d}}`, g.text(), g.text(), g.IntN(7)-3)
		case 4:
			parts["list"] = fmt.Sprintf(`"$pull":{"list":{"$gt":%s}}`, g.number())
		case 5:
			parts["tags"] = fmt.Sprintf(`"$addToSet":{"tags":%s}`, g.text())
		case 6:
			parts["list"] = fmt.Sprintf(`"$pop":{"list":%s}`, g.one("1", "-1"))
		case 7:
			parts["o"] = fmt.Sprintf(`"%s":{"o.x":%s}`, g.one("$min", "$max"), g.number())
		case 8:
			parts["s"] = `"$rename":{"s":"renamed"}`
		case 9:
			parts["mixed"] = `"$unset":{"mixed":""}`
		}
	}
	var out []string
	seen := map[string]bool{}
	for _, field := range []string{"n", "m", "mixed", "tags", "list", "o", "s"} {
		part, ok := parts[field]
		operator, _, _ := strings.Cut(part, ":")
		if ok && !seen[operator] {
			seen[operator] = true
			out = append(out, part)
		}
	}
	return "{" + strings.Join(out, ",") + "}"
}
