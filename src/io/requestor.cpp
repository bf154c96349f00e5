// Whose a request is.
//         [MSDN IoGetRequestorProcess, IoGetRequestorProcessId, IoIs32bitProcess, IoIsSystemThread]
#include <nt/io.h>
#include <nt/ps.h>

PEPROCESS NTAPI IoGetRequestorProcess(PIRP Irp) {
  PETHREAD const thread = Irp->Tail.Overlay.Thread;
  return thread != nullptr ? PsGetThreadProcess(thread) : nullptr;
}

ULONG NTAPI IoGetRequestorProcessId(PIRP Irp) {
  PEPROCESS const process = IoGetRequestorProcess(Irp);
  return process != nullptr ? HandleToULong(PsGetProcessId(process)) : 0;
}

BOOLEAN NTAPI IoIs32bitProcess(PIRP) {
  return FALSE;  // no process leaves the kernel, which has 64 bits
}

BOOLEAN NTAPI IoIsSystemThread(PETHREAD) {
  return TRUE;  // no thread leaves the kernel
}
