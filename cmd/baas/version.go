package main

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// version is set by release builds: -ldflags "-X main.version=v1.2.3".
var version = "dev"

func newVersion(sh *shell) *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			commit := ""
			if info, ok := debug.ReadBuildInfo(); ok {
				for _, s := range info.Settings {
					if s.Key == "vcs.revision" {
						commit = s.Value
					}
				}
			}
			res := map[string]any{"version": version, "commit": commit, "go": runtime.Version(), "format": formatVersion}
			return sh.print(res, func(w io.Writer) {
				fmt.Fprintf(w, "baas %s (%s, data format %d)\n", version, runtime.Version(), formatVersion)
			})
		},
	}
}
