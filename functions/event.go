package functions

import (
	"bytes"
	"errors"
	"io"

	"github.com/go-json-experiment/json/jsontext"

	"baas/db/fault"
	"baas/db/rules"
	"baas/functions/worker"
)

// prepareEvent checks an event and puts the caller's identity into it as
// userInfo, which overwrites what the caller may have sent under that name
// (wx-cloud-api.md 1.7, rule 3). It works on bytes: numbers, order and spelling
// stay. Events that are no object, and callers without an openid, pass
// unchanged; an empty event is an empty object.
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
	if p.OpenID == "" || !o.isObject {
		return event, nil
	}
	return o.withUserInfo(p)
}

// eventObject is what prepareEvent must know of an event.
type eventObject struct {
	isObject bool
	members  [][]byte // each `"name":value`, without those called userInfo
}

// readEvent reads the whole event.
func readEvent(event []byte) (o eventObject, err error) {
	// JSON as JavaScript's own parser takes it: names may come twice, and texts
	// may hold halves of surrogate pairs.
	d := jsontext.NewDecoder(bytes.NewBuffer(event), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
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

func readMembers(d *jsontext.Decoder, event []byte) ([][]byte, error) {
	var members [][]byte
	if _, err := d.ReadToken(); err != nil {
		return nil, err
	}
	for d.PeekKind() != jsontext.KindEndObject {
		from := d.InputOffset()
		name, err := d.ReadToken()
		if err != nil {
			return nil, err
		}
		ours := name.String() == "userInfo"
		if err := d.SkipValue(); err != nil {
			return nil, err
		}
		if !ours {
			members = append(members, bytes.TrimLeft(event[from:d.InputOffset()], ", \t\r\n"))
		}
	}
	_, err := d.ReadToken()
	return members, err
}

// withUserInfo writes the event anew, with the caller as its last member.
func (o eventObject) withUserInfo(p rules.Principal) ([]byte, error) {
	out := []byte("{")
	for _, m := range o.members {
		out = append(append(out, m...), ',')
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
