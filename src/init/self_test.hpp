// The self-tests of a System that boots for its own sake: every case that the image was linked
// with.
//   Kernel options, words of the machine's command line: test=GLOB runs the cases whose name
//   matches, list prints the names, stay leaves the monitor on the console, fail-check makes one
//   check fail, bugcheck ends in one, and so do hang-dpc and hang-dispatch, by the DPC watchdog:
//   after so long as dpc-timeout-ms=N and dpc-watchdog-ms=N say.
//   test-driver=NAME loads the RAM disk's NAME.sys and runs the cases that it has instead of those
//   of the image (init/test_driver.hpp).
//   drivers loads the drivers of the RAM disk instead (init/drivers.hpp).
//   deadlock-detection judges the order of locks (ke/lock_checks.hpp).
#pragma once

#include <nt/ntdef.h>

namespace mica::init {

void NTAPI self_test_main(void* argument) noexcept;
void print_failure(char const* expression, char const* file, int line) noexcept;

}  // namespace mica::init
