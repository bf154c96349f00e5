// Where the thread that runs came from.                                  [MSDN ExGetPreviousMode]
#include <nt/ex.h>

#include "ke/thread.hpp"

// No thread leaves the kernel; but a host's program may speak as one that came from outside.
KPROCESSOR_MODE NTAPI ExGetPreviousMode() {
  return mica::ke::current_thread().previous_mode;
}
