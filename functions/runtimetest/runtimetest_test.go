package runtimetest_test

import (
	"testing"

	"baas/functions/gojart"
	"baas/functions/runtimetest"
	"baas/functions/worker"
)

func TestMain(m *testing.M) { runtimetest.Main(m) }

func TestGoja(t *testing.T) {
	t.Parallel()
	runtimetest.Run(t, func() worker.Engine { return gojart.New(gojart.Options{}) })
}
