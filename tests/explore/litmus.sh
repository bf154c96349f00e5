#!/bin/sh
# The page of litmus tests says what a run shows.
#   litmus.sh PROGRAM PAGE
set -eu
page=$(mktemp)
trap 'rm -f "$page"' EXIT
MICA_LITMUS=$page "$1" '[litmus]'
diff -u "$2" "$page"
