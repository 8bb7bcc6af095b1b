package storage_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"baas/db/fault"
	"baas/storage"
)

func TestUploadByTicket(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ticket, err := w.Ticket(t.Context(), bob, "dir/文.txt")
	if err != nil {
		t.Fatal(err)
	}
	if ticket.FileID != "cloud://dev.6465-dev/dir/文.txt" {
		t.Errorf("FileID = %q", ticket.FileID)
	}
	for what, value := range map[string]string{"Token": ticket.Token, "Authorization": ticket.Authorization, "CosFileID": ticket.CosFileID} {
		if value == "" || strings.ContainsFunc(value, func(r rune) bool { return r <= ' ' || r > '~' }) {
			t.Errorf("%s = %q: must be printable ASCII, it travels in a header", what, value)
		}
	}
	upload, err := w.ParseUpload(parse(t, ticket.UploadURL))
	if err != nil {
		t.Fatal(err)
	}
	got, err := w.Receive(t.Context(), upload, strings.NewReader("hello"), 5, "text/markdown")
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte("hello"))
	now := w.clock.Now()
	if got.Path != "dir/文.txt" || got.FileID != ticket.FileID || got.Size != 5 || got.ContentType != "text/markdown" ||
		got.SHA256 != hex.EncodeToString(sum[:]) || got.Owner != "openid_B-ob" || !got.Created.Equal(now) || !got.Updated.Equal(now) {
		t.Errorf("Receive = %+v", got)
	}
	stored, err := w.Stat(t.Context(), bob, ticket.FileID)
	if err != nil || stored.Path != got.Path || stored.FileID != got.FileID || stored.SHA256 != got.SHA256 || stored.Owner != got.Owner ||
		!stored.Created.Equal(got.Created) || stored.ContentType != got.ContentType || stored.Size != got.Size {
		t.Errorf("Stat = %+v, %v; want %+v", stored, err, got)
	}
	download, err := w.ParseDownload(parse(t, ticket.DownloadURL))
	if err != nil {
		t.Fatal(err)
	}
	r, _, err := w.OpenSigned(t.Context(), download, 1, 3)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	if b, err := io.ReadAll(r); string(b) != "ell" || err != nil {
		t.Errorf("OpenSigned(1, 3) gives %q, %v", b, err)
	}
}

func TestOverwriteKeepsTheCreator(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.write(t, alice, "a", "one")
	w.clock.Advance(time.Minute)
	second := w.write(t, admin, "a", "two")
	if second.FileID != first.FileID || second.Owner != "alice" || !second.Created.Equal(first.Created) || !second.Updated.After(first.Updated) {
		t.Errorf("after the overwrite %+v, before %+v", second, first)
	}
	if got := w.content(t, "a"); got != "two" {
		t.Errorf("content %q", got)
	}
	if got := w.write(t, alice.AsFunction(), "by-function", "x").Owner; got != "" {
		t.Errorf("a function's file belongs to %q, want nobody", got)
	}
}

func TestReceiveRefuses(t *testing.T) {
	t.Parallel()
	cut := errors.New("connection reset")
	for _, tc := range []struct {
		name string
		r    io.Reader
		size int64
		code fault.Code
		says string
	}{
		{"larger than the limit, announced", strings.NewReader("0123456789a"), 11, fault.RequestTooLarge, "limit of 10 bytes"},
		{"larger than the limit, not announced", strings.NewReader("0123456789a"), -1, fault.RequestTooLarge, "limit of 10 bytes"},
		{"announced as smaller than it is", strings.NewReader("0123456789a"), 5, fault.InvalidParam, "announced"},
		{"announced as larger than it is", strings.NewReader("01234"), 6, fault.InvalidParam, "announced"},
		{"cut off", io.MultiReader(strings.NewReader("01"), iotest.ErrReader(cut)), 6, fault.StorageFailed, "ended before"},
		{"cut off, size not announced", iotest.ErrReader(io.ErrUnexpectedEOF), -1, fault.StorageFailed, "ended before"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(o *storage.Options) { o.Limits.UploadBytes = 10 })
			w.write(t, alice, "a", "old")
			ticket, err := w.Ticket(t.Context(), alice, "a")
			if err != nil {
				t.Fatal(err)
			}
			upload, err := w.ParseUpload(parse(t, ticket.UploadURL))
			if err != nil {
				t.Fatal(err)
			}
			_, err = w.Receive(t.Context(), upload, tc.r, tc.size, "")
			if !fault.Is(err, tc.code) || !strings.Contains(fault.Text(err), tc.says) {
				t.Errorf("Receive: %v, want %s with %q", err, tc.code, tc.says)
			}
			if got := w.content(t, "a"); got != "old" {
				t.Errorf("the file holds %q, want what it held", got)
			}
			if got := w.objects(t); got != 1 {
				t.Errorf("%d objects, want only the old one", got)
			}
		})
	}
}

func TestLimitIsInclusive(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *storage.Options) { o.Limits.UploadBytes = 10 })
	for _, size := range []int64{10, -1} {
		if _, err := w.Write(t.Context(), alice, "a", strings.NewReader("0123456789"), size, ""); err != nil {
			t.Errorf("10 bytes with a limit of 10, announced as %d: %v", size, err)
		}
	}
}

func TestWriteChecksThePath(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, c := range readCloudPaths(t).Bad {
		if _, err := w.Write(t.Context(), admin, c.Path, strings.NewReader("x"), 1, ""); !fault.Is(err, fault.InvalidParam) {
			t.Errorf("Write(%q): %v, want InvalidParam", c.Path, err)
		}
		if _, err := w.Ticket(t.Context(), admin, c.Path); !fault.Is(err, fault.InvalidParam) {
			t.Errorf("Ticket(%q): %v, want InvalidParam", c.Path, err)
		}
	}
	if got := w.objects(t); got != 0 {
		t.Errorf("%d objects were stored", got)
	}
}

// A crash between the bytes and the row leaves an object that nobody refers
// to, and the row as it was.
func TestInterruptedUploadLeavesAnOrphanNotARow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write(t, alice, "old", "old")
	for _, path := range []string{"old", "new"} {
		ctx, cancel := context.WithCancel(t.Context())
		w.driver.afterPut = cancel
		_, err := w.Write(ctx, alice, path, strings.NewReader("interrupted"), -1, "")
		w.driver.afterPut = nil
		if !errors.Is(err, context.Canceled) {
			t.Errorf("Write(%q): %v, want context.Canceled", path, err)
		}
	}
	if got := w.content(t, "old"); got != "old" {
		t.Errorf("the old file holds %q", got)
	}
	if _, err := w.Stat(t.Context(), admin, id("new")); !fault.Is(err, fault.FileNotExist) {
		t.Errorf("Stat of the new file: %v, want FileNotExist", err)
	}
	if got := w.objects(t); got != 3 {
		t.Errorf("%d objects, want the file's and two orphans", got)
	}
}

// The right is asked again when the bytes are there.
func TestRightsThatEndDuringAnUpload(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.driver.afterPut = func() {
		w.driver.afterPut = nil
		w.write(t, bob, "wanted", "bob was faster")
	}
	_, err := w.Write(t.Context(), alice, "wanted", strings.NewReader("alice"), -1, "")
	if !fault.Is(err, fault.StorageDenied) {
		t.Errorf("Write: %v, want StorageDenied", err)
	}
	if got := w.content(t, "wanted"); got != "bob was faster" {
		t.Errorf("content %q", got)
	}
	if got := w.objects(t); got != 1 {
		t.Errorf("%d objects, want only bob's", got)
	}
}

func TestConcurrentWritesOfOnePath(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			text := strings.Repeat(fmt.Sprintf("%02d", i), 1000)
			if _, err := w.Write(t.Context(), alice, "same", strings.NewReader(text), -1, ""); err != nil {
				t.Errorf("writer %d: %v", i, err)
			}
		})
	}
	wg.Wait()
	got := w.content(t, "same")
	if len(got) != 2000 || got != strings.Repeat(got[:2], 1000) {
		t.Errorf("the content is a mixture")
	}
	f, err := w.Stat(t.Context(), admin, id("same"))
	sum := sha256.Sum256([]byte(got))
	if err != nil || f.SHA256 != hex.EncodeToString(sum[:]) {
		t.Errorf("the row describes another content: %+v, %v", f, err)
	}
}

func TestReadWhileOverwritten(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write(t, alice, "a", "old content")
	w.driver.beforeOpen = func(key string) {
		w.driver.beforeOpen = nil // once: the row has been read, the object goes
		w.write(t, alice, "a", "new")
		if err := w.driver.Delete(t.Context(), key); err != nil {
			t.Error(err)
		}
	}
	r, f, err := w.Read(t.Context(), alice, id("a"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	if b, err := io.ReadAll(r); string(b) != "new" || f.Size != 3 || err != nil {
		t.Errorf("Read gives %q, %+v, %v; want the new content", b, f, err)
	}
}

func TestDamageIsTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write(t, alice, "a", "content")
	w.driver.beforeOpen = func(key string) {
		if err := w.driver.Delete(t.Context(), key); err != nil {
			t.Error(err)
		}
	}
	if _, _, err := w.Read(t.Context(), alice, id("a")); !fault.Is(err, fault.StorageFailed) {
		t.Errorf("Read of a file whose object is gone: %v, want StorageFailed", err)
	}
	w.driver.beforeOpen = func(key string) {
		if _, err := w.driver.Put(t.Context(), key, strings.NewReader("cont"), 4); err != nil {
			t.Error(err)
		}
	}
	if _, _, err := w.Read(t.Context(), alice, id("a")); !fault.Is(err, fault.StorageFailed) || !strings.Contains(fault.Text(err), "4 bytes instead of 7") {
		t.Errorf("Read of a file whose object was cut: %v, want StorageFailed", err)
	}
}

func TestContentTypes(t *testing.T) {
	t.Parallel()
	png := "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
	zip := "PK\x03\x04\x14\x00"
	bytesOnly := "\x00\x01\x02\x03\xff"
	docx := "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
	for _, tc := range []struct{ name, content, declared, path, want string }{
		{"picture", png, "image/png", "a.png", "image/png"},
		{"picture without a declaration", png, "", "a", "image/png"},
		{"picture declared as something else", png, "text/html", "a.html", "image/png"},
		{"page declared as a picture", "<!DOCTYPE html><script>", "image/png", "a.png", "text/html; charset=utf-8"},
		{"page with white space before it", "\n\t <html>", "image/png", "a.png", "text/html; charset=utf-8"},
		{"page declared as text", "<script>alert(1)</script>", "text/plain", "a.txt", "text/html; charset=utf-8"},
		{"text declared as a picture", "GIF", "image/gif", "a.gif", "text/plain; charset=utf-8"},
		{"script declared as a film", "alert(1)", "video/mp4", "a.mp4", "text/plain; charset=utf-8"},
		{"svg keeps its declaration, which is not shown", "<svg xmlns='http://www.w3.org/2000/svg'>", "image/svg+xml", "a.svg", "image/svg+xml"},
		{"svg by its name", "<svg onload=alert(1)>", "", "a.svg", "image/svg+xml"},
		{"xml", "<?xml version='1.0'?><svg/>", "image/svg+xml", "a.svg", "text/xml; charset=utf-8"},
		{"text", "hello", "", "a", "text/plain; charset=utf-8"},
		{"text by its name", "a,b", "", "a.csv", "text/csv; charset=utf-8"},
		{"name in capitals", "{}", "", "A.JSON", "application/json"},
		{"trailing dot", "hello", "", "a.json.", "text/plain; charset=utf-8"},
		{"declaration before name", "{}", "application/geo+json", "a.json", "application/geo+json"},
		{"charset is kept, other parameters are not", "x", "text/plain; charset=GBK; x=y", "a", "text/plain; charset=GBK"},
		{"malformed declaration", "x", "text/plain\r\nX: y", "a", "text/plain; charset=utf-8"},
		{"malformed declaration and a name", "x", "nonsense", "a.csv", "text/csv; charset=utf-8"},
		{"wildcard", "x", "*/*", "a", "text/plain; charset=utf-8"},
		{"too long", "x", "text/" + strings.Repeat("x", 300), "a", "text/plain; charset=utf-8"},
		{"form's default", "x", "application/octet-stream", "a.csv", "text/csv; charset=utf-8"},
		{"form's own type", "x", "multipart/form-data; boundary=x", "a", "text/plain; charset=utf-8"},
		{"office document", zip, docx, "a.docx", docx},
		{"office document by its name", zip, "", "a.docx", docx},
		{"archive declared as a picture", zip, "image/png", "a.png", "application/zip"},
		{"archive declared as a page", zip, "text/html", "a.html", "application/zip"},
		{"bytes", bytesOnly, "", "a", "application/octet-stream"},
		{"bytes declared as a page", bytesOnly, "text/html", "a.html", "application/octet-stream"},
		{"picture that sniffing does not know", bytesOnly, "image/avif", "a.avif", "image/avif"},
		{"sound by its name", bytesOnly, "", "a.mp3", "audio/mpeg"},
		{"ogg film", "OggS\x00", "video/ogg", "a.ogv", "video/ogg"},
		{"ogg declared as a page", "OggS\x00", "text/html", "a", "application/ogg"},
		{"empty", "", "image/png", "a.png", "text/plain; charset=utf-8"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			// In small pieces, so that the type is not decided by the first alone.
			r := iotest.OneByteReader(bytes.NewReader([]byte(tc.content)))
			f, err := w.Write(t.Context(), alice, tc.path, r, -1, tc.declared)
			if err != nil {
				t.Fatal(err)
			}
			if f.ContentType != tc.want {
				t.Errorf("type %q, want %q", f.ContentType, tc.want)
			}
		})
	}
}
