package main

import (
	"context"
	"fmt"
	"io"
	"os/exec"

	"baas/functions/project"
)

// installPackages runs npm in a function's folder. Scripts of packages are not
// run: a package that needs them would not work in the runtime either.
func installPackages(ctx context.Context, f project.Function, log io.Writer) error {
	npm, err := exec.LookPath("npm")
	if err != nil {
		return fmt.Errorf("function %s lists npm dependencies, but there is no node_modules and no npm on this machine: "+
			"install Node.js, or run `npm install` elsewhere and bring node_modules along", f.Name)
	}
	args := []string{"install", "--ignore-scripts", "--omit=dev", "--no-audit", "--no-fund", "--loglevel=error"}
	if f.HasLockfile {
		args[0] = "ci"
	}
	fmt.Fprintf(log, "function %s: npm %s\n", f.Name, args[0])
	cmd := exec.CommandContext(ctx, npm, args...)
	cmd.Dir = f.Dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("function %s: npm %s failed (%w):\n%s", f.Name, args[0], err, out)
	}
	return nil
}
