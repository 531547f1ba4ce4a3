#!/usr/bin/env bash
# npm run parity [-- --reference DIR]: golden results against this build.
set -euo pipefail
cd "$(dirname "$0")/../.."
while [ $# -gt 0 ]; do
  case "$1" in
    --reference)
      # Relative to where npm was called.
      STENO_REFERENCE="$(cd "${INIT_CWD:-$PWD}" && cd "${2:?--reference needs a folder}" && pwd)"
      export STENO_REFERENCE
      shift 2
      ;;
    *)
      echo "Usage: npm run parity -- [--reference DIR]" >&2
      exit 2
      ;;
  esac
done
npm run --silent build -- --output-logs=errors-only
cd test && exec npx vitest run --project parity
