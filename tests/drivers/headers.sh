#!/bin/sh
# headers.sh INCLUDE WORK COMPILER FLAG...: every header that a driver may include compiles by itself, as drivers are
# compiled, in C and in C++, without a warning and with no other headers than the compiler's own, which are in FLAGs.
set -u
include=$1 work=$2
shift 2
mkdir -p "$work" && cd "$work" || exit 1
failed=0
for header in $(cd "$include/nt" && find . -maxdepth 1 -name '*.h' | sort); do
  for language in c c++; do
    echo "#include <nt/${header#./}>" |
      "$@" -x "$language" -ffreestanding -fms-extensions -Wall -Wextra -Werror -nostdinc -fsyntax-only \
        -I "$include/nt" -I "$include" - || { echo "$header in $language"; failed=1; }
  done
done
exit $failed
