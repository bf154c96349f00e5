# The host machine: both compilers, Debug and Release, sanitizers, parallel mode, tidy.

claim host-gcc "host tests, g++, Release" script/test
claim host-clang "host tests, clang++, Release" script/test --preset test-clang
claim host-gcc-debug "host tests but explorations, g++, Debug" script/test --preset test-debug
# g++'s AddressSanitizer is the preset asan, clang++'s Debug without one test-clang-debug.
claim asan "host tests under AddressSanitizer and UndefinedBehaviorSanitizer, clang++, Debug" \
  script/test --preset asan-clang
claim tsan "host tests under ThreadSanitizer, parallel mode included" script/test --preset tsan
claim parallel "host tests in parallel mode, one OS thread per processor" script/test -R '[Pp]arallel'
claim tidy "layers, sizes, banned constructs, no global state" script/test -R '^tidy'
