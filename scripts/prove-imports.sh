#!/usr/bin/env bash
# Proves each import rule of .golangci.yml with a deliberate violation: a file
# that breaks the rule is added for a moment, and the linter must refuse it.
set -euo pipefail
cd "$(dirname "$0")/.."
lint=(go tool -modfile=tools/go.mod golangci-lint run --allow-parallel-runners --enable-only depguard --output.text.print-issued-lines=false)

# folder  package  forbidden import
cases='
db/fault        fault     baas/db/kv
db/value        value     baas/db/kv
db/query        query     baas/db/kv
db/script       script    baas/db/kv
db/transfer     transfer  baas/db/commit
db/kv           kv        baas/db/query
db              db        baas/functions/project
storage         storage   baas/functions
functions       functions baas/server/reply
server/wechat   wechat    baas/server/httpfn
server/tcb      tcb       baas/web-console
db              db        go.etcd.io/bbolt
storage         storage   github.com/minio/minio-go/v7
db              db        github.com/labstack/echo/v4
functions       functions github.com/gorilla/websocket
server/tcb      tcb       github.com/dop251/goja
db/value        value     go.mongodb.org/mongo-driver/v2/bson
'
failed=0
while read -r dir pkg forbidden; do
  [ -n "$dir" ] || continue
  file="$dir/zz_violation.go"
  printf 'package %s\n\nimport _ "%s"\n' "$pkg" "$forbidden" >"$file"
  out=$("${lint[@]}" "./$dir/" 2>&1) && status=0 || status=$?
  rm -f "$file"
  if [ "$status" -eq 0 ] || ! grep -q depguard <<<"$out"; then
    echo "not refused: $dir imports $forbidden"
    echo "$out" | tail -n 3
    failed=1
  fi
done <<<"$cases"
[ "$failed" -eq 0 ] && echo "every import rule refuses its violation"
exit "$failed"
