// Mm's state, one per System, and what the rest of the executive calls.
//
// Rules
//   initialize: once, on processor 0 before another one runs, IRQL <= DISPATCH_LEVEL. Nothing of mm
//   works before it. Everything else: IRQL <= DISPATCH_LEVEL unless it says otherwise; nothing
//   blocks.
#pragma once

#include <algorithm>

#include "ke/thread.hpp"
#include "mm/pool.hpp"
#include "mm/stacks.hpp"

namespace mica::mm {

// NT's for an expanded stack, where the machine's own are NT's too.
inline constexpr std::size_t large_stack_bytes =
    std::max<std::size_t>(KERNEL_LARGE_STACK_SIZE, 2 * Machine::stack_size);

// A live block that is about to be freed, and what may have been left in it.
struct FreedBlock {
  void const* memory;
  std::size_t bytes;
  PoolKind kind;
  bool objects;  // that must be deleted first
  bool timers;   // and DPCs
};

struct State {
  Physical pages;
  SystemSpace space;
  Stacks stacks;
  Stacks large_stacks;  // what stacks are expanded with
  Pool pools[pool_count];
  SpecialPool special;
  PVOID system_range_start;  // below everything that mm hands out
  // A block is about to be freed in whose page something was watched: a bugcheck if that is in the
  // block. IRQL <= DISPATCH_LEVEL.
  void(NTAPI* freeing)(FreedBlock const& block);
  // A block was allocated in a verified System. IRQL <= DISPATCH_LEVEL.
  void(NTAPI* allocated)(void const* memory, std::size_t bytes, ULONG tag);
};

[[nodiscard]] inline State& state() noexcept {
  return *ke::processor_block().mm;
}

// `state` is zero-filled. False if the machine has too little memory to begin with.
[[nodiscard]] bool NTAPI initialize(State& state) noexcept;

// ---- Pool. `tag` is not 0; allocation returns nullptr if there is no memory.
//                                                                      [MSDN ExAllocatePoolWithTag]
[[nodiscard]] inline void* allocate_pool(PoolKind kind, std::size_t bytes, ULONG tag) noexcept {
  return state().pools[static_cast<unsigned>(kind)].allocate(bytes, tag);
}
// `tag` 0 fits every block; another tag than the block's, and every pointer that is no live block,
// is a bugcheck.
void NTAPI free_pool(void* memory, ULONG tag) noexcept;
// Which blocks come from special pool from now on: IRQL <= DISPATCH_LEVEL, one caller at a time.
// False, and nothing has changed, if there is no memory for its tables.
[[nodiscard]] bool NTAPI choose_special_pool(State& state, SpecialChoice const& choice) noexcept;
// ke::State::verified has changed. As above.
void NTAPI choose_rare_requests(State& state) noexcept;
// ke::BugcheckState::fault_code. Any IRQL.
[[nodiscard]] ULONG NTAPI fault_code(std::uintptr_t address) noexcept;
// From now on blocks that are freed near what is watched, if that is in the pool, are shown to
// State::freeing: because of an object that must be deleted first, or because of a timer or a DPC.
// Any IRQL.
void NTAPI watch(void const* object) noexcept;
void NTAPI watch_timer(void const* timer) noexcept;
// Gives back the memory that this processor keeps for its next allocations.
void NTAPI trim_pools() noexcept;

// ---- Kernel stacks. base is nullptr if there is no memory.
[[nodiscard]] inline hal::Stack allocate_stack() noexcept {
  return state().stacks.allocate();
}
inline void free_stack(hal::Stack stack) noexcept {
  state().stacks.release(stack);
}
// All that a thread stood on which has ended, in a callout even if a bugcheck was taken from it.
// expand_stack.cpp
void NTAPI free_stacks_of(ke::Thread& thread) noexcept;

// ---- Pages
// Handlers::table_page: a zeroed page, or no_page. Takes the lock `pages` alone, so the machine may
// call it with any lock of its own or of a lower rank held.
[[nodiscard]] PageNumber NTAPI table_page() noexcept;

}  // namespace mica::mm
