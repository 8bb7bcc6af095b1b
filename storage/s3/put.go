package s3

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"time"

	"github.com/minio/minio-go/v7"

	"baas/storage"
	"baas/storage/internal/gate"
)

const (
	partSize  = 8 << 20  // bytes; a store takes parts of at least 5 MiB
	firstRead = 64 << 10 // bytes; what the buffer of an unknown size starts with
	maxParts  = 10_000   // a store's limit, so an object has at most 80 GB
)

var octets = minio.PutObjectOptions{ContentType: "application/octet-stream", DisableContentSha256: true}

// Put implements storage.Driver.
func (d *Driver) Put(ctx context.Context, key string, r io.Reader, size int64) (storage.Info, error) {
	if !storage.ValidKey(key) {
		return storage.Info{}, failed(ctx, "put", key, storage.ErrKey)
	}
	ctx, leave, err := d.gate.Enter(ctx)
	if err != nil {
		return storage.Info{}, failed(ctx, "put", key, err)
	}
	defer leave()

	parts := &partReader{r: gate.Reader(ctx, storage.Exactly(r, size)), expect: size}
	first, err := parts.next()
	if err != nil {
		return storage.Info{}, failed(ctx, "put", key, err)
	}
	var stored int64
	if parts.ended {
		stored, err = d.putWhole(ctx, key, first)
	} else {
		stored, err = d.putParts(ctx, key, first, parts)
	}
	if err != nil {
		return storage.Info{}, failed(ctx, "put", key, err)
	}
	return storage.Info{Key: key, Size: stored, Modified: time.Now()}, nil
}

// putWhole stores an object in one request.
func (d *Driver) putWhole(ctx context.Context, key string, data []byte) (int64, error) {
	_, err := d.core.PutObject(ctx, d.bucket, d.prefix+key, bytes.NewReader(data), int64(len(data)), "", digest(data), octets)
	if err != nil {
		d.cleanUp(ctx, key, "")
		return 0, err
	}
	return int64(len(data)), nil
}

// putParts stores an object in several requests; the last makes it visible.
func (d *Driver) putParts(ctx context.Context, key string, part []byte, parts *partReader) (stored int64, err error) {
	name := d.prefix + key
	id, err := d.core.NewMultipartUpload(ctx, d.bucket, name, octets)
	if err != nil {
		return 0, err
	}
	defer func() {
		if err != nil {
			d.cleanUp(ctx, key, id)
		}
	}()
	var sent []minio.CompletePart
	for len(part) > 0 {
		if len(sent) == maxParts {
			return 0, fmt.Errorf("%w: more than %d bytes, the most that the store takes", storage.ErrSize, int64(maxParts)*partSize)
		}
		done, err := d.core.PutObjectPart(ctx, d.bucket, name, id, len(sent)+1, bytes.NewReader(part), int64(len(part)),
			minio.PutObjectPartOptions{Sha256Hex: digest(part), DisableContentSha256: true})
		if err != nil {
			return 0, err
		}
		stored += done.Size
		sent = append(sent, minio.CompletePart{PartNumber: done.PartNumber, ETag: done.ETag})
		if part, err = parts.next(); err != nil {
			return 0, err
		}
	}
	_, err = d.core.CompleteMultipartUpload(ctx, d.bucket, name, id, sent, octets)
	return stored, err
}

// cleanUp removes what a failed Put may have left, also after ctx has ended.
// It is an attempt: what it cannot do, Tidy and the Service's sweeper do later.
func (d *Driver) cleanUp(ctx context.Context, key, uploadID string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanUpTimeout)
	defer cancel()
	if uploadID != "" {
		_ = d.core.AbortMultipartUpload(ctx, d.bucket, d.prefix+key, uploadID)
	}
	_ = d.core.RemoveObject(ctx, d.bucket, d.prefix+key, minio.RemoveObjectOptions{})
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// partReader cuts a stream into parts.
type partReader struct {
	r      io.Reader
	expect int64 // bytes still to come, or -1
	buf    []byte
	ended  bool // the stream has ended
}

// next returns the next part: partSize bytes, or fewer at the end of the
// stream, or none after it. It is valid until the next call.
func (p *partReader) next() ([]byte, error) {
	n := 0
	for !p.ended && n < partSize {
		if n == len(p.buf) {
			p.grow(n)
		}
		m, err := p.r.Read(p.buf[n:])
		n += m
		if err == io.EOF {
			p.ended = true
		} else if err != nil {
			return nil, err
		}
	}
	if p.expect >= 0 {
		p.expect -= int64(n)
	}
	return p.buf[:n], nil
}

// grow makes the buffer, which holds n bytes, larger: to the size that is
// known, with one byte more to see the end in the same round, or to the double.
func (p *partReader) grow(n int) {
	size := max(firstRead, 2*n)
	if p.expect >= 0 {
		size = max(int(min(p.expect+1, partSize)), n+1)
	}
	larger := make([]byte, min(size, partSize))
	copy(larger, p.buf[:n])
	p.buf = larger
}
