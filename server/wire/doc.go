// Package wire takes JSON bodies apart without decoding them: the members of
// an object as raw slices, in order, and typed access to the few that a door
// itself needs. Documents inside stay bytes until db/value reads them.
//
// Dangers: signatures are computed over the raw slices, so they must stay what
// was sent; a member is found by its exact name only, never by one that
// differs in case; and whatever comes from outside passes the depth and node
// limits here before anything else looks at it (threats.md, "process dies on
// nesting").
package wire
