// Local time: UTC less the bias in the shared page.           [MSDN ExSystemTimeToLocalTime]
#include <machine.hpp>

#include <nt/ex.h>

using namespace mica;

namespace {

// High1Time is written last and High2Time first: equal ones belong to the low part between.
[[nodiscard]] ULONGLONG bias_100ns() noexcept {
  KSYSTEM_TIME volatile const& bias = Machine::shared_user_data()->TimeZoneBias;
  for (;;) {
    LONG const high = bias.High1Time;
    ULONG const low = bias.LowPart;
    if (high == bias.High2Time) return ULONGLONG{static_cast<ULONG>(high)} << 32 | low;
  }
}

}  // namespace

VOID NTAPI ExSystemTimeToLocalTime(PLARGE_INTEGER SystemTime, PLARGE_INTEGER LocalTime) {
  auto const time = static_cast<ULONGLONG>(SystemTime->QuadPart);
  LocalTime->QuadPart = static_cast<LONGLONG>(time - bias_100ns());
}

VOID NTAPI ExLocalTimeToSystemTime(PLARGE_INTEGER LocalTime, PLARGE_INTEGER SystemTime) {
  auto const time = static_cast<ULONGLONG>(LocalTime->QuadPart);
  SystemTime->QuadPart = static_cast<LONGLONG>(time + bias_100ns());
}
