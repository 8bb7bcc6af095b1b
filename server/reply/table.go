package reply

import (
	"net/http"

	"baas/db/fault"
)

// Row says how one code appears at each kind of door.
type Row struct {
	Code   fault.Code
	Status int // HTTP status at doors that use one (/v1, /auth/v1, /files, /fn, the console)

	// Envelope is the code that /admin and /web show where it differs from
	// Code: the server SDKs turn names they do not know into -501001, so the
	// finer database codes travel under DATABASE_REQUEST_FAILED there and are
	// told apart by their text (tcb-wire-protocol.md 6.4).
	Envelope fault.Code

	// Gateway is the code that /v1 shows where it differs from Code
	// (tcb-wire-protocol.md 7).
	Gateway fault.Code

	// OAuth is the `error` member at /auth/v1 and GRPC its number, the
	// `error_code` member (tcb-wire-protocol.md 11).
	OAuth string
	GRPC  int
}

// Table lists every code once. It is the only place where a code is tied to
// an HTTP status. Statuses that tcb-wire-protocol.md 10 fixes (400, 401, 403,
// 404, 409 of the database) are kept, odd as they are.
func Table() []Row {
	const (
		invalid   = "invalid_argument"
		notFound  = "not_found"
		exists    = "already_exists"
		denied    = "permission_denied"
		exhausted = "resource_exhausted"
		internal  = "internal"
		unauth    = "unauthenticated"
		grant     = "invalid_grant"
	)
	const failed = fault.DatabaseFailed
	return []Row{
		{fault.SysErr, http.StatusInternalServerError, "", "", internal, 13},
		{fault.ServerTimeout, http.StatusGatewayTimeout, "", "", "deadline_exceeded", 4},
		{fault.RequestLimit, http.StatusTooManyRequests, "", "", exhausted, 8},
		{fault.ConcurrencyLimit, http.StatusTooManyRequests, "", "", exhausted, 8},
		{fault.InvalidEnv, http.StatusBadRequest, "", "", invalid, 3},
		{fault.InvalidCommonParam, http.StatusBadRequest, "", "", invalid, 3},
		{fault.InvalidParam, http.StatusBadRequest, "", "", invalid, 3},
		{fault.InvalidRequestSource, http.StatusForbidden, "", "", denied, 7},
		{fault.ResourceNotInitial, http.StatusNotFound, "", "", notFound, 5},
		{fault.SignInvalid, http.StatusUnauthorized, "", "", unauth, 16},
		{fault.InvalidAction, http.StatusNotFound, "", "", "unimplemented", 12},
		{fault.RequestTooLarge, http.StatusRequestEntityTooLarge, "", "", invalid, 3},
		{fault.PermissionDenied, http.StatusForbidden, "", "", denied, 7},
		{fault.ExceedAuthority, http.StatusForbidden, "", "", denied, 7},
		{fault.RateLimit, http.StatusTooManyRequests, "", "", exhausted, 8},
		{fault.ResourceNotFound, http.StatusNotFound, "", "", notFound, 5},
		{fault.DatabaseFailed, http.StatusBadRequest, "", "", internal, 13},
		{fault.DatabaseOperator, http.StatusForbidden, "", "", invalid, 3},
		{fault.ScriptInvalid, http.StatusBadRequest, "", "", invalid, 3},
		{fault.DatabaseDenied, http.StatusUnauthorized, "", "", denied, 7},
		{fault.CollectionLimit, http.StatusForbidden, "", "", exhausted, 8},
		{fault.CollectionNotExist, http.StatusNotFound, "", "", notFound, 5},
		{fault.CollectionExists, http.StatusConflict, failed, "", exists, 6},
		{fault.DocumentNotFound, http.StatusNotFound, failed, "", notFound, 5},
		{fault.DuplicateWrite, http.StatusConflict, failed, "", exists, 6},
		{fault.TransactionConflict, http.StatusConflict, "", "", "aborted", 10},
		{fault.TransactionFail, http.StatusConflict, "", "", "failed_precondition", 9},
		{fault.ResultTooLarge, http.StatusBadRequest, "", "", exhausted, 8},
		{fault.StorageFailed, http.StatusInternalServerError, "", "", internal, 13},
		{fault.StorageDenied, http.StatusForbidden, "", "", denied, 7},
		{fault.FileNotExist, http.StatusNotFound, "", "", notFound, 5},
		{fault.StorageSign, http.StatusForbidden, "", "", denied, 7},
		{fault.FunctionFailed, http.StatusInternalServerError, "", "", internal, 13},
		{fault.FunctionExecute, http.StatusInternalServerError, "", "FUNCTION_INVOCATION_FAILED", internal, 13},
		{fault.FunctionTimeout, http.StatusGatewayTimeout, "", "FUNCTION_TIME_LIMIT_EXCEEDED", "deadline_exceeded", 4},
		{fault.FunctionMemory, http.StatusInternalServerError, "", "", exhausted, 8},
		{fault.FunctionNotFound, http.StatusNotFound, "", "", notFound, 5},
		{fault.FunctionResultTooLarge, http.StatusInternalServerError, "", "", exhausted, 8},
		{fault.AccessTokenExpired, http.StatusUnauthorized, "", "", unauth, 16},
		{fault.RefreshTokenExpired, http.StatusUnauthorized, "", "", grant, 16},
		{fault.InvalidRefreshToken, http.StatusUnauthorized, "", "", grant, 16},
		{fault.CheckLoginFailed, http.StatusUnauthorized, "", "", unauth, 16},
		{fault.SignExpired, http.StatusUnauthorized, "", "", unauth, 16},
		{fault.WatchQueryInvalid, http.StatusBadRequest, "", "", invalid, 3},
		{fault.CollectionDenied, http.StatusForbidden, "", "", denied, 7},
	}
}

// Lookup returns the row of a code. A code without a row reads as SysErr's,
// under its own name.
func Lookup(code fault.Code) Row {
	for _, row := range Table() {
		if row.Code == code {
			return row
		}
	}
	row := Table()[0]
	row.Code = code
	return row
}
