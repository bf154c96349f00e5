#!/bin/sh
# Binds instrumented objects into one whose inline functions are its own: else link order decides whether the
# instrumented copy of an inline function survives or a plain one from somewhere else. Blocks of memory that they move
# are announced (accesses.cpp).
#   bind.sh LD NM OBJCOPY OUTPUT OBJECT...
set -eu
ld=$1 nm=$2 objcopy=$3 output=$4
shift 4
"$ld" -r --force-group-allocation -o "$output.bound" "$@"
"$nm" --defined-only "$output.bound" | awk '$2 ~ /^[WVuwv]$/ { print $3 }' >"$output.inline"
"$objcopy" --localize-symbols="$output.inline" \
  --redefine-sym memset=mica_explored_memset --redefine-sym memcpy=mica_explored_memcpy \
  --redefine-sym memmove=mica_explored_memmove --redefine-sym memcmp=mica_explored_memcmp "$output.bound" "$output"
rm -f "$output.bound"
