#!/bin/sh
# printers.sh GDB PRINTERS PROGRAM EXPECTED: what gdb prints for each object must be what EXPECTED
# says.
gdb=$1 printers=$2 program=$3 expected=$4
set --
for object in name no_name number empty_list unlinked event semaphore mutant dpc timer event.Header; do
  set -- "$@" -ex "print $object"
done
"$gdb" -nx -batch -ex "source $printers" "$@" "$program" 2>&1 | diff "$expected" - &&
  echo "all as expected"
