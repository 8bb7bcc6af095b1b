// Package s3 is a storage.Driver over a bucket of an S3-compatible store.
//
// An object of at most partSize bytes is one PUT, a larger one a multipart
// upload that is completed at the end; both become visible whole. The bytes of
// a part are collected before they are sent, in a buffer that grows with them:
// so an unknown size needs no temporary file, a failed request can be repeated,
// and a slow sender holds no more memory than what it has sent.
//
// Dangers: a request whose answer is lost may have been carried out. After a
// failed Put the driver therefore removes the object, and what even that leaves
// is for the Service's sweeper and for Tidy.
package s3

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"baas/storage"
	"baas/storage/internal/gate"
)

const (
	attempts       = 4                // of one request
	openTimeout    = 15 * time.Second // for the first look at the bucket
	cleanUpTimeout = 10 * time.Second // for removing what a failed Put left
)

// Driver keeps objects below one prefix of a bucket.
type Driver struct {
	core      *minio.Core
	transport *http.Transport
	bucket    string
	prefix    string
	gate      gate.Gate
}

var _ storage.Driver = (*Driver)(nil)

// Open returns a driver after it has seen that the bucket is there and the
// credentials are good.
func Open(ctx context.Context, c Config) (*Driver, error) {
	transport, err := minio.DefaultTransport(c.Secure)
	if err != nil {
		return nil, fmt.Errorf("s3: %w", err)
	}
	core, err := minio.NewCore(c.Endpoint, &minio.Options{
		Creds:      credentials.NewStaticV4(c.AccessKey, string(c.SecretKey), ""),
		Secure:     c.Secure,
		Region:     c.Region,
		Transport:  transport,
		MaxRetries: attempts,
	})
	if err != nil {
		return nil, fmt.Errorf("s3: %s: %w", c.Endpoint, err)
	}
	ctx, cancel := context.WithTimeout(ctx, openTimeout)
	defer cancel()
	exists, err := core.BucketExists(ctx, c.Bucket)
	if err != nil {
		return nil, fmt.Errorf("s3: bucket %s at %s: %w", c.Bucket, c.Endpoint, plain(err))
	}
	if !exists {
		return nil, fmt.Errorf("s3: there is no bucket %s at %s: create it, or correct the name", c.Bucket, c.Endpoint)
	}
	return &Driver{core: core, transport: transport, bucket: c.Bucket, prefix: c.Prefix}, nil
}

// Close implements storage.Driver.
func (d *Driver) Close() error {
	d.gate.Close()
	d.transport.CloseIdleConnections()
	return nil
}

// Open implements storage.Driver.
func (d *Driver) Open(ctx context.Context, key string, offset, length int64) (io.ReadCloser, storage.Info, error) {
	if !storage.ValidKey(key) {
		return nil, storage.Info{}, failed(ctx, "open", key, storage.ErrKey)
	}
	ctx, end, err := d.gate.Follow(ctx)
	if err != nil {
		return nil, storage.Info{}, failed(ctx, "open", key, err)
	}
	body, info, err := d.get(ctx, key, offset, length)
	if err != nil {
		err = failed(ctx, "open", key, err)
		end()
		return nil, storage.Info{}, err
	}
	return &objectReader{gate.Reader(ctx, body), body, end}, info, nil
}

// get asks for a range. A store refuses one that holds no byte of the object,
// so such a one is answered by a look at the object alone.
func (d *Driver) get(ctx context.Context, key string, offset, length int64) (io.ReadCloser, storage.Info, error) {
	if length == 0 {
		info, err := d.stat(ctx, key)
		return http.NoBody, info, err
	}
	options := minio.GetObjectOptions{}
	switch {
	case length > 0:
		options.Set("Range", "bytes="+strconv.FormatInt(offset, 10)+"-"+strconv.FormatInt(offset+length-1, 10))
	case offset > 0:
		options.Set("Range", "bytes="+strconv.FormatInt(offset, 10)+"-")
	}
	body, object, header, err := d.core.GetObject(ctx, d.bucket, d.prefix+key, options)
	if minio.ToErrorResponse(err).StatusCode == http.StatusRequestedRangeNotSatisfiable {
		info, err := d.stat(ctx, key)
		return http.NoBody, info, err
	}
	if err != nil {
		return nil, storage.Info{}, err
	}
	info := storage.Info{Key: key, Size: object.Size, Modified: object.LastModified}
	if r := header.Get("Content-Range"); r != "" {
		_, total, _ := strings.Cut(r, "/")
		if info.Size, err = strconv.ParseInt(total, 10, 64); err != nil {
			_ = body.Close()
			return nil, storage.Info{}, fmt.Errorf("the store answered with the range %q", r)
		}
	}
	return body, info, nil
}

// objectReader reads a range off the network.
type objectReader struct {
	io.Reader
	body io.Closer
	end  func()
}

func (o *objectReader) Close() error {
	o.end()
	return o.body.Close()
}

// Stat implements storage.Driver.
func (d *Driver) Stat(ctx context.Context, key string) (storage.Info, error) {
	if !storage.ValidKey(key) {
		return storage.Info{}, failed(ctx, "stat", key, storage.ErrKey)
	}
	ctx, leave, err := d.gate.Enter(ctx)
	if err != nil {
		return storage.Info{}, failed(ctx, "stat", key, err)
	}
	defer leave()
	info, err := d.stat(ctx, key)
	if err != nil {
		return storage.Info{}, failed(ctx, "stat", key, err)
	}
	return info, nil
}

func (d *Driver) stat(ctx context.Context, key string) (storage.Info, error) {
	object, err := d.core.StatObject(ctx, d.bucket, d.prefix+key, minio.StatObjectOptions{})
	return storage.Info{Key: key, Size: object.Size, Modified: object.LastModified}, err
}

// Delete implements storage.Driver.
func (d *Driver) Delete(ctx context.Context, key string) error {
	if !storage.ValidKey(key) {
		return failed(ctx, "delete", key, storage.ErrKey)
	}
	ctx, leave, err := d.gate.Enter(ctx)
	if err != nil {
		return failed(ctx, "delete", key, err)
	}
	defer leave()
	err = d.core.RemoveObject(ctx, d.bucket, d.prefix+key, minio.RemoveObjectOptions{})
	if err != nil && !missing(err) {
		return failed(ctx, "delete", key, err)
	}
	return nil
}

// List implements storage.Driver.
func (d *Driver) List(ctx context.Context, prefix, after string, limit int) ([]storage.Info, error) {
	ctx, leave, err := d.gate.Enter(ctx)
	if err != nil {
		return nil, failed(ctx, "list", prefix, err)
	}
	defer leave() // which also stops an iteration that was left early
	options := minio.ListObjectsOptions{Prefix: d.prefix + prefix, Recursive: true, MaxKeys: min(limit, 1000)}
	if after != "" {
		options.StartAfter = d.prefix + after
	}
	var found []storage.Info
	for object := range d.core.ListObjectsIter(ctx, d.bucket, options) {
		if object.Err != nil {
			return nil, failed(ctx, "list", prefix, object.Err)
		}
		key := strings.TrimPrefix(object.Key, d.prefix)
		found = append(found, storage.Info{Key: key, Size: object.Size, Modified: object.LastModified})
		if len(found) == limit {
			break
		}
	}
	return found, nil
}

// Tidy implements storage.Driver. It asks for the unfinished uploads of the
// whole bucket: MinIO lists them either so or by an exact key.
func (d *Driver) Tidy(ctx context.Context, before time.Time) error {
	ctx, leave, err := d.gate.Enter(ctx)
	if err != nil {
		return failed(ctx, "tidy", "", err)
	}
	defer leave()
	keyMarker, idMarker := "", ""
	for {
		page, err := d.core.ListMultipartUploads(ctx, d.bucket, "", keyMarker, idMarker, "", 1000)
		if err != nil {
			return failed(ctx, "tidy", "", err)
		}
		for _, upload := range page.Uploads {
			key, ours := strings.CutPrefix(upload.Key, d.prefix)
			if !ours || !upload.Initiated.Before(before) {
				continue
			}
			err := d.core.AbortMultipartUpload(ctx, d.bucket, upload.Key, upload.UploadID)
			if err != nil && minio.ToErrorResponse(err).Code != minio.NoSuchUpload {
				return failed(ctx, "tidy", key, err)
			}
		}
		if !page.IsTruncated {
			return nil
		}
		keyMarker, idMarker = page.NextKeyMarker, page.NextUploadIDMarker
	}
}

// missing reports whether err says that there is no such object.
func missing(err error) bool {
	answer := minio.ToErrorResponse(err)
	return answer.Code == minio.NoSuchKey || answer.Code == "NotFound"
}

// failed wraps an error with the key it is about. When ctx has ended that is
// the reason, whatever the network said.
func failed(ctx context.Context, what, key string, err error) error {
	switch {
	case errors.Is(err, storage.ErrClosed) || errors.Is(err, storage.ErrKey):
	case ctx.Err() != nil:
		err = context.Cause(ctx)
	case missing(err):
		err = storage.ErrNotExist
	}
	return fmt.Errorf("s3: %s %s: %w", what, key, plain(err))
}

// plain takes the URL of the request out of a network error.
func plain(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		return u.Err
	}
	return err
}
