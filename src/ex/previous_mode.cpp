// Where the thread that runs came from.                                  [MSDN ExGetPreviousMode]
#include <nt/ex.h>

KPROCESSOR_MODE NTAPI ExGetPreviousMode() {
  return KernelMode;  // no thread leaves the kernel
}
