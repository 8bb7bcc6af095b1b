package fault

// Code is a public error code, the text form that the TCB wire protocol
// carries. The zero value means success. A code is never reused.
type Code string

// The codes of wx-cloud-api.md sections 2.7 and 12, spelled as the original
// spells them (three of them with its typing errors).
const (
	OK Code = ""

	SysErr                 Code = "SYS_ERR"
	ServerTimeout          Code = "SERVER_TIMEOUT"
	RequestLimit           Code = "EXCEED_REQUEST_LIMIT"
	ConcurrencyLimit       Code = "EXCEED_CONCURRENT_REQUEST_LIMIT"
	InvalidEnv             Code = "INVALIID_ENV"
	InvalidCommonParam     Code = "INVALID_COMMON_PARAM"
	InvalidParam           Code = "INVALID_PARAM"
	InvalidRequestSource   Code = "INVALID_REQUEST_SOURCE"
	ResourceNotInitial     Code = "RESOURCE_NOT_INITIAL"
	SignInvalid            Code = "SIGN_PARAM_INVALID"
	InvalidAction          Code = "INVALID_ACTION"
	RequestTooLarge        Code = "EXCEED_REQUEST_SIZE_LIMIT"
	PermissionDenied       Code = "PERMISSION_DENIED"
	ExceedAuthority        Code = "EXCEED_AUTHORITY"
	RateLimit              Code = "EXCEED_RATELIMIT"
	ResourceNotFound       Code = "RESOURCE_NOT_FOUND"
	DatabaseFailed         Code = "DATABASE_REQUEST_FAILED"
	DatabaseOperator       Code = "DATABASE_INVALID_OPERRATOR"
	ScriptInvalid          Code = "DATABASE_SCRIPT_INVALID"
	DatabaseDenied         Code = "DATABASE_PERMISSION_DENIED"
	CollectionLimit        Code = "DATABASE_COLLECTION_EXCEED_LIMIT"
	CollectionNotExist     Code = "DATABASE_COLLECTION_NOT_EXIST"
	CollectionExists       Code = "DATABASE_COLLECTION_ALREADY_EXIST"
	DocumentNotFound       Code = "DOCUMENT_NOT_FOUND"
	DuplicateWrite         Code = "DATABASE_DUPLICATE_WRITE"
	TransactionConflict    Code = "DATABASE_TRANSACTION_CONFLICT"
	TransactionFail        Code = "DATABASE_TRANSACTION_FAIL"
	ResultTooLarge         Code = "DATABASE_RESULT_EXCEED_LIMIT"
	StorageFailed          Code = "STORAGE_REQUEST_FAIL"
	StorageDenied          Code = "STORAGE_EXCEED_AUTHORITY"
	FileNotExist           Code = "STORAGE_FILE_NONEXIST"
	StorageSign            Code = "STORAGE_SIGN_PARAM_INVALID"
	FunctionFailed         Code = "FUNCTIONS_REQUEST_FAIL"
	FunctionExecute        Code = "FUNCTIONS_EXECUTE_FAIL"
	FunctionTimeout        Code = "FUNCTIONS_TIME_LIMIT_EXCEEDED"
	FunctionMemory         Code = "FUNCTIONS_MEMORY_LIMIT_EXCEEDED"
	FunctionNotFound       Code = "FUNCTION_NOT_FOUND"
	FunctionResultTooLarge Code = "FUNCTIONS_RESULT_EXCEED_LIMIT"
	AccessTokenExpired     Code = "ACCESS_TOKEN_EXPIRED"
	RefreshTokenExpired    Code = "REFRESH_TOKEN_EXPIRED"
	InvalidRefreshToken    Code = "INVALID_REFRESH_TOKEN"
	CheckLoginFailed       Code = "CHECK_LOGIN_FAILED"
	SignExpired            Code = "SIGN_EXPIRED_ERROR"
	WatchQueryInvalid      Code = "QUERYID_INVALID_ERROR"
	CollectionDenied       Code = "COLLECTION_PERMISSION_DENIED"
)

// Entry is one row of the code table.
type Entry struct {
	Code   Code
	Number int    // errCode that applications see
	Text   string // short English text the client SDK puts into errMsg
}

// Table lists every code. The numbers and texts are those of wx-cloud-api.md
// section 12; a code without a number of its own shows as -501001 there.
func Table() []Entry {
	return []Entry{
		{SysErr, -501001, "resource system error"},
		{ServerTimeout, -501002, "resource server timeout"},
		{RequestLimit, -501003, "exceed request limit"},
		{ConcurrencyLimit, -501004, "exceed concurrent request limit"},
		{InvalidEnv, -501005, "invalid env"},
		{InvalidCommonParam, -501006, "invalid common parameters"},
		{InvalidParam, -501007, "invalid parameters"},
		{InvalidRequestSource, -501008, "invalid request source"},
		{ResourceNotInitial, -501009, "resource not initialized"},
		{SignInvalid, -501010, "tencentcloud key signature verification fail"},
		{InvalidAction, -501012, "invalid api name"},
		{RequestTooLarge, -501013, "request data size exceeds limit (5M)"},
		{PermissionDenied, -501023, "permission denied"},
		{ExceedAuthority, -501023, "permission denied"},
		{RateLimit, -501003, "exceed request limit"},
		{ResourceNotFound, -501000, "resource not found"},
		{DatabaseFailed, -502001, "database request fail"},
		{DatabaseOperator, -502002, "database invalid command"},
		{ScriptInvalid, -605101, "database query text is not parseable"},
		{DatabaseDenied, -502003, "database permission denied"},
		{CollectionLimit, -502004, "database exceed collection limit"},
		{CollectionNotExist, -502005, "database collection not exists"},
		{CollectionExists, -502001, "database request fail"},
		{DocumentNotFound, -502001, "database request fail"},
		{DuplicateWrite, -502001, "database request fail"},
		{TransactionConflict, -502001, "database request fail"},
		{TransactionFail, -502001, "database request fail"},
		{ResultTooLarge, -602001, "database query result size exceed limit (1MB)"},
		{StorageFailed, -503001, "storage request fail"},
		{StorageDenied, -503002, "storage permission denied"},
		{FileNotExist, -503003, "storage file not exists"},
		{StorageSign, -503004, "storage invalid sign parameter"},
		{FunctionFailed, -504001, "functions request fail"},
		{FunctionExecute, -504002, "functions execute fail"},
		{FunctionTimeout, -504003, "functions execute timeout"},
		{FunctionMemory, -504002, "functions execute fail"},
		{FunctionNotFound, -501000, "resource not found"},
		{FunctionResultTooLarge, -604001, "cloudfunction result size exceed limit (1MB)"},
		{AccessTokenExpired, -501001, "resource system error"},
		{RefreshTokenExpired, -501001, "resource system error"},
		{InvalidRefreshToken, -501001, "resource system error"},
		{CheckLoginFailed, -501001, "resource system error"},
		{SignExpired, -501001, "resource system error"},
		{WatchQueryInvalid, -501001, "resource system error"},
		{CollectionDenied, -502003, "database permission denied"},
	}
}

// Lookup returns the row of a code; an unknown one reads as SysErr, as
// wx-server-sdk does.
func Lookup(code Code) Entry {
	for _, e := range Table() {
		if e.Code == code {
			return e
		}
	}
	return Entry{code, -501001, "resource system error"}
}
