package reply

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"

	"baas/db/fault"
)

// Public is what a caller may see of an error.
type Public struct {
	Code fault.Code
	Text string
}

// Explain turns any error into its public face. It is the one place where an
// internal failure becomes a fixed text; the cause goes to the log under the
// request id of ctx. A coded error is logged only when it has a cause, because
// the edge writes one line per request anyway. Explain of nil is the zero
// Public. The code is noted in the Record of ctx.
func Explain(ctx context.Context, log *slog.Logger, err error) Public {
	if err == nil {
		return Public{}
	}
	p := explain(ctx, log, err)
	RecordOf(ctx).Code = p.Code
	return p
}

func explain(ctx context.Context, log *slog.Logger, err error) Public {
	if e, ok := errors.AsType[*fault.Error](err); ok {
		switch {
		case e.Code == fault.SysErr:
			log.LogAttrs(ctx, slog.LevelError, "request failed inside", attrs(ctx, e.Code, err)...)
		case e.Err != nil:
			log.LogAttrs(ctx, slog.LevelWarn, "request refused with a cause", attrs(ctx, e.Code, err)...)
		}
		return Public{e.Code, e.Msg}
	}
	if e, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return Public{fault.RequestTooLarge, fmt.Sprintf("body: larger than the limit of %d bytes", e.Limit)}
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return Public{fault.ServerTimeout, "the server did not finish in time; try again"}
	case errors.Is(err, context.Canceled):
		return Public{fault.ServerTimeout, "the request was cancelled"}
	}
	log.LogAttrs(ctx, slog.LevelError, "request failed inside", attrs(ctx, fault.SysErr, err)...)
	return Public{fault.SysErr, fault.Text(err)}
}

func attrs(ctx context.Context, code fault.Code, err error) []slog.Attr {
	return []slog.Attr{
		slog.String("request_id", ID(ctx)),
		slog.String("code", string(code)),
		slog.String("error", err.Error()),
	}
}
