// Package expr evaluates MongoDB's aggregation expressions ("$a.b", {$add: […]},
// {total: {$sum: "$items.qty"}}) and accumulators on raw BSON.
//
// An expression is compiled once into a tree and then evaluated for many
// documents. Compiled values are immutable and safe for concurrent use; a
// [Scope] belongs to one goroutine.
//
// Dangers first:
//
//   - A result aliases what it was taken from: the scope's Root and variables,
//     the expression's own constants, or memory of the Scope. It is never
//     written to again, unless [Scope.Next] is called: that one takes the
//     Scope's memory back. [value.Value.Clone] what outlives the document.
//   - Missing is a result too: a member that is not there, or $$REMOVE. An
//     object drops such a member, an array holds null in its place.
//   - What users write may multiply ($map in $map, $reduce that doubles a text).
//     Every evaluation is bounded in steps, in memory and in the size of each
//     value, and reports to the request's [effort.Meter].
//   - Results nest at most [value.MaxDepth] levels. A caller that hangs one into
//     a document must look at the depth of the whole.
package expr
