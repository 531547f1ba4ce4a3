#!/usr/bin/env bash
# All checks and tests. Ends with "N passed, N failed"; the exit status says the same.
set -uo pipefail
cd "$(dirname "$0")/../.."
source infra/scripts/setup.sh

ensure_node
ensure_command ffmpeg ffmpeg ffmpeg
ensure_command redis-server redis-server redis
ensure_s3_server
install_dependencies || fail 'npm ci failed.'

reports="$PWD/.reports"
rm -rf "$reports"
mkdir -p "$reports"

# check NAME COMMAND…: one check, whose outcome counts as one test.
check() {
  local name=$1
  shift
  say "$name"
  local started=$SECONDS status=passed
  "$@" || status=failed
  printf '%s\t%s\n' "$status" "$name" >>"$reports/checks.tsv"
  printf '%s %s (%ss)\n' "$([ "$status" = passed ] && echo ✓ || echo ✗)" "$name" "$((SECONDS - started))"
}

# tests NAME FOLDER [VITEST ARGUMENT…]: a vitest run, whose tests are counted one by one.
tests() {
  local name=$1 folder=$2
  shift 2
  say "Tests: $name"
  (cd "$folder" && npx vitest run "$@" --reporter=default --reporter=json --outputFile.json="$reports/${name//\//-}.json") ||
    printf 'failed\t%s\n' "vitest: $name" >>"$reports/runs.tsv"
}

check 'build' npm run --silent build -- --output-logs=errors-only
check 'lint' npm run --silent lint -- --output-logs=errors-only
check 'format' npm run --silent format
check 'typecheck' npm run --silent typecheck -- --output-logs=errors-only
for folder in packages/* apps/*; do tests "$folder" "$folder"; done
for suite in contract integration e2e chaos parity; do
  [ -n "$(find "test/$suite" -name '*.test.ts' -print -quit)" ] && tests "test/$suite" test --project "$suite"
done
check 'accuracy (bounded)' npm run --silent accuracy -- --quick
check 'memory (bounded)' npm run --silent memory -- --quick
check 'benchmark (bounded)' npm run --silent bench -- --minutes 0.5 --rounds 1
check 'queue (bounded)' npm run --silent bench:queue -- --quick
check 'two workers on one recording (bounded)' npm run --silent bench:scale -- --quick

node infra/scripts/count-results.js "$reports"
