package gateway

import (
	"context"

	"baas/db/fault"
	"baas/server/origin"
	"baas/server/reply"
	"baas/server/wire"
	"baas/storage"
)

// uploadInfo answers each item with a ticket or its own error, so that one bad
// path does not spoil the others.
func uploadInfo(ctx context.Context, in *request) ([]byte, error) {
	paths, err := in.items("objectId")
	if err != nil {
		return nil, err
	}
	out := []byte("[")
	for i, path := range paths {
		if i > 0 {
			out = append(out, ',')
		}
		out = wire.AppendText(append(out, '{'), "objectId", path)
		t, err := in.env.Files.Ticket(ctx, in.p, path)
		if err != nil {
			out = append(in.appendFault(ctx, out, err), '}')
			continue
		}
		download := origin.Absolute(in.base, t.DownloadURL)
		out = wire.AppendText(out, "uploadUrl", origin.Absolute(in.base, t.UploadURL))
		out = wire.AppendText(out, "authorization", t.Authorization)
		out = wire.AppendText(out, "token", t.Token)
		out = wire.AppendText(out, "cloudObjectMeta", t.CosFileID)
		out = wire.AppendText(out, "cloudObjectId", t.FileID)
		out = wire.AppendText(out, "downloadUrl", download)
		out = append(wire.AppendText(out, "downloadUrlEncoded", download), '}')
	}
	return append(out, ']'), nil
}

// downloadInfo answers a URL that works for a while, per item.
func downloadInfo(ctx context.Context, in *request) ([]byte, error) {
	ids, err := in.items("cloudObjectId")
	if err != nil {
		return nil, err
	}
	requests := make([]storage.TempURLRequest, len(ids))
	for i, id := range ids {
		requests[i].FileID = id
	}
	urls, err := in.env.Files.TempURLs(ctx, in.p, requests)
	if err != nil {
		return nil, err
	}
	out := []byte("[")
	for i, u := range urls {
		out = beginItem(out, i, u.FileID, u.Code)
		if u.Code == fault.OK {
			out = wire.AppendText(out, "downloadUrl", origin.Absolute(in.base, u.URL))
		}
		out = append(out, '}')
	}
	return append(out, ']'), nil
}

func deleteObjects(ctx context.Context, in *request) ([]byte, error) {
	ids, err := in.items("cloudObjectId")
	if err != nil {
		return nil, err
	}
	results, err := in.env.Files.Delete(ctx, in.p, ids)
	if err != nil {
		return nil, err
	}
	out := []byte("[")
	for i, r := range results {
		out = append(beginItem(out, i, r.FileID, r.Code), '}')
	}
	return append(out, ']'), nil
}

// beginItem opens the answer about one file, with its code if it failed.
func beginItem(b []byte, i int, id string, code fault.Code) []byte {
	if i > 0 {
		b = append(b, ',')
	}
	b = wire.AppendText(append(b, '{'), "cloudObjectId", id)
	if code == fault.OK {
		return b
	}
	b = wire.AppendText(b, "code", string(code))
	return wire.AppendText(b, "message", fault.Lookup(code).Text)
}

// items reads a body that is a list of objects, and of each the one member
// that names a file.
func (in *request) items(name string) ([]string, error) {
	list, err := wire.ParseArray("body", in.body)
	if err != nil {
		return nil, err
	}
	if err := wire.CheckCount("body", len(list), storage.MaxItems); err != nil {
		return nil, err
	}
	names := make([]string, len(list))
	for i, raw := range list {
		o, err := wire.ParseObject("body", raw)
		if err != nil {
			return nil, err
		}
		if names[i], err = o.Text(name); err != nil {
			return nil, err
		}
		if names[i] == "" {
			return nil, fault.Invalid(name, "is required")
		}
	}
	return names, nil
}

// appendFault appends the code and message of one item's failure.
func (in *request) appendFault(ctx context.Context, b []byte, err error) []byte {
	p := reply.Explain(ctx, in.log, err)
	return wire.AppendText(wire.AppendText(b, "code", string(p.Code)), "message", p.Text)
}
