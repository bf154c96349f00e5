// Which blocks of pool each loaded image has allocated and nobody has freed: kept of a verified
// System, for a driver that is unloaded must have none.      [MSDN Bug Check 0xC4, parameter 0x62]
//
// Rules
//   A block is the image's that called the pool for it by a public name (ExAllocatePool...). What
//   a routine allocated on the way to something else is the executive's, and so is what was
//   allocated before the System was verified. Whoever frees the block frees the driver of it.
//   IRQL <= DISPATCH_LEVEL; nothing blocks. Lock: pool_owners, a leaf.
#pragma once

#include <string_view>

#include "ke/processor.hpp"

namespace mica::ldr {

struct OwnedBlock;

struct PoolOwners {
  static constexpr unsigned buckets = 64;

  ke::SpinLock<ke::Rank::pool_owners> lock;
  OwnedBlock* blocks[buckets] MICA_GUARDED_BY(lock);
};

// mm::State::allocated. A block that there is no memory to note is nobody's.
void NTAPI note_allocated(void const* memory, std::size_t bytes, ULONG tag) noexcept;
// The block is about to be freed, by whom ever.
void NTAPI note_freed(void const* memory) noexcept;

// The image that begins there runs no more. Blocks that it has left are told to the debugger, and
// are a violation, which `driver`, its name, is a parameter of.
void NTAPI judge_unloaded(void const* base, WCHAR const* driver) noexcept;
// The same image goes: what it has left is nobody's.
void NTAPI forget_owner(void const* base) noexcept;

}  // namespace mica::ldr
