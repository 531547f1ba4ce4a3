#!/usr/bin/env bash
# Makes examples/ from the FLAC recordings, scripts and true times of our own: one file per kind of source
# (compressed mono, two-channel telephone, film). The same ffmpeg makes the same bytes.
#
#   infra/scripts/make-examples.sh [folder with podcast, call and film] [folder to write]
set -euo pipefail

repository="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
source="${1:-$repository/../shared/data/examples}"
target="${2:-$repository/examples}"

for name in podcast call film; do
  for file in "$name.flac" "$name.txt" "$name.segments.json"; do
    if [[ ! -f "$source/$file" ]]; then
      echo "make-examples: $source/$file is missing; name the folder that holds it as first argument" >&2
      exit 1
    fi
  done
done

# No version, date or encoder name in the files, one thread: only then are two runs alike.
reproducible=(-map_metadata -1 -fflags +bitexact -flags:v +bitexact -flags:a +bitexact -threads 1)
run_ffmpeg() { ffmpeg -nostdin -hide_banner -loglevel error -y "$@"; }

mkdir -p "$target"

run_ffmpeg -i "$source/podcast.flac" -c:a libmp3lame -b:a 64k "${reproducible[@]}" "$target/podcast.mp3"

run_ffmpeg -i "$source/call.flac" -ar 8000 -c:a pcm_mulaw "${reproducible[@]}" "$target/call.wav"

# 48 kHz as films have it: an AAC frame is then 21 ms, and so is the most that the last one adds.
seconds="$(ffprobe -loglevel error -show_entries format=duration -of csv=p=0 "$source/film.flac")"
run_ffmpeg -f lavfi -i "color=c=0x28464b:size=320x180:rate=5:duration=$seconds" -i "$source/film.flac" \
  -map 0:v -map 1:a -c:v libx264 -preset veryslow -tune stillimage -g 50 -pix_fmt yuv420p \
  -ar 48000 -c:a aac -b:a 96k -metadata:s:a:0 language=eng -movflags +faststart "${reproducible[@]}" "$target/film.mp4"

for name in podcast call film; do
  install -m 644 "$source/$name.txt" "$source/$name.segments.json" "$target/"
done
