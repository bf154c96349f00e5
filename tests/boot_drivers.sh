#!/bin/bash
# boot_drivers.sh SCRIPT_FOLDER KERNEL DRIVER_FOLDER: the kernel option `drivers` loads those of the RAM disk, says how
# each went, and ends with status 3 if one did not start.
set -u
scripts=$1 kernel=$2 drivers=$3
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT

# boots WANTED: boots with $work/disk, wants the status and, each on a line of its own, the lines of standard input.
boots() {
  local status line
  "$scripts/qemu" --append drivers --ram-disk "$work/disk" "$kernel" >"$work/console"
  status=$?
  cat "$work/console"
  [ $status -eq "$1" ] || { echo "status $status instead of $1" >&2; exit 1; }
  while IFS= read -r line; do
    tr -d '\r' <"$work/console" | grep -qxF -- "$line" || { echo "the console does not say $line" >&2; exit 1; }
  done
}

"$scripts/ram-disk" "$work/disk" "$drivers/beat.sys" "$drivers/told.sys" || exit 1
boots 0 <<'END'
beat: started
driver beat: DriverEntry's status is 0x00000000
told: \Registry\Machine\System\CurrentControlSet\Services\told; \Driver\told; told
driver told: DriverEntry's status is 0x00000000
driver told: stays, as it cannot be unloaded
driver beat: unloaded
ALL DRIVERS LOADED (2)
END

"$scripts/ram-disk" "$work/disk" "$drivers/fails.sys" "$drivers/beat.sys" "$drivers/text.sys" || exit 1
boots 3 <<'END'
driver fails: DriverEntry's status is 0xC00000C0
driver beat: DriverEntry's status is 0x00000000
mica: text cannot be loaded: no DOS header is at its beginning, at 0x0 of the file
driver text: DriverEntry's status is 0xC000012F
driver beat: unloaded
DRIVERS FAILED (2 of 3)
END

echo "no archive" >"$work/disk"
boots 3 <<'END'
mica: the RAM disk is no ustar archive: it ends before its last block, at 0x0
DRIVERS FAILED: the RAM disk cannot be read
END

# Real devices are as those say that play them on the host.
devices=$scripts/../tests/drivers
"$scripts/ram-disk" "$work/disk" "$drivers/edu.sys" "$drivers/uart.sys" "$devices/edu.devices" \
  "$devices/uart.devices" || exit 1
boots 0 <<'END'
edu: revision 1.0 lives, and knows that 5! is 120
device Edu: its start's status is 0x00000000
uart: 256 bytes came back
device Com2: its start's status is 0x00000000
device Edu: removed
device Com2: removed
driver edu: unloaded
driver uart: unloaded
END
