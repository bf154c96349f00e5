// UUIDs by time and place.                         [MSDN ExUuidCreate; RFC 4122, 4.1 and 4.5]
//   There is no network card whose address would make them universal: the place is a number that a
//   System makes of the time when it began, marked as none of a card.
#include <nt/ex.h>

#include <algorithm>

#include "base/mix.hpp"
#include "ex/state.hpp"
#include "ke/verifier.hpp"

using namespace mica;

namespace {

// From the beginning of the Gregorian calendar, 15 October 1582, to 1601.
constexpr std::uint64_t calendar_offset_100ns = 6653ull * 24 * 3600 * 10'000'000;

// The time, but later than any that was given before: a clock that is set back changes nothing.
[[nodiscard]] std::uint64_t later_time(std::atomic<std::uint64_t>& last) noexcept {
  LARGE_INTEGER now;
  KeQuerySystemTimePrecise(&now);
  std::uint64_t before = last.load(std::memory_order_relaxed);
  std::uint64_t next;
  do {
    next = std::max(before + 1, static_cast<std::uint64_t>(now.QuadPart));
  } while (!last.compare_exchange_weak(before, next, std::memory_order_relaxed));
  return next + calendar_offset_100ns;
}

}  // namespace

namespace mica::ex {

void NTAPI initialize_uuids(Uuids& uuids) noexcept {
  uuids.place = mix(Machine::boot_system_time_100ns() ^ mix(Machine::performance_counter()));
}

}  // namespace mica::ex

NTSTATUS NTAPI ExUuidCreate(UUID* Uuid) {
  MICA_REQUIRE_IRQL_AT_MOST(PASSIVE_LEVEL, Uuid);
  constexpr USHORT version_by_time = 1 << 12;
  constexpr UCHAR rfc_variant = 0x80, no_card = 0x01;
  ex::Uuids& uuids = ex::state().uuids;
  std::uint64_t const time = later_time(uuids.last_100ns);
  std::uint64_t const place = uuids.place;
  Uuid->Data1 = static_cast<ULONG>(time);
  Uuid->Data2 = static_cast<USHORT>(time >> 32);
  Uuid->Data3 = static_cast<USHORT>((time >> 48 & 0x0FFF) | version_by_time);
  for (unsigned i = 0; i < 8; ++i) Uuid->Data4[i] = static_cast<UCHAR>(place >> (8 * i));
  Uuid->Data4[0] = static_cast<UCHAR>((Uuid->Data4[0] & 0x3F) | rfc_variant);
  Uuid->Data4[2] |= no_card;
  return RPC_NT_UUID_LOCAL_ONLY;
}
