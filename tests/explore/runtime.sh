#!/bin/sh
# runtime.sh NM PROGRAM EXPLORE_LIBRARY PLAIN_LIBRARY
set -eu
nm=$1 program=$2 library=$3 plain=$4
fail() { echo "$1" >&2; exit 1; }

! "$nm" "$program" | grep ' [Uw] __tsan_' || fail "the program misses these"
! "$nm" "$program" | grep -E ' (_ZN6__tsan|__sanitizer_|__interceptor_)' | head -n 3 | grep . ||
  fail "the compiler's own runtime was linked"
! "$nm" "$plain" | grep ' __tsan_' || fail "the plain library calls the instrumentation"

# The machine that tells of order is the one that was linked.
"$nm" "$program" | grep -q 'mica8hal_host13order_request' || fail "nobody hears of requests of interrupts"
objdump -d --no-show-raw-insn "$program" |
  awk '/^[0-9a-f]+ <_ZN4mica8hal_host10Simulation7request/ { inside = 1 } /^$/ { inside = 0 }
    inside && /order_request/ { found = 1 } END { exit !found }' ||
  fail "the machine does not tell of requests of interrupts"

called=$("$nm" "$library" 2>/dev/null | awk '$1 == "U" && $2 ~ /^__tsan_/ { print $2 }' | sort -u)
for needed in __tsan_atomic8_fetch_or __tsan_atomic32_compare_exchange __tsan_write8 __tsan_volatile_write; do
  echo "$called" | grep -q "^$needed" || fail "the explored objects do not call $needed: they are not instrumented"
done
