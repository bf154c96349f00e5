#!/bin/sh
# runtime.sh NM PROGRAM EXPLORE_LIBRARY PLAIN_LIBRARY
set -eu
nm=$1 program=$2 library=$3 plain=$4
fail() { echo "$1" >&2; exit 1; }

! "$nm" "$program" | grep ' [Uw] __tsan_' || fail "the program misses these"
! "$nm" "$program" | grep -E ' (_ZN6__tsan|__sanitizer_|__interceptor_)' | head -n 3 | grep . ||
  fail "the compiler's own runtime was linked"
! "$nm" "$plain" | grep ' __tsan_' || fail "the plain library calls the instrumentation"

called=$("$nm" "$library" 2>/dev/null | awk '$1 == "U" && $2 ~ /^__tsan_/ { print $2 }' | sort -u)
for needed in __tsan_atomic8_fetch_or __tsan_atomic32_compare_exchange __tsan_write8 __tsan_volatile_write; do
  echo "$called" | grep -q "^$needed" || fail "the explored objects do not call $needed: they are not instrumented"
done
