# Sourced by the scripts that a person types: where the tree is, and how a preset is built.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
self=$(basename "$0")

fail() { echo "script/$self: $*" >&2; exit 1; }

# Runs a command quietly; shows what it wrote only when it failed.
quietly() {
  local log status
  log=$(mktemp)
  "$@" >"$log" 2>&1
  status=$?
  [ $status -eq 0 ] || cat "$log" >&2
  rm -f "$log"
  return $status
}

# build PRESET [TARGET...]: configures and builds, quietly unless it fails.
build() {
  local preset=$1
  shift
  (cd "$root" && quietly cmake --preset "$preset" &&
    quietly cmake --build --preset "$preset" ${1:+--target "$@"}) || fail "the build of preset '$preset' failed"
}
