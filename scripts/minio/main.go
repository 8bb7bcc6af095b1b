// Command minio prints the path of a MinIO server for the tests, which it
// builds first when there is none: go run ./scripts/minio. The server is built
// into .cache, or $BAAS_CACHE; with $BAAS_MINIO set that one is used.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"

	"baas/storage/s3/miniotest"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	path, ok, err := miniotest.Find()
	if err == nil && !ok {
		path, err = miniotest.Build(ctx, os.Stderr)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "minio:", err)
		os.Exit(1)
	}
	fmt.Fprintln(os.Stdout, path)
}
