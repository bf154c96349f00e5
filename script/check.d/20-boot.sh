# The x64 machine: both compilers, Debug and Release, 1 to 16 processors, repeatable runs, failing
# on request.

# What failed is said again at the end, because the log of a claim that fails is shown from there.
passes() {
  local status
  script/boot "$@" >"$work/console"
  status=$?
  cat "$work/console"
  [ $status -eq 0 ] && grep -q 'ALL SELF TESTS PASSED' "$work/console" && return
  grep -B 5 '^\[FAIL\]' "$work/console"
  return 1
}

# The CTest of the same name boots with the option and wants status 3 and the reason on the console.
fails_on_request() { build boot && ctest --preset boot -R "^boot_${1//\*/\\*}\$"; }

# The same, from the script that a person types: its status is the kernel's.
script_fails() {
  script/boot --append "$1" --test 'Ke: *event*'
  [ $? -eq 3 ]
}

repeats() {
  local times=$1 run
  passes --icount || return 1
  cp "$work/console" "$work/first"
  for ((run = 2; run <= times; run++)); do
    passes --icount >/dev/null && cmp "$work/first" "$work/console" || return 1
  done
}

monitor_answers() { build boot && ctest --preset boot -R '^boot_monitor$'; }

drivers_load() { build boot && ctest --preset boot -R '^boot_drivers$'; }

# The driver is of the preset that builds it for the host's tests.
foreign_cases() { build test foreign && passes --test-driver build/test/tests/foreign/foreign.sys; }

seam_holds() { build boot && ctest --preset boot -R '^hal_'; }

claim boot-clang "boots and passes, clang++, Release" passes --preset boot-clang
claim boot-gcc-debug "boots and passes, g++, Debug" passes --preset boot-debug
claim boot-clang-debug "boots and passes, clang++, Debug" passes --preset boot-clang-debug
for processors in 1 4 16; do
  claim boot-processors-$processors "boots and passes on $processors processors, g++, Release" \
    passes --processors $processors --timeout 300
done
claim boot-verifier "boots and passes on 2 processors with the kernel option verifier" \
  passes --processors 2 --append verifier
claim boot-deadlock-detection "boots and passes on 8 processors with the kernel option deadlock-detection" \
  passes --processors 8 --append deadlock-detection --timeout 300
claim boot-special-pool "boots and passes with every pool block from special pool" passes --append 'special-pool=*'
claim boot-time-rate "boots and passes with time that passes eight times as fast" passes --append time-rate=8
claim boot-foreign "boots, and the conformance cases that clang made a Windows driver of pass" foreign_cases
claim boot-icount "with --icount, 4 runs print the same to the byte" repeats 4
claim seam-x64 "the seam's contract holds on the x64 machine, faults and multiboot2 included" seam_holds
claim boot-drivers "the kernel option drivers loads what is in the RAM disk, and says what went wrong" drivers_load
claim boot-monitor "script/boot --stay leaves a monitor whose every command answers" monitor_answers
for option in fail-check bugcheck hang-dpc hang-dispatch dpc-timeout-ms=soon 'special-pool=M*p' time-rate=0; do
  claim "boot-$option" "the kernel option $option is seen on the console and ends with exit 3" \
    fails_on_request "$option"
done
for option in fail-check bugcheck; do
  claim "script-$option" "script/boot --append $option has status 3" script_fails $option
done
