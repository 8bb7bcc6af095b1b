package storage

import (
	"context"
	"time"

	"baas/db/fault"
	"baas/db/rules"
)

// TempURLRequest asks for the URL of one file. MaxAge is how long it is to
// work; 0 leaves that to the server, more than the limit is cut to it.
type TempURLRequest struct {
	FileID string
	MaxAge time.Duration
}

// TempURL is the answer for one file, with Code fault.OK, or why there is
// none.
type TempURL struct {
	FileID string // as asked
	URL    string // relative; may hold letters of any script: see encodeURI in sign.go
	MaxAge time.Duration
	Code   fault.Code // FileNotExist, StorageDenied, InvalidParam
}

// TempURLs returns a URL for each file, in the order of the requests; whoever
// has it may read the file until it expires. One item's failure is in its
// Code. Code of the error: InvalidParam for none or more than MaxItems.
func (s *Service) TempURLs(ctx context.Context, p rules.Principal, requests []TempURLRequest) ([]TempURL, error) {
	if err := checkCount("fileList", len(requests)); err != nil {
		return nil, err
	}
	urls := make([]TempURL, 0, len(requests))
	for _, r := range requests {
		f, err := s.readable(ctx, p, r.FileID)
		item := TempURL{FileID: r.FileID}
		switch item.Code = fault.CodeOf(err); {
		case isInternal(item.Code):
			return nil, err
		case err == nil:
			item.MaxAge = s.age(r.MaxAge)
			item.URL = s.signDownload(f.Path, item.MaxAge)
		}
		urls = append(urls, item)
	}
	return urls, nil
}

// age bounds the life of a temporary URL. It has a resolution of seconds.
func (s *Service) age(asked time.Duration) time.Duration {
	if asked <= 0 {
		asked = s.limits.URLAge
	}
	return max(min(asked, s.limits.MaxURLAge).Truncate(time.Second), time.Second)
}

// ItemResult says what became of one file of a list; Code is fault.OK on
// success.
type ItemResult struct {
	FileID string     // as asked
	Code   fault.Code // FileNotExist, StorageDenied, InvalidParam
}

// Delete deletes files, each by itself, in the order of the ids. The bytes are
// removed from the store by the sweeper. One item's failure is in its Code.
// Code of the error: InvalidParam for none or more than MaxItems.
func (s *Service) Delete(ctx context.Context, p rules.Principal, ids []string) ([]ItemResult, error) {
	if err := checkCount("fileList", len(ids)); err != nil {
		return nil, err
	}
	results := make([]ItemResult, 0, len(ids))
	for _, id := range ids {
		err := s.deleteOne(ctx, p, id)
		code := fault.CodeOf(err)
		if isInternal(code) {
			return nil, err
		}
		results = append(results, ItemResult{id, code})
	}
	return results, nil
}

func (s *Service) deleteOne(ctx context.Context, p rules.Principal, id string) error {
	for {
		f, err := s.lookUp(ctx, id)
		if err != nil {
			return err
		}
		if err := s.authorize(ctx, p, rules.Delete, f.Owner); err != nil {
			return err
		}
		// Not ok: overwritten or deleted in between, so look again.
		if ok, err := s.rows.remove(ctx, f.Path, f.key); ok || err != nil {
			return err
		}
	}
}

func checkCount(field string, n int) error {
	if n < 1 || n > MaxItems {
		return fault.Invalid(field, "has %d entries; it must have 1 to %d", n, MaxItems)
	}
	return nil
}

// isInternal tells a failure of the server from an answer about one file.
func isInternal(c fault.Code) bool {
	switch c {
	case fault.OK, fault.FileNotExist, fault.StorageDenied, fault.InvalidParam:
		return false
	}
	return true
}
