package tcb

import (
	"bytes"
	"errors"
	"io"
	"mime/multipart"

	"baas/db/fault"
	"baas/server/signature"
	"baas/server/wire"
)

// part is a multipart part that holds bytes.
type part struct {
	name string
	data []byte
}

// maxParts bounds a form; the SDKs send about ten.
const maxParts = 64

// parseMultipart reads the form that carries WeChat's open API calls
// (tcb-wire-protocol.md 12), the only actions that may come as one: text parts
// become members, parts with a content type stay bytes.
func parseMultipart(body []byte, boundary string) (wire.Object, []part, error) {
	var extra []part
	text := []byte("{")
	form := multipart.NewReader(bytes.NewReader(body), boundary)
	for n := 0; ; n++ {
		p, err := form.NextRawPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil || n == maxParts {
			return wire.Object{}, nil, fault.Invalid("body", "is not a multipart form of at most %d parts", maxParts)
		}
		data, err := io.ReadAll(p)
		if err != nil {
			return wire.Object{}, nil, fault.Invalid("body", "is not a whole multipart form")
		}
		if p.Header.Get("Content-Type") != "" {
			extra = append(extra, part{p.FormName(), data})
			continue
		}
		text = wire.AppendText(text, p.FormName(), string(data))
	}
	o, err := wire.ParseObject("body", append(text, '}'))
	if err != nil {
		return wire.Object{}, nil, err
	}
	switch action, err := o.Text("action"); {
	case err != nil:
		return wire.Object{}, nil, err
	case action != "wx.openApi" && action != "wx.wxPayApi" && action != "wx.wxCallContainerApi":
		return wire.Object{}, nil, fault.Invalid("content-type", "multipart/form-data is for wx.openApi and its kin; send JSON")
	}
	return o, extra, nil
}

// member returns a JSON member as a signature covers it.
func member(m wire.Member) signature.Member {
	if text, ok := wire.Unquote(m.Raw); ok {
		return signature.Member{Name: m.Name, Value: []byte(text), IsText: true}
	}
	return signature.Member{Name: m.Name, Value: m.Raw}
}
