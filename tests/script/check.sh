#!/usr/bin/env bash
# script/check counts what fails, shows why, and does not pass when nothing was run.
scripts=$1
. "$(dirname "$0")/expect.sh"

mkdir -p "$work/script/check.d"
cp "$scripts/check" "$scripts/common.sh" "$work/script/"
printf '#!/bin/sh\n' >"$work/script/bootstrap"
chmod +x "$work/script/bootstrap"
cat >"$work/script/check.d/claims.sh" <<'END'
explains() { echo "because of this"; return 1; }
claim good "holds" true
claim bad "does not hold" explains
END

expect 1 '1 passed, 1 failed' "$work/script/check"
expect 1 'because of this' "$work/script/check"
expect 1 'FAIL bad' "$work/script/check" bad
expect 0 '1 passed, 0 failed' "$work/script/check" --except bad
expect 0 '1 passed, 0 failed' "$work/script/check" 'go*'
expect 1 'no claim has such a name' "$work/script/check" nothing
expect 0 'does not hold' "$work/script/check" --list
expect 0 'boot-processors-16' "$scripts/check" --list
[ $failures -eq 0 ]
