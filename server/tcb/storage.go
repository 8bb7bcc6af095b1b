package tcb

import (
	"context"
	"time"

	"baas/db/fault"
	"baas/db/rules"
	"baas/server/origin"
	"baas/server/wire"
	"baas/storage"
)

// success is the code of an item that went well; lists always carry one.
const success = "SUCCESS"

func storageActions() []action {
	return []action{
		{"storage.getUploadMetadata", rules.Nobody, uploadMetadata},
		{"storage.batchGetDownloadUrl", rules.Nobody, downloadURLs},
		{"storage.batchDeleteFile", rules.Nobody, deleteFiles},
	}
}

// uploadMetadata answers with all six members: the SDKs give up without one.
func uploadMetadata(ctx context.Context, c *call) (answer, error) {
	path, err := c.required("path")
	if err != nil {
		return answer{}, err
	}
	t, err := c.env.Files.Ticket(ctx, c.p, path)
	if err != nil {
		return answer{}, err
	}
	data := wire.AppendText([]byte("{"), "url", origin.Absolute(c.base, t.UploadURL))
	data = wire.AppendText(data, "token", t.Token)
	data = wire.AppendText(data, "authorization", t.Authorization)
	data = wire.AppendText(data, "fileId", t.FileID)
	data = wire.AppendText(data, "cosFileId", t.CosFileID)
	data = wire.AppendText(data, "download_url", origin.Absolute(c.base, t.DownloadURL))
	return answer{data: append(data, '}')}, nil
}

// downloadURLs answers under the names of both SDK generations.
func downloadURLs(ctx context.Context, c *call) (answer, error) {
	list, err := c.items("file_list")
	if err != nil {
		return answer{}, err
	}
	requests := make([]storage.TempURLRequest, len(list))
	for i, raw := range list {
		if requests[i], err = tempURLRequest(raw); err != nil {
			return answer{}, err
		}
	}
	urls, err := c.env.Files.TempURLs(ctx, c.p, requests)
	if err != nil {
		return answer{}, err
	}
	data := []byte(`{"download_list":[`)
	for i, u := range urls {
		if i > 0 {
			data = append(data, ',')
		}
		data = wire.AppendText(append(data, '{'), "code", itemCode(u.Code))
		data = wire.AppendText(data, "fileid", u.FileID)
		data = wire.AppendText(data, "fileID", u.FileID)
		url := origin.Absolute(c.base, u.URL)
		data = wire.AppendText(data, "download_url", url)
		data = wire.AppendText(data, "tempFileURL", url)
		data = append(wire.AppendInt(data, "maxAge", int64(u.MaxAge/time.Second)), '}')
	}
	return answer{data: append(data, `]}`...)}, nil
}

// tempURLRequest reads one item: {fileid, max_age}, or the id alone.
func tempURLRequest(raw []byte) (storage.TempURLRequest, error) {
	if id, ok := wire.Unquote(raw); ok {
		return storage.TempURLRequest{FileID: id}, nil
	}
	o, err := wire.ParseObject("file_list", raw)
	if err != nil {
		return storage.TempURLRequest{}, err
	}
	id, err := o.Text("fileid")
	if err != nil || id == "" {
		return storage.TempURLRequest{}, fault.Invalid("file_list.fileid", "must be a file id like cloud://env.bucket/path")
	}
	seconds, _, err := o.Int("max_age")
	if err != nil || seconds < 0 || seconds > int64(maxAge/time.Second) {
		return storage.TempURLRequest{}, fault.Invalid("file_list.max_age", "must be a number of seconds, at most %d", int64(maxAge/time.Second))
	}
	return storage.TempURLRequest{FileID: id, MaxAge: time.Duration(seconds) * time.Second}, nil
}

// maxAge bounds the life of a temporary URL that a client asks for.
const maxAge = 10 * 365 * 24 * time.Hour

func deleteFiles(ctx context.Context, c *call) (answer, error) {
	list, err := c.items("fileid_list")
	if err != nil {
		return answer{}, err
	}
	ids := make([]string, len(list))
	for i, raw := range list {
		id, ok := wire.Unquote(raw)
		if !ok {
			return answer{}, fault.Invalid("fileid_list", "must be a list of file ids")
		}
		ids[i] = id
	}
	results, err := c.env.Files.Delete(ctx, c.p, ids)
	if err != nil {
		return answer{}, err
	}
	data := []byte(`{"delete_list":[`)
	for i, r := range results {
		if i > 0 {
			data = append(data, ',')
		}
		data = wire.AppendText(append(data, '{'), "fileID", r.FileID)
		data = append(wire.AppendText(data, "code", itemCode(r.Code)), '}')
	}
	return answer{data: append(data, `]}`...)}, nil
}

// items returns a list of files that must be there; the service checks its
// length, this names the member.
func (c *call) items(name string) ([][]byte, error) {
	list, err := c.body.Array(name)
	if err != nil {
		return nil, err
	}
	return list, wire.CheckCount(name, len(list), storage.MaxItems)
}

func itemCode(code fault.Code) string {
	if code == fault.OK {
		return success
	}
	return string(code)
}
