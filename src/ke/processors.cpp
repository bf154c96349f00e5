// Which processors there are: one group, group 0.
//                               [MSDN KeQueryActiveProcessorCountEx, KeGetCurrentProcessorNumberEx]
#include "ke/processor.hpp"

using namespace mica;
using namespace mica::ke;

namespace {

bool names_a_group(USHORT group) noexcept {
  return group == 0 || group == ALL_PROCESSOR_GROUPS;
}

}  // namespace

ULONG NTAPI KeGetCurrentProcessorNumberEx(PPROCESSOR_NUMBER ProcNumber) {
  ULONG const number = Machine::processor_number();
  if (ProcNumber != nullptr)
    *ProcNumber = {.Group = 0, .Number = static_cast<UCHAR>(number), .Reserved = 0};
  return number;
}

ULONG NTAPI KeGetCurrentProcessorNumber(void) {
  return Machine::processor_number();
}

ULONG NTAPI KeQueryActiveProcessorCount(PKAFFINITY ActiveProcessors) {
  KAFFINITY const mask = active_processors();
  if (ActiveProcessors != nullptr) *ActiveProcessors = mask;
  return static_cast<ULONG>(std::popcount(mask));
}

ULONG NTAPI KeQueryActiveProcessorCountEx(USHORT GroupNumber) {
  return names_a_group(GroupNumber) ? static_cast<ULONG>(std::popcount(active_processors())) : 0;
}

KAFFINITY NTAPI KeQueryActiveProcessors(void) {
  return active_processors();
}

ULONG NTAPI KeQueryMaximumProcessorCount(void) {
  return state().count;
}

ULONG NTAPI KeQueryMaximumProcessorCountEx(USHORT GroupNumber) {
  return names_a_group(GroupNumber) ? state().count : 0;
}

USHORT NTAPI KeQueryActiveGroupCount(void) {
  return 1;
}

USHORT NTAPI KeQueryMaximumGroupCount(void) {
  return 1;
}

KAFFINITY NTAPI KeQueryGroupAffinity(USHORT GroupNumber) {
  return GroupNumber == 0 ? active_processors() : 0;
}

NTSTATUS NTAPI KeGetProcessorNumberFromIndex(ULONG ProcIndex, PPROCESSOR_NUMBER ProcNumber) {
  if (ProcIndex >= state().count) return STATUS_INVALID_PARAMETER;
  *ProcNumber = {.Group = 0, .Number = static_cast<UCHAR>(ProcIndex), .Reserved = 0};
  return STATUS_SUCCESS;
}

ULONG NTAPI KeGetProcessorIndexFromNumber(PPROCESSOR_NUMBER ProcNumber) {
  bool const exists =
      ProcNumber->Group == 0 && ProcNumber->Reserved == 0 && ProcNumber->Number < state().count;
  return exists ? ProcNumber->Number : INVALID_PROCESSOR_INDEX;
}

USHORT NTAPI KeQueryHighestNodeNumber(void) {
  return 0;
}

USHORT NTAPI KeGetCurrentNodeNumber(void) {
  return 0;
}

void NTAPI KeQueryNodeActiveAffinity(USHORT NodeNumber, PGROUP_AFFINITY Affinity, PUSHORT Count) {
  KAFFINITY const mask = NodeNumber == 0 ? active_processors() : 0;
  if (Affinity != nullptr) *Affinity = {.Mask = mask, .Group = 0, .Reserved = {}};
  // They are numbered without a gap.
  if (Count != nullptr) *Count = static_cast<USHORT>(std::bit_width(mask));
}

USHORT NTAPI KeQueryNodeMaximumProcessorCount(USHORT NodeNumber) {
  return static_cast<USHORT>(NodeNumber == 0 ? state().count : 0);
}
