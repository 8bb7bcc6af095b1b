package files

import (
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"baas/db/fault"
	"baas/storage"
)

const (
	maxField  = 8 << 10 // bytes of one form field
	maxFields = 32
	maxForm   = 1 << 20 // bytes of a form beside its file
)

// put stores the body of a PUT. Success is 200 with an empty body.
func (d *door) put(c echo.Context, s *storage.Service) error {
	r := c.Request()
	upload, err := begin(r, s)
	if err != nil {
		return err
	}
	_, err = s.Receive(r.Context(), upload, r.Body, r.ContentLength, r.Header.Get(echo.HeaderContentType))
	if err != nil {
		return err
	}
	return c.NoContent(http.StatusOK)
}

// post stores the field "file" of a multipart form, which is the last that is
// looked at. Success is the status that the form asks for, else 204, with an
// empty body.
func (d *door) post(c echo.Context, s *storage.Service) error {
	r := c.Request()
	upload, err := begin(r, s)
	if err != nil {
		return err
	}
	if r.ContentLength > upload.Limit()+maxForm {
		return fault.New(fault.RequestTooLarge, "file: larger than the limit of %d bytes", upload.Limit())
	}
	r.Body = http.MaxBytesReader(c.Response(), r.Body, upload.Limit()+maxForm)
	form, err := r.MultipartReader()
	if err != nil {
		return fault.Invalid("body", "must be a multipart/form-data form with a boundary")
	}
	fields, file, err := readFields(form)
	if err != nil {
		return err
	}
	_, err = s.Receive(r.Context(), upload, file, -1, file.Header.Get(echo.HeaderContentType))
	if err != nil {
		return err
	}
	return c.NoContent(successStatus(fields["success_action_status"]))
}

// begin checks what can be checked before the body is read.
func begin(r *http.Request, s *storage.Service) (storage.SignedUpload, error) {
	upload, err := s.ParseUpload(r.URL)
	if err != nil {
		return upload, err
	}
	switch encoding := strings.ToLower(r.Header.Get(echo.HeaderContentEncoding)); encoding {
	case "", "identity":
		return upload, nil
	default:
		return upload, fault.Invalid("Content-Encoding", "compressed uploads are not supported; send the bytes as they are")
	}
}

// readFields reads a form up to its file. Names are told apart without regard
// to case: each SDK writes them its own way.
func readFields(form *multipart.Reader) (fields map[string]string, file *multipart.Part, err error) {
	fields = map[string]string{}
	for n := 0; ; n++ {
		part, err := form.NextRawPart() // raw: a transfer encoding is not undone
		switch {
		case errors.Is(err, io.EOF):
			return nil, nil, fault.Invalid("file", "the form has no such field")
		case err != nil:
			return nil, nil, broken(err)
		case n == maxFields:
			return nil, nil, fault.Invalid("body", "the form has more than %d fields before the file", maxFields)
		}
		name := strings.ToLower(part.FormName())
		if name == "file" {
			return fields, part, nil
		}
		value, err := io.ReadAll(io.LimitReader(part, maxField+1))
		if err != nil {
			return nil, nil, broken(err)
		}
		if len(value) > maxField {
			return nil, nil, fault.Invalid("body", "a field of the form is larger than %d bytes", maxField)
		}
		fields[name] = string(value)
	}
}

// broken names the fault of a form that cannot be read to its file.
func broken(err error) error {
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return err
	}
	return fault.Wrap(fault.InvalidParam, err, "body: the form is malformed or was cut off")
}

// successStatus is what the original's form upload allows; js-sdk 1.x asks for
// 201 and takes nothing else.
func successStatus(asked string) int {
	switch asked {
	case "200", "201":
		status, _ := strconv.Atoi(asked)
		return status
	}
	return http.StatusNoContent
}
