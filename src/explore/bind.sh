#!/bin/sh
# Binds the explored objects into one whose inline functions are its own: else link order decides whether the
# instrumented copy of an inline function survives or a plain one from somewhere else.
#   bind.sh LD NM OBJCOPY OUTPUT OBJECT...
set -eu
ld=$1 nm=$2 objcopy=$3 output=$4
shift 4
"$ld" -r --force-group-allocation -o "$output.bound" "$@"
"$nm" --defined-only "$output.bound" | awk '$2 ~ /^[WVuwv]$/ { print $3 }' >"$output.inline"
"$objcopy" --localize-symbols="$output.inline" "$output.bound" "$output"
rm -f "$output.bound"
