# Sourced by quickstart.sh and verify.sh: what both need before they begin. Works on Debian, Ubuntu and macOS.

say() { printf '\n\033[1m▸ %s\033[0m\n' "$*"; }
fail() {
  printf '\n✗ %s\n' "$*" >&2
  exit 1
}

# ensure_command COMMAND DEBIAN_PACKAGE BREW_FORMULA
ensure_command() {
  command -v "$1" >/dev/null && return
  say "Installing $2 ($1 is missing)"
  if command -v apt-get >/dev/null; then
    local sudo=''
    [ "$(id -u)" = 0 ] || sudo='sudo'
    if [ -z "${apt_index_is_fresh:-}" ]; then
      $sudo apt-get update -qq || fail 'The package index could not be updated: see the lines above.'
      apt_index_is_fresh=yes
    fi
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$2" >/dev/null ||
      fail "$2 could not be installed: see the lines above."
  elif command -v brew >/dev/null; then
    brew install --quiet "$3"
  else
    fail "Please install $2 with your system's package manager, then run this again."
  fi
  command -v "$1" >/dev/null || fail "$2 was installed, but $1 is still not to be found."
}

# ensure_s3_server: a real S3 server for the tests (Ceph's radosgw). Debian and Ubuntu only: elsewhere those tests are skipped.
ensure_s3_server() {
  if ! command -v apt-get >/dev/null; then
    say 'No package of radosgw here: tests that need an S3 server will be skipped'
    return
  fi
  ensure_command radosgw radosgw ''
  ensure_command ceph-mon ceph-mon ''
  ensure_command ceph-osd ceph-osd ''
  ensure_command ceph ceph-common ''
}

ensure_node() {
  command -v node >/dev/null || fail 'Node.js is missing: install version 20.19 or later, then run this again.'
  node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' ||
    fail "Node.js $(node --version) is too old: 20.19 or later is needed."
}

# The CPU runtime ships inside onnxruntime-node; its install script would only fetch CUDA libraries.
export ONNXRUNTIME_NODE_INSTALL=skip
export TURBO_TELEMETRY_DISABLED=1 DO_NOT_TRACK=1 NO_UPDATE_NOTIFIER=1

install_dependencies() {
  say 'Installing npm packages (npm ci)'
  # --include=dev: building needs TypeScript, even where NODE_ENV says production.
  npm ci --include=dev --no-audit --no-fund --loglevel=error
}
