#!/usr/bin/env bash
# The main job on real input: sets everything up, runs a whole fleet on this machine, submits the recordings in examples/
# to it, shows what came of them, and ends the fleet again.
set -euo pipefail
cd "$(dirname "$0")/../.."
source infra/scripts/setup.sh

ensure_node
ensure_command ffmpeg ffmpeg ffmpeg
ensure_command redis-server redis-server redis
install_dependencies
say 'Building'
npm run --silent build -- --output-logs=errors-only

# A trial of its own: what is set for another fleet does not reach it, and all it keeps lies in its output folder.
unset REDIS_URL
for name in $(compgen -e STENO_ || true); do unset "$name"; done
out=quickstart-output
rm -rf "$out"
mkdir -p "$out"
export STENO_DATA_DIR="$PWD/$out/data"
steno() { node apps/cli/bin/steno.js "$@"; }

fleet=''
end_fleet() {
  [ -n "$fleet" ] || return 0
  say 'Ending the fleet'
  kill -TERM "$fleet" 2>/dev/null || true
  wait "$fleet" || true
  fleet=''
}
trap end_fleet EXIT

say 'Starting a fleet on this machine: queue, API and one worker (steno up)'
node apps/cli/bin/steno.js up --port 0 --root examples --models demo-en >"$out/up.log" 2>&1 &
fleet=$!
until grep -q '^Ready\.' "$out/up.log"; do
  if ! kill -0 "$fleet" 2>/dev/null; then
    cat "$out/up.log" >&2
    fleet=''
    fail 'The fleet did not start: see the lines above.'
  fi
  sleep 0.2
done
sed -n '/^  API/,/^Ready/p' "$out/up.log"

say 'Submitting the three recordings in examples/, the telephone call with its channels apart (steno submit)'
steno submit examples/podcast.mp3 examples/film.mp4 --model demo-en --name quickstart --wait --out "$out"
steno submit examples/call.wav --channels separate --model demo-en --wait --out "$out"
steno jobs

end_fleet
trap - EXIT

node test/dist/measure/report-examples.js examples "$out"
