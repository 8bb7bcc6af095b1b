#!/usr/bin/env bash
# Installs what the tests need and says what it installs: Chromium from Debian,
# npm packages of the three JavaScript folders, a MinIO server built from its
# Go module. Everything that is there already is left alone.
set -euo pipefail
cd "$(dirname "$0")/.."
cache=${BAAS_CACHE:-$PWD/.cache}
mkdir -p "$cache"

say() { printf 'setup: %s\n' "$*"; }

need_apt=()
command -v chromium >/dev/null || need_apt+=(chromium)
command -v node >/dev/null || need_apt+=(nodejs npm)
if [ ${#need_apt[@]} -gt 0 ]; then
  say "installing Debian packages: ${need_apt[*]}"
  sudo=()
  [ "$(id -u)" -eq 0 ] || sudo=(sudo)
  "${sudo[@]}" apt-get update -qq
  DEBIAN_FRONTEND=noninteractive "${sudo[@]}" apt-get install -y -qq "${need_apt[@]}" >/dev/null
fi

# npm ci only when the lockfile changed since the last time.
npm_ci() {
  local dir=$1 stamp
  stamp="$dir/node_modules/.lock-sum"
  local sum
  sum=$(sha256sum "$dir/package-lock.json" | cut -d' ' -f1)
  if [ "$(cat "$stamp" 2>/dev/null)" != "$sum" ]; then
    say "installing npm packages of $dir"
    (cd "$dir" && npm ci --no-audit --no-fund --loglevel=error)
    echo "$sum" >"$stamp"
  fi
}
for dir in sdk-js web-console e2e e2e/official-clients examples/todo-miniprogram/cloudfunctions/todos; do
  [ ! -f "$dir/package-lock.json" ] || npm_ci "$dir"
done

[ -x "$cache/minio" ] || say "building a MinIO server from its Go module into $cache (a few minutes, once)"
BAAS_CACHE=$cache go run ./scripts/minio >/dev/null
say "ready"
