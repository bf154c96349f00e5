#!/bin/sh
# headers.sh COMPILER FREESTANDING_HEADERS INCLUDE WORK: every header that a driver may include compiles by itself, as
# drivers are compiled, in C and in C++, without a warning and with no other headers than the compiler's own.
set -u
compiler=$1 freestanding=$2 include=$3 work=$4
mkdir -p "$work" && cd "$work" || exit 1
failed=0
for header in $(cd "$include/nt" && find . -maxdepth 1 -name '*.h' | sort); do
  for language in c c++; do
    echo "#include <nt/${header#./}>" |
      "$compiler" -x "$language" --target=x86_64-w64-windows-gnu -ffreestanding -fms-extensions -Wall -Wextra -Werror \
        -Wno-pragma-once-outside-header -nostdinc -isystem "$freestanding" -I "$include/nt" -I "$include" \
        -fsyntax-only - || { echo "$header in $language"; failed=1; }
  done
done
exit $failed
