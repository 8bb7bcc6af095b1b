package console

// HashCheaply makes the passwords of a test cost almost nothing: under the
// race detector the real cost is seconds.
func (a *Accounts) HashCheaply() {
	a.hasher = newHasher(cost{memory: 64, passes: 1, threads: 1})
}
