// The outermost request of the current thread.            [MSDN IoGetTopLevelIrp, IoSetTopLevelIrp]
#include <nt/io.h>

#include "ps/thread.hpp"

PIRP NTAPI IoGetTopLevelIrp() {
  return PsGetCurrentThread()->top_level_irp;
}

VOID NTAPI IoSetTopLevelIrp(PIRP Irp) {
  PsGetCurrentThread()->top_level_irp = Irp;
}
