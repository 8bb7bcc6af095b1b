package nodelib

import (
	"strings"

	"github.com/dop251/goja"
	"golang.org/x/net/idna"
)

// bindURL gives the URL modules the rules of international domain names.
func bindURL(r Realm) *goja.Object {
	vm := r.VM()
	profile := idna.New(idna.MapForLookup(), idna.Transitional(false), idna.StrictDomainName(false), idna.BidiRule(), idna.CheckHyphens(false), idna.CheckJoiners(true))
	return Funcs{
		// toASCII(domain) → the domain as DNS knows it, undefined if it is none
		"toASCII": func(call goja.FunctionCall) goja.Value {
			domain := call.Argument(0).String()
			if isPlainDomain(domain) {
				return vm.ToValue(strings.ToLower(domain))
			}
			ascii, err := profile.ToASCII(domain)
			if err != nil {
				return goja.Undefined()
			}
			return vm.ToValue(ascii)
		},
		"toUnicode": func(call goja.FunctionCall) goja.Value {
			text, err := profile.ToUnicode(call.Argument(0).String())
			if err != nil {
				return vm.ToValue("")
			}
			return vm.ToValue(text)
		},
	}.Object(vm)
}

// isPlainDomain reports whether a domain is ASCII without encoded labels, for
// which the web asks for lower case and nothing else.
func isPlainDomain(domain string) bool {
	for i := range len(domain) {
		if domain[i] >= 0x80 {
			return false
		}
	}
	return !strings.Contains(strings.ToLower(domain), "xn--")
}
