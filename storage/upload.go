package storage

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"os"
	"time"

	"baas/db/fault"
	"baas/db/rules"
)

// Ticket is the right to upload one file (tcb-wire-protocol.md 8.1). The URLs
// are relative to the server's public base URL. Token, Authorization and
// CosFileID are what SDKs want to send along; nobody reads them here.
type Ticket struct {
	UploadURL     string // PUT, or POST of a form; printable ASCII
	DownloadURL   string // reads the file once it is there
	FileID        string
	Token         string // printable ASCII, as the next two
	Authorization string
	CosFileID     string
}

// Ticket gives p the right to store a file at path, for a while. An existing
// file is overwritten by the upload if p may do that.
//
// Codes: InvalidParam for the path, StorageDenied.
func (s *Service) Ticket(ctx context.Context, p rules.Principal, path string) (Ticket, error) {
	if err := CheckPath(path); err != nil {
		return Ticket{}, err
	}
	if _, err := s.mayStore(ctx, p, path); err != nil {
		return Ticket{}, err
	}
	upload, signature := s.signUpload(p, path)
	return Ticket{
		UploadURL:     upload,
		DownloadURL:   s.signDownload(path, s.limits.URLAge),
		FileID:        s.fileID(path),
		Token:         signature,
		Authorization: signature,
		CosFileID:     rowID(path),
	}, nil
}

// Receive stores the bytes of an upload. size is their number, or -1 when the
// sender did not say; declared is the content type it did say, or empty. The
// file is there when Receive has returned nil, and nothing has changed when it
// has returned an error, unless the context ended first: then the outcome is
// not known.
//
// Codes: StorageDenied when p's right has ended since the ticket,
// RequestTooLarge, InvalidParam when the bytes are not as many as announced,
// StorageFailed when they could not be read or stored.
func (s *Service) Receive(ctx context.Context, u SignedUpload, r io.Reader, size int64, declared string) (File, error) {
	p := rules.Principal{Role: rules.User, UID: u.owner}
	if u.admin {
		p.Role = rules.Admin
	}
	return s.store(ctx, p, u.path, body{r, size, declared}, u.limit)
}

// Write stores a file in one step, for callers inside the server. Parameters
// and codes are those of Ticket and Receive.
func (s *Service) Write(ctx context.Context, p rules.Principal, path string, r io.Reader, size int64, declared string) (File, error) {
	if err := CheckPath(path); err != nil {
		return File{}, err
	}
	return s.store(ctx, p, path, body{r, size, declared}, s.limits.UploadBytes)
}

// body is what is to be stored.
type body struct {
	r        io.Reader
	size     int64 // or -1
	declared string
}

// store runs the upload flow: bytes under a fresh key, then the row that
// points at them. A crash in between leaves an object without a row, which the
// sweeper removes, never a row without its object.
func (s *Service) store(ctx context.Context, p rules.Principal, path string, b body, limit int64) (File, error) {
	if _, err := s.mayStore(ctx, p, path); err != nil {
		return File{}, err
	}
	if b.size > limit {
		return File{}, tooLarge(limit)
	}
	m := &meter{r: b.r, hash: sha256.New(), limit: limit}
	key := s.newKey(path)
	info, err := s.driver.Put(ctx, key, m, b.size)
	if err != nil {
		return File{}, m.explain(err)
	}
	f := File{
		Path:        path,
		FileID:      s.fileID(path),
		Size:        info.Size,
		ContentType: contentType(m.head, b.declared, path),
		SHA256:      hex.EncodeToString(m.hash.Sum(nil)),
		Updated:     s.now().Truncate(time.Millisecond),
		key:         key,
	}
	stored, err := s.point(ctx, p, f)
	if fault.Is(err, fault.StorageDenied) {
		_ = s.driver.Delete(ctx, key) // surely not referenced; the sweeper would find it as well
	}
	return stored, err
}

// mayStore reports whether p may store at path, and the file that is there.
func (s *Service) mayStore(ctx context.Context, p rules.Principal, path string) (old File, err error) {
	old, exists, err := s.rows.get(ctx, path)
	if err != nil {
		return File{}, err
	}
	op := rules.Create
	if exists {
		op = rules.Update
	}
	return old, s.authorize(ctx, p, op, old.Owner)
}

// point makes the row of a file point at its new object. It starts again when
// another writer has been faster, and so asks for the right once more.
func (s *Service) point(ctx context.Context, p rules.Principal, f File) (File, error) {
	for {
		old, err := s.mayStore(ctx, p, f.Path)
		if err != nil {
			return File{}, err
		}
		var ok bool
		if old.key == "" {
			f.Owner, f.Created = ownerOf(p), f.Updated
			ok, err = s.rows.insert(ctx, f)
		} else {
			f.Owner, f.Created = old.Owner, old.Created
			ok, err = s.rows.replace(ctx, f, old.key)
		}
		if err != nil {
			return File{}, err
		}
		if ok {
			return f, nil
		}
	}
}

// ownerOf returns whose file it is that p makes: a user's, or nobody's.
func ownerOf(p rules.Principal) string {
	if p.ByPassesRules() {
		return ""
	}
	return p.Owner()
}

// meter counts and hashes what passes, keeps the first bytes, and stops at the
// limit.
type meter struct {
	r     io.Reader
	hash  hash.Hash
	limit int64
	count int64
	head  []byte
	err   error // what the sender's side ended with, other than io.EOF
}

func (m *meter) Read(p []byte) (int, error) {
	n, err := m.r.Read(p)
	m.count += int64(n)
	if m.count > m.limit {
		n, err = 0, tooLarge(m.limit)
	}
	if missing := sniffLen - len(m.head); missing > 0 {
		m.head = append(m.head, p[:min(n, missing)]...)
	}
	m.hash.Write(p[:n])
	if err != nil && !errors.Is(err, io.EOF) {
		m.err = err
	}
	return n, err
}

// explain turns a failed Put into what the caller is told: a fault of the
// sender's side, or one of ours. A connection that breaks ends the request's
// context as well, so the sender's side is looked at first.
func (m *meter) explain(err error) error {
	ended := func(err error) bool {
		return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
	}
	if coded, ok := errors.AsType[*fault.Error](m.err); ok {
		return coded
	}
	switch {
	case errors.Is(err, ErrSize):
		return fault.Wrap(fault.InvalidParam, err, "file: its size is not the one that the request announced")
	case errors.Is(m.err, os.ErrDeadlineExceeded):
		return fault.Wrap(fault.StorageFailed, m.err, "file: the upload was too slow and has been cut off")
	case m.err != nil && !ended(m.err):
		return fault.Wrap(fault.StorageFailed, m.err, "file: the upload ended before its end; send it again")
	case ended(err):
		return err
	default:
		return fault.Wrap(fault.StorageFailed, err, "the file could not be stored; try again")
	}
}

func tooLarge(limit int64) error {
	return fault.New(fault.RequestTooLarge, "file: larger than the limit of %d bytes", limit)
}
