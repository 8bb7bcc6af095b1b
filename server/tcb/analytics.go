package tcb

import (
	"context"

	"baas/db/rules"
)

func analyticsActions() []action {
	return []action{{"analytics.report", rules.Nobody, dropReport}}
}

// dropReport accepts what SDKs tell about themselves and keeps none of it.
func dropReport(context.Context, *call) (answer, error) { return answer{}, nil }
