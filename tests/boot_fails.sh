#!/bin/sh
# boot_fails.sh QEMU_SCRIPT KERNEL OPTION [QEMU_SCRIPT_OPTION...]: the kernel option must end the
# run with status 3 and its text.
case $3 in
  fail-check) text='SELF TESTS FAILED (1 of ' ;;
  bugcheck) text='*** STOP: 0x' ;;
  hang-dpc) text='*** STOP: 0x00000133 (0x0000000000000000,0x0000000000000015,0x0000000000000014,' ;;
  hang-dispatch) text='*** STOP: 0x00000133 (0x0000000000000001,0x0000000000000032,0x0000000000000000,' ;;
  special-pool=*) text="mica: the kernel option $3 needs a tag of one to four characters, ? for any, * for any rest" ;;
  time-rate=*) text="mica: the kernel option $3 needs a number, 1 to 100" ;;
  *-ms=*) text="mica: the kernel option $3 needs a number of milliseconds, 0 to 4294967295" ;;
  *) echo "unknown option $3" >&2; exit 64 ;;
esac
case $3 in
  hang-*) more=' dpc-timeout-ms=20 dpc-watchdog-ms=50' ;;
  fail-check) more=' test=Ke:*event*' ;;  # it fails beside cases that pass
  *) more='' ;;
esac
script=$1 kernel=$2 option=$3
shift 3
output=$("$script" --append "$option$more" "$@" "$kernel")
status=$?
printf '%s\n' "$output"
[ $status -eq 3 ] || { echo "status $status instead of 3" >&2; exit 1; }
printf '%s\n' "$output" | grep -qF -- "$text" || { echo "the console does not say $text" >&2; exit 1; }
