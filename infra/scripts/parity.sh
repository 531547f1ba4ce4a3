#!/usr/bin/env bash
# npm run parity [-- --reference DIR]: golden results against this build; with DIR, those in it and nothing else.
set -euo pipefail
cd "$(dirname "$0")/../.."
arguments=(run --project parity)
while [ $# -gt 0 ]; do
  case "$1" in
    --reference)
      # Relative to where npm was called.
      STENO_REFERENCE="$(cd "${INIT_CWD:-$PWD}" && cd "${2:?--reference needs a folder}" && pwd)"
      export STENO_REFERENCE
      arguments+=(cohere granite)
      shift 2
      ;;
    *)
      echo "Usage: npm run parity -- [--reference DIR]" >&2
      exit 2
      ;;
  esac
done
if [ -n "${STENO_REFERENCE:-}" ]; then
  found=0
  for name in cohere-tiny cohere-mel-tiny granite-tiny; do
    if [ -f "$STENO_REFERENCE/$name/golden.json" ]; then
      found=$((found + 1))
    else
      echo "$STENO_REFERENCE has no $name/golden.json: what needs it is skipped." >&2
    fi
  done
  if [ "$found" -eq 0 ]; then
    echo "$STENO_REFERENCE has no golden results at all." >&2
    exit 1
  fi
fi
npm run --silent build -- --output-logs=errors-only
cd test && exec npx vitest "${arguments[@]}"
