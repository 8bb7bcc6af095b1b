package storage

import (
	"context"
	"errors"
	"io"

	"baas/db/fault"
	"baas/db/rules"
)

// Stat returns the description of a file that p may read. Codes: InvalidParam
// for the id, FileNotExist, StorageDenied.
func (s *Service) Stat(ctx context.Context, p rules.Principal, fileID string) (File, error) {
	return s.readable(ctx, p, fileID)
}

// Read opens a file that p may read. The caller closes the reader; ctx governs
// it. Codes: those of Stat, and StorageFailed.
func (s *Service) Read(ctx context.Context, p rules.Principal, fileID string) (io.ReadCloser, File, error) {
	f, err := s.readable(ctx, p, fileID)
	if err != nil {
		return nil, File{}, err
	}
	return s.openNewest(ctx, f, 0, -1)
}

// StatSigned returns the description of the file that a download URL is for.
// Code: FileNotExist.
func (s *Service) StatSigned(ctx context.Context, d SignedDownload) (File, error) {
	return s.fileAt(ctx, d.path)
}

// OpenSigned opens a range of the file that a download URL is for; length -1
// means to the end. The caller closes the reader. Codes: FileNotExist,
// StorageFailed.
func (s *Service) OpenSigned(ctx context.Context, d SignedDownload, offset, length int64) (io.ReadCloser, File, error) {
	f, err := s.fileAt(ctx, d.path)
	if err != nil {
		return nil, File{}, err
	}
	return s.openNewest(ctx, f, offset, length)
}

// OpenFile opens a range of exactly the content that f describes, also after
// the file has been overwritten, until the sweeper has removed it. Codes:
// FileNotExist, StorageFailed.
func (s *Service) OpenFile(ctx context.Context, f File, offset, length int64) (io.ReadCloser, error) {
	r, info, err := s.driver.Open(ctx, f.key, offset, length)
	switch {
	case errors.Is(err, ErrNotExist):
		return nil, fault.Wrap(fault.FileNotExist, err, "the file has been replaced or deleted")
	case errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded):
		return nil, err
	case err != nil:
		return nil, fault.Wrap(fault.StorageFailed, err, "the file could not be read; try again")
	case info.Size != f.Size:
		_ = r.Close()
		return nil, fault.New(fault.StorageFailed, "the stored file is damaged: it has %d bytes instead of %d", info.Size, f.Size)
	}
	return r, nil
}

// List returns at most limit files whose path starts with prefix and is
// greater than after, in the order of the paths' bytes. Only admins may.
// Codes: StorageDenied, InvalidParam for the limit.
func (s *Service) List(ctx context.Context, p rules.Principal, prefix, after string, limit int) ([]File, error) {
	if !p.ByPassesRules() {
		return nil, fault.New(fault.StorageDenied, "Permission denied: only an admin may list files")
	}
	if limit < 1 || limit > maxList {
		return nil, fault.Invalid("limit", "must be 1 to %d", maxList)
	}
	files, err := s.rows.list(ctx, prefix, after, limit)
	for i := range files {
		files[i].FileID = s.fileID(files[i].Path)
	}
	return files, err
}

const maxList = 1000

// openNewest opens a file, and what has replaced it when that happened since
// its row was read.
func (s *Service) openNewest(ctx context.Context, f File, offset, length int64) (io.ReadCloser, File, error) {
	for {
		r, err := s.OpenFile(ctx, f, offset, length)
		if !fault.Is(err, fault.FileNotExist) {
			return r, f, err
		}
		newer, lookErr := s.fileAt(ctx, f.Path)
		if lookErr != nil {
			return nil, File{}, lookErr
		}
		if newer.key == f.key {
			return nil, File{}, fault.Wrap(fault.StorageFailed, err, "the content of the file is missing in the store")
		}
		f = newer
	}
}

// readable returns the file of an id if p may read it.
func (s *Service) readable(ctx context.Context, p rules.Principal, fileID string) (File, error) {
	f, err := s.lookUp(ctx, fileID)
	if err != nil {
		return File{}, err
	}
	return f, s.authorize(ctx, p, rules.Read, f.Owner)
}

// lookUp returns the file of an id.
func (s *Service) lookUp(ctx context.Context, fileID string) (File, error) {
	path, err := s.parseID(fileID)
	if err != nil {
		return File{}, err
	}
	return s.fileAt(ctx, path)
}

// fileAt returns the file at a path.
func (s *Service) fileAt(ctx context.Context, path string) (File, error) {
	f, ok, err := s.rows.get(ctx, path)
	if err != nil {
		return File{}, err
	}
	if !ok {
		return File{}, fault.New(fault.FileNotExist, "there is no file at %q", path)
	}
	f.FileID = s.fileID(path)
	return f, nil
}
