// Extended registers that kernel code uses.
//        [MSDN KeSaveExtendedProcessorState, KeRestoreExtendedProcessorState; MSDN Bug Check 0xE7]
//   Between a save and its restore the registers are the thread's own: switches keep them
//   (ke/switch.cpp), in the second area of the block that each save allocates. The first one has
//   what was saved.
//   Nothing between the registers and their area calls out of the NTAPI convention, so that what is
//   saved is the caller's and what is restored is what the caller gets.
#include <nt/ex.h>

#include <cstring>

#include "hal/extended_state.hpp"
#include "ke/thread.hpp"
#include "ke/verifier.hpp"

using namespace mica;

namespace {

constexpr ULONG tag_state = 'tsxE';

// Apart, see above: memcpy and memset are of another convention.
[[gnu::noinline]] void NTAPI copy(void* to, void const* from, std::size_t bytes) noexcept {
  std::memcpy(to, from, bytes);
}

// What was stored becomes what may be loaded: the registers of `mask` and a header without the
// rest.
[[gnu::noinline]] void NTAPI tidy_header(std::byte* area, ULONG64 mask) noexcept {
  auto& header = *reinterpret_cast<XSAVE_AREA_HEADER*>(area + hal::legacy_area_bytes);
  header = {.Mask = header.Mask & mask, .Reserved = {}};
}

[[nodiscard]] std::size_t area_room() noexcept {
  return (Machine::extended_area_bytes() + hal::extended_alignment - 1) &
         ~(hal::extended_alignment - 1);
}

// The block aligns its areas itself.
[[nodiscard]] NTSTATUS NTAPI keep(std::byte* now, ULONG64 mask, XSTATE_SAVE& save) noexcept {
  KIRQL const level = Machine::irql();
  ULONG64 const enabled = Machine::extended_features();
  if ((mask & ~enabled) != 0) ke::bugcheck(INVALID_EXTENDED_PROCESSOR_STATE, mask, enabled);
  MICA_REQUIRE_IRQL_AT_MOST(DISPATCH_LEVEL, &save);
  std::size_t const room = area_room();
  void* const block =
      ExAllocatePool2(POOL_FLAG_NON_PAGED, 2 * room + hal::extended_alignment, tag_state);
  if (block == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
  auto const aligned = (reinterpret_cast<std::uintptr_t>(block) + hal::extended_alignment - 1) &
                       ~(hal::extended_alignment - 1);
  auto* const area = reinterpret_cast<XSAVE_AREA*>(aligned);
  tidy_header(now, mask);
  copy(area, now, room);
  ke::Thread& thread = ke::current_thread();
  save = {.Prev = thread.extended,
          .Thread = &thread,
          .Level = level,
          .XStateContext = {.Mask = mask,
                            .Length = static_cast<ULONG>(room),
                            .Reserved1 = 0,
                            .Area = area,
                            .Buffer = block}};
  thread.extended = &save;
  return STATUS_SUCCESS;
}

void NTAPI give_back(std::byte* then, XSTATE_SAVE const& save) noexcept {
  ke::Thread& thread = ke::current_thread();
  if (save.Thread != &thread) {
    ke::bugcheck(INVALID_FLOATING_POINT_STATE, 2, ke::as_parameter(save.Thread),
                 ke::as_parameter(&thread));
  }
  if (KIRQL const level = Machine::irql(); save.Level != level)
    ke::bugcheck(INVALID_FLOATING_POINT_STATE, 1, save.Level, level);
  if (thread.extended != &save)
    ke::bugcheck(INVALID_FLOATING_POINT_STATE, 0, ke::as_parameter(&save));
  copy(then, save.XStateContext.Area, save.XStateContext.Length);
  thread.extended = save.Prev;
  ExFreePoolWithTag(save.XStateContext.Buffer, tag_state);
}

}  // namespace

ULONG64 NTAPI RtlGetEnabledExtendedFeatures(ULONG64 FeatureMask) {
  return FeatureMask & Machine::extended_features();
}

MICA_KEEPS_REGISTERS NTSTATUS NTAPI KeSaveExtendedProcessorState(ULONG64 Mask,
                                                                 PXSTATE_SAVE XStateSave) {
  alignas(hal::extended_alignment) std::byte now[hal::largest_extended_area];
  Machine::save_extended(now, Mask);
  return keep(now, Mask, *XStateSave);
}

MICA_KEEPS_REGISTERS VOID NTAPI KeRestoreExtendedProcessorState(PXSTATE_SAVE XStateSave) {
  alignas(hal::extended_alignment) std::byte then[hal::largest_extended_area];
  ULONG64 const mask = XStateSave->XStateContext.Mask;
  give_back(then, *XStateSave);
  Machine::restore_extended(then, mask);
}
