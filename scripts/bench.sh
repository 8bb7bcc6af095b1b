#!/usr/bin/env bash
# The measurements of this repository. Each line carries its ratio to a raw
# loop of the same run (x_raw_…); compare ratios, not absolute figures.
set -euo pipefail
cd "$(dirname "$0")/.."
go build -o bin/baas ./cmd/baas
export BAAS_BINARY="$PWD/bin/baas"
go test -run '^$' -bench . -benchtime "${BENCHTIME:-2s}" ./cmd/baas/ ./db/ ./db/query/ ./functions/
