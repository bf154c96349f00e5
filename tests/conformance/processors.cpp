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
  MICA_CHECK(KeNumberProcessors == static_cast<CCHAR>(count));
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

MICA_CASE("Ke: the group has the active processors, no other group has any") {
  MICA_CHECK(KeQueryMaximumGroupCount() == 1);
  MICA_CHECK(KeQueryGroupAffinity(0) == KeQueryActiveProcessors());
  MICA_CHECK(KeQueryGroupAffinity(no_group) == 0);
}

MICA_CASE("Ke: processor indices and numbers are the same, and name no other processor") {
  ULONG const count = KeQueryMaximumProcessorCount();
  for (ULONG index = 0; index < count; ++index) {
    PROCESSOR_NUMBER number{7, 7, 7};
    MICA_CHECK(KeGetProcessorNumberFromIndex(index, &number) == STATUS_SUCCESS);
    MICA_CHECK(number.Group == 0 && number.Number == index && number.Reserved == 0);
    MICA_CHECK(KeGetProcessorIndexFromNumber(&number) == index);
  }
  PROCESSOR_NUMBER untouched{7, 7, 7};
  MICA_CHECK(KeGetProcessorNumberFromIndex(count, &untouched) == STATUS_INVALID_PARAMETER);
  MICA_CHECK(untouched.Group == 7 && untouched.Number == 7 && untouched.Reserved == 7);
  PROCESSOR_NUMBER const bad[] = {{1, 0, 0}, {0, static_cast<UCHAR>(count), 0}, {0, 0, 1}};
  for (PROCESSOR_NUMBER number : bad)
    MICA_CHECK(KeGetProcessorIndexFromNumber(&number) == INVALID_PROCESSOR_INDEX);
}

MICA_CASE("Ke: there is one node, with every processor") {
  constexpr USHORT no_node = 1;
  MICA_CHECK(KeQueryHighestNodeNumber() == 0 && KeGetCurrentNodeNumber() == 0);
  GROUP_AFFINITY affinity{1, 1, {1, 1, 1}};
  USHORT count = 99;
  KeQueryNodeActiveAffinity(0, &affinity, &count);
  MICA_CHECK(affinity.Mask == KeQueryActiveProcessors() && affinity.Group == 0);
  for (USHORT const reserved : affinity.Reserved) MICA_CHECK(reserved == 0);
  MICA_CHECK(count == KeQueryActiveProcessorCount(nullptr));
  MICA_CHECK(KeQueryNodeMaximumProcessorCount(0) == KeQueryMaximumProcessorCount());
  KeQueryNodeActiveAffinity(no_node, &affinity, &count);
  MICA_CHECK(affinity.Mask == 0 && count == 0);
  MICA_CHECK(KeQueryNodeMaximumProcessorCount(no_node) == 0);
  KeQueryNodeActiveAffinity(0, nullptr, nullptr);
}
