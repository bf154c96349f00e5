// Raising exceptions, local time.               [MSDN ExRaiseStatus, ExSystemTimeToLocalTime]
#include <nt/ex.h>
#include <nt/ntstatus.h>
#include <nt/rtl.h>
#include <mica/test.hpp>

#include "support.hpp"

using namespace mica::test;

namespace {

bool raised(Bugcheck const& end, NTSTATUS status) {
  return end.happened && end.code == unhandled &&
         static_cast<NTSTATUS>(end.parameters[0]) == status && end.parameters[1] != 0;
}

}  // namespace

MICA_CASE("Ex: an exception that nobody handles is a bugcheck with its status") {
  MICA_CHECK(raised(bugcheck_of([] { ExRaiseStatus(STATUS_INVALID_PARAMETER); }),
                    STATUS_INVALID_PARAMETER));
  MICA_CHECK(raised(bugcheck_of([] { ExRaiseAccessViolation(); }), STATUS_ACCESS_VIOLATION));
  MICA_CHECK(
      raised(bugcheck_of([] { ExRaiseDatatypeMisalignment(); }), STATUS_DATATYPE_MISALIGNMENT));
}

MICA_CASE("Ex: a breakpoint without a debugger is an exception") {
  MICA_CHECK(raised(bugcheck_of([] { DbgBreakPoint(); }), STATUS_BREAKPOINT));
}

MICA_CASE("Ex: local time there and back is the time one began with") {
  LARGE_INTEGER system, local, again;
  system.QuadPart = 0x01D9'1234'5678'9ABC;
  ExSystemTimeToLocalTime(&system, &local);
  ExLocalTimeToSystemTime(&local, &again);
  MICA_CHECK(again.QuadPart == system.QuadPart);
}
