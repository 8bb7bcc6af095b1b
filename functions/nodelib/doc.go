// Package nodelib holds Node's built-in modules for goja: one JavaScript file
// each under js (our own) or dist (bundled from npm by build), and Go behind
// them where JavaScript is too slow or has no access.
//
// A module's program is compiled when the process first needs it and shared by
// all instances; its exports belong to one instance.
//
// Dangers. What a module binds into JavaScript are functions and plain values
// only: a Go struct or map would lend its fields and methods to user code. A
// host function that works off the loop must end with its context, and touch
// JavaScript values only in the callback it settles with. Code that gets at
// user files or the network goes through Files and Outbound, nowhere else.
package nodelib
