#!/bin/sh
# A program that is meant to fail says how, with a report and a line that makes it fail in the same way again.
#   example.sh PROGRAM
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Runs it with a setting of the environment; it fails with the status of a failed test.
fails() {
  log=$1
  shift
  status=0
  env "$@" "$program" >"$log" 2>&1 || status=$?
  cat "$log"
  [ "$status" -eq 1 ]
}

program=$1
fails "$work/first" MICA_REPORT="$work/report"
grep -q '^verdict: deadlock$' "$work/first"
line=$(grep '^MICA_REPLAY=lost-wake-up:steps:' "$work/first")
page=$(sed -n 's/^report: //p' "$work/first")
[ -s "$page" ]
fails "$work/again" "$line"
told() { sed '/^report: /d; s/0x[0-9a-f]*/ADDRESS/' "$1"; }  # each System has its place
[ "$(told "$work/first")" = "$(told "$work/again")" ]
MICA_EXPLORE='name=another' "$program" | grep -q '^passed$'
