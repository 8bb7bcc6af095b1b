// Package fault holds the one error type of baas and the table of its codes.
//
// An error whose meaning a caller may rely on is made here, once, where the
// meaning is known, and travels upward unchanged. Anything else is an internal
// failure: its text goes to the log and is never shown to a caller.
package fault

import (
	"errors"
	"fmt"
)

// Error is an error whose meaning a caller of the API may rely on.
type Error struct {
	Code  Code   // public and stable
	Msg   string // fit for the end user: no paths, secrets or document contents
	Field string // the member of the request that is at fault, or empty
	Err   error  // the cause, or nil; for the log only, never encoded
}

// Error returns the code and text, and the cause for the log.
func (e *Error) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("%s: %s: %v", e.Code, e.Msg, e.Err)
	}
	return fmt.Sprintf("%s: %s", e.Code, e.Msg)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// New makes an error with a public code and a text for the caller.
func New(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Msg: fmt.Sprintf(format, args...)}
}

// Invalid makes the error for one wrong member of a request. The text says
// what is wrong and how to mend it; the field is named in front of it.
func Invalid(field, format string, args ...any) *Error {
	return &Error{
		Code:  InvalidParam,
		Field: field,
		Msg:   field + ": " + fmt.Sprintf(format, args...),
	}
}

// Refused makes the DatabaseFailed of one wrong part of a condition, an update or
// an expression, as the original's database words it: at is its dotted path.
func Refused(at, format string, args ...any) *Error {
	return &Error{
		Code:  DatabaseFailed,
		Field: at,
		Msg:   at + ": " + fmt.Sprintf(format, args...),
	}
}

// Wrap makes a coded error that keeps its cause for the log.
func Wrap(code Code, err error, format string, args ...any) *Error {
	return &Error{Code: code, Msg: fmt.Sprintf(format, args...), Err: err}
}

// CodeOf returns the code of err: OK for nil, SysErr for an error without one.
func CodeOf(err error) Code {
	if err == nil {
		return OK
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return SysErr
}

// Text returns what a caller may read of err. An error without a code yields a
// fixed text: its own may hold paths or data.
func Text(err error) string {
	if err == nil {
		return ""
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Msg
	}
	return "internal error; the server's log has the details under this request id"
}

// Is reports whether err carries the code.
func Is(err error, code Code) bool { return err != nil && CodeOf(err) == code }
