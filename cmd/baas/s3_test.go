package main_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"testing"

	"baas/storage/s3/miniotest"
)

// The whole program over a real MinIO: ticket, upload, temporary URL,
// download, delete.
func TestFilesOnS3(t *testing.T) {
	bucket := miniotest.Start(t).Bucket(t)
	data := t.TempDir()
	p := startProcess(t, data, "serve", "--storage", bucket)
	key := apiKey(t, data)
	do := func(into any, members map[string]any) {
		t.Helper()
		reply, err := act(t.Context(), p.url, key, members)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(reply, into); err != nil {
			t.Fatal(err)
		}
	}
	var ticket struct{ URL, FileID string }
	do(&ticket, map[string]any{"action": "storage.getUploadMetadata", "path": "dir/a.txt"})
	send(t, http.MethodPut, ticket.URL, []byte("hello, bucket"))

	var urls struct {
		List []struct {
			Code string `json:"code"`
			URL  string `json:"download_url"`
		} `json:"download_list"`
	}
	do(&urls, map[string]any{
		"action": "storage.batchGetDownloadUrl", "file_list": []any{map[string]any{"fileid": ticket.FileID, "max_age": 60}},
	})
	if got := send(t, http.MethodGet, urls.List[0].URL, nil); string(got) != "hello, bucket" {
		t.Errorf("downloaded %q", got)
	}
	var deleted struct {
		List []struct{ Code string } `json:"delete_list"`
	}
	do(&deleted, map[string]any{"action": "storage.batchDeleteFile", "fileid_list": []string{ticket.FileID}})
	if deleted.List[0].Code != "SUCCESS" {
		t.Errorf("delete: %s", deleted.List[0].Code)
	}
	do(&urls, map[string]any{
		"action": "storage.batchGetDownloadUrl", "file_list": []any{map[string]any{"fileid": ticket.FileID}},
	})
	if urls.List[0].Code != "STORAGE_FILE_NONEXIST" {
		t.Errorf("after deleting: %s", urls.List[0].Code)
	}
	p.stop()
}

func send(t *testing.T, method, url string, body []byte) []byte {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode >= 300 {
		t.Fatalf("%s: %s %s (%v)", method, res.Status, text, err)
	}
	return text
}
