#!/usr/bin/env bash
# The main job on real input: sets everything up, transcribes the recordings in examples/ and shows the result.
set -euo pipefail
cd "$(dirname "$0")/../.."
source infra/scripts/setup.sh

ensure_node
ensure_command ffmpeg ffmpeg ffmpeg
install_dependencies
say 'Building'
npm run --silent build -- --output-logs=errors-only

out=quickstart-output
rm -rf "$out"
say 'Transcribing the three recordings in examples/ with the demo model'
# Models, cache and settings of this trial stay inside its output folder.
export STENO_DATA_DIR="$PWD/$out/data"
node apps/cli/bin/steno.js transcribe examples/podcast.mp3 examples/film.mp4 --out "$out" --model demo-en
node apps/cli/bin/steno.js transcribe examples/call.wav --channels separate --out "$out" --model demo-en

node test/dist/measure/report-examples.js examples "$out"
