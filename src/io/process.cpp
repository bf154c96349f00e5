// Processes by the names that drivers of devices know.
//                                                     [MSDN IoGetCurrentProcess, IoThreadToProcess]
#include <nt/io.h>
#include <nt/ps.h>

PEPROCESS NTAPI IoGetCurrentProcess() {
  return PsGetCurrentProcess();
}

PEPROCESS NTAPI IoThreadToProcess(PETHREAD Thread) {
  return PsGetThreadProcess(Thread);
}
