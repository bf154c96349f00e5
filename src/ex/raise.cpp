// Raising exceptions.                          [MSDN ExRaiseStatus, ExRaiseAccessViolation]
#include <nt/ex.h>
#include <nt/ntstatus.h>

#include "ke/bugcheck.hpp"

using namespace mica;

VOID NTAPI ExRaiseStatus(NTSTATUS Status) {
  ke::raise_status(Status, __builtin_return_address(0));
}

VOID NTAPI ExRaiseAccessViolation() {
  ke::raise_status(STATUS_ACCESS_VIOLATION, __builtin_return_address(0));
}

VOID NTAPI ExRaiseDatatypeMisalignment() {
  ke::raise_status(STATUS_DATATYPE_MISALIGNMENT, __builtin_return_address(0));
}
