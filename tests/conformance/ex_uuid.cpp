// UUIDs.                                                     [MSDN ExUuidCreate; RFC 4122, 4.1]
#include <nt/ex.h>
#include <nt/zw.h>
#include <mica/test.hpp>

namespace {

// When it was made, in 100 ns since 15 October 1582.
[[nodiscard]] ULONGLONG time_of(UUID const& uuid) noexcept {
  return uuid.Data1 | ULONGLONG{uuid.Data2} << 32 | ULONGLONG{uuid.Data3 & 0x0FFFu} << 48;
}

}  // namespace

MICA_CASE("Ex: UUIDs are by time, of no network card, and later ones are greater") {
  constexpr int count = 100;
  UUID first{}, last{};
  for (int i = 0; i < count; ++i) {
    UUID uuid{};
    MICA_CHECK(ExUuidCreate(&uuid) == RPC_NT_UUID_LOCAL_ONLY);
    MICA_CHECK(uuid.Data3 >> 12 == 1);
    MICA_CHECK(uuid.Data4[0] >> 6 == 2);
    MICA_CHECK((uuid.Data4[2] & 1) != 0);
    int zeros = 0;
    for (UCHAR const byte : uuid.Data4) zeros += byte == 0 ? 1 : 0;
    MICA_CHECK(zeros < 4);  // of a random place
    if (i == 0) {
      first = uuid;
    } else {
      MICA_CHECK(time_of(uuid) > time_of(last));
      for (int byte = 0; byte < 8; ++byte) MICA_CHECK(uuid.Data4[byte] == first.Data4[byte]);
    }
    last = uuid;
  }
  LARGE_INTEGER now;
  KeQuerySystemTimePrecise(&now);
  constexpr ULONGLONG offset = 0x01B2'1DD2'1381'4000 - 0x019D'B1DE'D53E'8000;  // to 1970, from 1601
  ULONGLONG const made = time_of(last) - offset;
  MICA_CHECK(made <= static_cast<ULONGLONG>(now.QuadPart) + count);
  MICA_CHECK(made + 10'000'000 > static_cast<ULONGLONG>(now.QuadPart));
}

MICA_CASE("Ex: two threads are given different UUIDs") {
  struct Made {
    UUID uuids[50];
  } made[2];
  auto make = [](Made& into) {
    for (UUID& uuid : into.uuids) static_cast<void>(ExUuidCreate(&uuid));
  };
  auto first = [&] { make(made[0]); };
  auto second = [&] { make(made[1]); };
  mica::test::Thread* const threads[] = {mica::test::start(first, {.processor = 0}),
                                         mica::test::start(second, {.processor = 1})};
  for (mica::test::Thread* const thread : threads) mica::test::join(thread);
  for (UUID const& one : made[0].uuids) {
    for (UUID const& other : made[1].uuids) MICA_CHECK(time_of(one) != time_of(other));
  }
}

MICA_CASE("Ex: UUIDs get on when the clock is set back") {
  constexpr LONGLONG hour_100ns = 36'000'000'000;
  auto move_clock = [](LONGLONG by_100ns) {
    LARGE_INTEGER time;
    KeQuerySystemTimePrecise(&time);
    time.QuadPart += by_100ns;
    MICA_CHECK(ZwSetSystemTime(&time, nullptr) == STATUS_SUCCESS);
  };
  UUID before{}, first{}, second{};
  static_cast<void>(ExUuidCreate(&before));
  move_clock(-hour_100ns);
  static_cast<void>(ExUuidCreate(&first));
  static_cast<void>(ExUuidCreate(&second));
  move_clock(hour_100ns);
  MICA_CHECK(time_of(first) == time_of(before) + 1);
  MICA_CHECK(time_of(second) == time_of(first) + 1);
}

MICA_CASE("Ex: a UUID above PASSIVE_LEVEL is bad") {
  UUID uuid{};
  auto const end = mica::test::bugcheck_of([&] {
    KIRQL old;
    KeRaiseIrql(APC_LEVEL, &old);
    static_cast<void>(ExUuidCreate(&uuid));
  });
  MICA_CHECK(end.happened && end.code == IRQL_NOT_LESS_OR_EQUAL);
  MICA_CHECK(end.parameters[1] == APC_LEVEL);
}
