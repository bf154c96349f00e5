#include <mica/test.hpp>

using namespace mica::test;

namespace {

constexpr USHORT no_group = 1;

KAFFINITY mask_of(ULONG count) {
  return (KAFFINITY{1} << count) - 1;
}

}  // namespace

MICA_CASE("Ke: active processors agree with their mask") {
  KAFFINITY mask = 0;
  ULONG const count = KeQueryActiveProcessorCount(&mask);
  MICA_CHECK(count >= 1);
  MICA_CHECK(mask == mask_of(count));
  MICA_CHECK(KeQueryActiveProcessors() == mask);
  MICA_CHECK(KeQueryActiveProcessorCount(nullptr) == count);
}

MICA_CASE("Ke: there is one group") {
  ULONG const count = KeQueryActiveProcessorCount(nullptr);
  MICA_CHECK(KeQueryActiveGroupCount() == 1);
  MICA_CHECK(KeQueryActiveProcessorCountEx(0) == count);
  MICA_CHECK(KeQueryActiveProcessorCountEx(ALL_PROCESSOR_GROUPS) == count);
  MICA_CHECK(KeQueryActiveProcessorCountEx(no_group) == 0);
}

MICA_CASE("Ke: no more processors are active than there can be") {
  ULONG const count = KeQueryActiveProcessorCount(nullptr);
  MICA_CHECK(KeQueryMaximumProcessorCount() >= count);
  MICA_CHECK(KeQueryMaximumProcessorCountEx(0) >= count);
  MICA_CHECK(KeQueryMaximumProcessorCountEx(ALL_PROCESSOR_GROUPS) >= count);
  MICA_CHECK(KeQueryMaximumProcessorCountEx(no_group) == 0);
}

MICA_CASE("Ke: each processor knows its number") {
  for (ULONG i = 0; i < processors(); ++i) {
    struct {
      ULONG number;
      PROCESSOR_NUMBER name;
    } seen{~0u, {7, 7, 7}};
    auto body = [&seen] { seen.number = KeGetCurrentProcessorNumberEx(&seen.name); };
    join(start(body, {.processor = static_cast<int>(i)}));
    MICA_CHECK(seen.number == i);
    MICA_CHECK(seen.name.Group == 0 && seen.name.Number == i && seen.name.Reserved == 0);
  }
}
