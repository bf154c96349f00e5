// Setting the clock.                                                     [ntifs.h ZwSetSystemTime]
#include <nt/zw.h>

#include "ke/interrupts.hpp"
#include "ke/verifier.hpp"

using namespace mica;

NTSTATUS NTAPI ZwSetSystemTime(PLARGE_INTEGER NewTime, PLARGE_INTEGER OldTime) {
  MICA_REQUIRE_IRQL_AT_MOST(PASSIVE_LEVEL, NewTime);
  if (NewTime->QuadPart < 0) return STATUS_INVALID_PARAMETER;
  std::uint64_t const before = ke::set_system_time(static_cast<std::uint64_t>(NewTime->QuadPart));
  if (OldTime != nullptr) OldTime->QuadPart = static_cast<LONGLONG>(before);
  return STATUS_SUCCESS;
}
