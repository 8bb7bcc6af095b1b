#!/usr/bin/env bash
# Runs each fuzz target for a short time (FUZZTIME, default 20s).
set -euo pipefail
cd "$(dirname "$0")/.."
grep -rln --include='*_test.go' '^func Fuzz' . | while read -r file; do
  grep -o '^func Fuzz[A-Za-z0-9_]*' "$file" | cut -d' ' -f2 | while read -r target; do
    echo "fuzz: $(dirname "$file") $target"
    go test "./$(dirname "${file#./}")/" -run '^$' -fuzz "^$target\$" -fuzztime "${FUZZTIME:-20s}"
  done
done
