package functions

import (
	"bytes"
	"errors"
	"io"
	"slices"

	"github.com/go-json-experiment/json/jsontext"

	"baas/db/fault"
	"baas/db/rules"
	"baas/functions/worker"
)

// prepareEvent checks an event and puts the caller's identity into it as
// userInfo, which overwrites what the caller may have sent under that name
// (wx-cloud-api.md 1.7, rule 3). A user without an openid keeps a userInfo of
// his own, but not the openId and appId in it: functions trust these two. It
// works on bytes: numbers, order and spelling stay. Events that are no object,
// and those of admins without an openid, pass unchanged; an empty event is an
// empty object.
func prepareEvent(event []byte, p rules.Principal) ([]byte, error) {
	if len(event) > worker.MaxEvent {
		return nil, fault.New(fault.RequestTooLarge, "data: the event has %d bytes, the limit is %d", len(event), worker.MaxEvent)
	}
	if len(bytes.TrimSpace(event)) == 0 {
		event = []byte("{}")
	}
	o, err := readEvent(event)
	if err != nil {
		return nil, fault.Wrap(fault.InvalidParam, err, "data: the event is no JSON")
	}
	switch {
	case !o.isObject || !o.hasUserInfo() && p.OpenID == "":
		return event, nil
	case p.OpenID != "":
		return o.withUserInfo(p)
	case p.ByPassesRules():
		return event, nil
	}
	return o.withoutClaims()
}

// eventObject is what prepareEvent must know of an event.
type eventObject struct {
	isObject bool
	members  []eventMember
}

// eventMember is one `"name":value` of an event.
type eventMember struct {
	text     []byte
	userInfo []byte // the value, if that is the name; may come more than once
}

func (o eventObject) hasUserInfo() bool {
	return slices.ContainsFunc(o.members, func(m eventMember) bool { return m.userInfo != nil })
}

// readEvent reads the whole event.
func readEvent(event []byte) (o eventObject, err error) {
	d := decoder(event)
	if d.PeekKind() == jsontext.KindBeginObject {
		o.isObject = true
		o.members, err = readMembers(d, event)
	} else {
		err = d.SkipValue()
	}
	if err != nil {
		return o, err
	}
	if _, err := d.ReadToken(); !errors.Is(err, io.EOF) {
		return o, errors.New("functions: something follows the event")
	}
	return o, nil
}

// decoder reads JSON as JavaScript's own parser takes it: names may come twice,
// and texts may hold halves of surrogate pairs.
func decoder(text []byte) *jsontext.Decoder {
	return jsontext.NewDecoder(bytes.NewBuffer(text), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
}

func readMembers(d *jsontext.Decoder, event []byte) ([]eventMember, error) {
	var members []eventMember
	err := eachMember(d, func(name string, from, value, to int64) {
		m := eventMember{text: bytes.TrimLeft(event[from:to], ", \t\r\n")}
		if name == "userInfo" {
			m.userInfo = bytes.TrimLeft(event[value:to], ": \t\r\n")
		}
		members = append(members, m)
	})
	return members, err
}

// eachMember reads an object and calls f with each name and with where the
// member, its value and its end are.
func eachMember(d *jsontext.Decoder, f func(name string, from, value, to int64)) error {
	if _, err := d.ReadToken(); err != nil {
		return err
	}
	for d.PeekKind() != jsontext.KindEndObject {
		from := d.InputOffset()
		name, err := d.ReadToken()
		if err != nil {
			return err
		}
		text, value := name.String(), d.InputOffset()
		if err := d.SkipValue(); err != nil {
			return err
		}
		f(text, from, value, d.InputOffset())
	}
	_, err := d.ReadToken()
	return err
}

// withUserInfo writes the event anew, with the caller as its last member.
func (o eventObject) withUserInfo(p rules.Principal) ([]byte, error) {
	out := []byte("{")
	for _, m := range o.members {
		if m.userInfo == nil {
			out = append(append(out, m.text...), ',')
		}
	}
	var err error
	out = append(out, `"userInfo":{"appId":`...)
	if out, err = jsontext.AppendQuote(out, p.AppID); err != nil {
		return nil, err
	}
	out = append(out, `,"openId":`...)
	if out, err = jsontext.AppendQuote(out, p.OpenID); err != nil {
		return nil, err
	}
	return append(out, "}}"...), nil
}

// withoutClaims writes the event anew, without openId and appId in userInfo.
func (o eventObject) withoutClaims() ([]byte, error) {
	out := []byte("{")
	for i, m := range o.members {
		if i > 0 {
			out = append(out, ',')
		}
		if m.userInfo == nil || m.userInfo[0] != '{' {
			out = append(out, m.text...)
			continue
		}
		rest, err := dropClaims(m.userInfo)
		if err != nil {
			return nil, err
		}
		out = append(append(out, `"userInfo":`...), rest...)
	}
	return append(out, '}'), nil
}

// dropClaims returns a userInfo without what only the server may say in it.
func dropClaims(userInfo []byte) ([]byte, error) {
	out := []byte("{")
	err := eachMember(decoder(userInfo), func(name string, from, _, to int64) {
		if name == "openId" || name == "appId" {
			return
		}
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = append(out, bytes.TrimLeft(userInfo[from:to], ", \t\r\n")...)
	})
	return append(out, '}'), err
}
