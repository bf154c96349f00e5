# The x64 machine: both compilers, Debug and Release, 1 to 16 processors, repeatable runs, failing on request.

passes() { script/boot "$@" | tee "$work/console" && grep -q 'ALL SELF TESTS PASSED' "$work/console"; }

# A boot that must end with QEMU's 3 and the given text on the console.
fails() {
  local text=$1 status
  shift
  script/boot "$@" | tee "$work/console"
  status=${PIPESTATUS[0]}
  [ "$status" -eq 3 ] && grep -qF -- "$text" "$work/console"
}

repeats() {
  local times=$1 run
  passes --icount || return 1
  cp "$work/console" "$work/first"
  for ((run = 2; run <= times; run++)); do
    passes --icount >/dev/null && cmp "$work/first" "$work/console" || return 1
  done
}

claim boot-clang "boots and passes, clang++, Release" passes --preset boot-clang
claim boot-gcc-debug "boots and passes, g++, Debug" passes --preset boot-debug
claim boot-clang-debug "boots and passes, clang++, Debug" passes --preset boot-clang-debug
for processors in 1 2 4 8 16; do
  claim boot-processors-$processors "boots and passes on $processors processors, g++, Release" \
    passes --processors $processors --timeout 300
done
claim boot-icount "with --icount, 20 runs print the same to the byte" repeats 20
claim boot-fail-check "a kernel option makes a check fail: exit 3" fails '[FAIL]' --append fail-check
claim boot-bugcheck "a kernel option makes the kernel bugcheck: exit 3" fails '*** STOP: 0x' --append bugcheck
