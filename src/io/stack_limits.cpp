// The stack that the calling thread stands on.   [MSDN IoGetStackLimits, IoGetRemainingStackSize]
//   DPCs and interrupt handlers stand on the stack of the thread that they interrupted.
#include "io/state.hpp"

using namespace mica;

void NTAPI IoGetStackLimits(PULONG_PTR LowLimit, PULONG_PTR HighLimit) {
  hal::Stack const stack = ke::current_thread().stack_in_use;
  *LowLimit = ke::as_parameter(stack.base);
  *HighLimit = *LowLimit + stack.bytes;
}

ULONG_PTR NTAPI IoGetRemainingStackSize(void) {
  ULONG_PTR low = 0, high = 0;
  IoGetStackLimits(&low, &high);
  return ke::as_parameter(__builtin_frame_address(0)) - low;
}
