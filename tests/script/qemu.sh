#!/usr/bin/env bash
# script/qemu passes exactly when QEMU ends with 33, and names the cause of everything else.
scripts=$1
. "$(dirname "$0")/expect.sh"

# A QEMU that ends as the kernel image says.
mkdir "$work/bin"
cat >"$work/bin/qemu-system-x86_64" <<'END'
#!/bin/sh
while [ "$1" != -kernel ]; do shift; done
. "$2"
END
chmod +x "$work/bin/qemu-system-x86_64"
ends() {
  echo "$1" >"$work/kernel"
  PATH=$work/bin:$PATH "$scripts/qemu" --timeout 1 "$work/kernel"
}

expect 0 '' ends 'exit 33'
expect 3 'a check did not hold, or it bugchecked' ends 'exit 3'
expect 1 'a triple fault' ends 'exit 0'
expect 1 'QEMU ended with status 1' ends 'exit 1'
expect 124 'no verdict after 1 s' ends 'exec sleep 10'
expect 66 'cannot read' "$scripts/qemu" "$work/missing"
expect 66 'cannot read' "$scripts/qemu" --ram-disk "$work/missing" "$work/kernel"
expect 64 'no kernel image' "$scripts/qemu"
expect 64 'unknown option' "$scripts/qemu" --fast "$work/kernel"
[ $failures -eq 0 ]
