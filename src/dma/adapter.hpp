// DMA adapters: what an adapter is made of. docs/dma.md
//
// Rules
//   Everything below is guarded by the adapter's lock, rank dma, unless it says otherwise; no
//   driver is called under it. A run of map registers is its owner's: who was granted it maps and
//   flushes without the lock.
//   A driver's routine is called at DISPATCH_LEVEL, for one adapter by one processor at a time, by
//   whoever made it possible (channel.cpp); but what asked for it synchronously is called at
//   once.
#pragma once

#include <nt/ex.h>
#include <nt/io/dma.h>
#include <nt/mm.h>

#include "base/list.hpp"
#include "ke/verifier.hpp"
#include "mm/state.hpp"
#include "ob/type.hpp"

namespace mica::dma {

inline constexpr ULONG tag = ob::pool_tag("IoDm");

// The first parameter of DRIVER_VERIFIER_DMA_VIOLATION.                     [MSDN Bug Check 0xE6]
enum class Violation : ULONG_PTR {
  miscellaneous = 0x00,
  free_common_buffer = 0x03,    // that there is not
  free_channel = 0x04,          // that nobody has
  free_map_registers = 0x05,    // that nobody has
  put_list = 0x06,              // that there is not
  leave_common_buffers = 0x07,  // putting the adapter
  leave_channel = 0x08,
  leave_map_registers = 0x09,
  leave_lists = 0x0A,
  channel_again = 0x0B,  // asked for by a device that waits for one
  no_flush = 0x0D,       // mapping again before
  not_locked = 0x0E,     // a descriptor list without pages
  free_mapped = 0x10,    // map registers
  level = 0x13,
  flush_unmapped = 0x20,
  no_adapter = 0x19,
  outside_list = 0x1B,  // an address that is not in the descriptor list
  map_nothing = 0x21,
  short_list = 0x24,  // a descriptor list has fewer bytes
  unknown_version = 0x25,
};
inline constexpr ULONG_PTR no_map_registers = 2;  // second parameter of `miscellaneous`

[[noreturn]] inline void NTAPI violation(Violation what, ULONG_PTR second = 0, ULONG_PTR third = 0,
                                         ULONG_PTR fourth = 0) noexcept {
  ke::bugcheck(DRIVER_VERIFIER_DMA_VIOLATION, static_cast<ULONG_PTR>(what), second, third, fourth);
}

// One page of a transfer, or a part of it.
struct MapRegister {
  PageNumber page;    // that is mapped
  std::byte* bounce;  // where the device finds it instead; null: where it is
  ULONG begin;        // in the page
  ULONG bytes;        // 0: nothing is mapped
  ULONG run;          // of the first register of a run: how many it has; 0 of others, and free ones
  ULONG used;         // of the first: how many have been mapped since all were free
  ULONG mapped;       // of the first: how many are
};

struct List;

struct Adapter {
  DMA_ADAPTER header;  // what the driver has; first
  DMA_OPERATIONS operations;
  std::uint64_t last_address;  // that the device can tell
  ULONG address_bits;
  bool scatter_gather;
  std::byte* bounce;  // a page for each map register, neighbours; null: none is wanted
  PhysicalAddress bounce_address;
  MapRegister* registers;
  ULONG register_count;
  std::atomic<ULONG> references;  // the driver's, and who calls it back

  ke::SpinLock<ke::Rank::dma> lock;
  LIST_ENTRY waiting;         // WAIT_CONTEXT_BLOCKs, by WaitQueueEntry
  LIST_ENTRY lists;           // that are the driver's
  MapRegister* channel_base;  // what came with the channel; null: no registers
  ULONG channel_grant;        // which grant the channel was given by: they are counted
  bool channel_taken;
  bool serving;  // somebody calls who waits
  ULONG registers_taken;
  ULONG lists_put;
  std::atomic<ULONG> common_buffers;
};
static_assert(offsetof(Adapter, header) == 0);

[[nodiscard]] inline Adapter& adapter_of(PDMA_ADAPTER adapter) noexcept {
  if (adapter == nullptr) [[unlikely]]
    violation(Violation::no_adapter);
  return *reinterpret_cast<Adapter*>(adapter);
}

// The highest level at which an operation may be called; and in a verified System the only one.
inline void NTAPI require_at_most(KIRQL highest) noexcept {
  if (KIRQL const level = Machine::irql(); level > highest) [[unlikely]]
    violation(Violation::level, 2, highest, level);
}
inline void NTAPI require_dispatch() noexcept {
  require_at_most(DISPATCH_LEVEL);
  if (KIRQL const level = Machine::irql(); level != DISPATCH_LEVEL && ke::state().verified)
    violation(Violation::level, 1, DISPATCH_LEVEL, level);
}

// Of an operation that wants nothing of its adapter but that there is one.
inline void NTAPI require_adapter(PDMA_ADAPTER adapter, KIRQL highest) noexcept {
  static_cast<void>(adapter_of(adapter));
  require_at_most(highest);
}

// What a driver allocates names a request by. Made by InitializeDmaTransferContext.
struct TransferContext {
  enum class State : ULONG { idle, asked, cancelled };
  WAIT_CONTEXT_BLOCK wait;
  State state;
};
inline constexpr std::size_t context_alignment = alignof(TransferContext);
static_assert(sizeof(TransferContext) + context_alignment - 1 <= DMA_TRANSFER_CONTEXT_SIZE_V1);
// A driver may have it as bytes, wherever they begin.
[[nodiscard]] inline TransferContext& context_of(void* context) noexcept {
  auto const past = reinterpret_cast<std::uintptr_t>(context) % context_alignment;
  auto* const start =
      static_cast<std::byte*>(context) + (context_alignment - past) % context_alignment;
  return *reinterpret_cast<TransferContext*>(start);
}

// ---- adapter.cpp
void NTAPI dereference(Adapter& adapter) noexcept;

// ---- channel.cpp: who waits for channel and map registers.
struct Request {
  WAIT_CONTEXT_BLOCK& wait;  // memory of the caller's until the routine is called
  TransferContext* context;  // null: it cannot be cancelled
  PDRIVER_CONTROL routine;   // null only if `synchronous`
  void* routine_context;
  ULONG registers;
  PDEVICE_OBJECT device;
  bool synchronous;
};
// Calls the routine now or later, or, synchronous, now or never; without a routine the channel is
// the caller's and *base its registers.
//   STATUS_INSUFFICIENT_RESOURCES: there are not so many registers; synchronous: not now.
//   STATUS_CANCELLED: the context says so already.
[[nodiscard]] NTSTATUS NTAPI ask(Adapter& adapter, Request const& request,
                                 MapRegister** base) noexcept;
// A request with a context, if it waits: the routine will not be called. Early: one that is made
// with the context from now on is STATUS_CANCELLED.
enum class Cancelled : std::uint8_t { too_late, early, waiting };
[[nodiscard]] Cancelled NTAPI take_out(Adapter& adapter, TransferContext& context,
                                       bool& serves) noexcept;
// Frees the channel, and its registers if that is the action. False: nobody has it.
[[nodiscard]] bool NTAPI give_back(Adapter& adapter, IO_ALLOCATION_ACTION action,
                                   bool& serves) noexcept;
// Frees a run. Whether the caller serves.
[[nodiscard]] bool NTAPI give_back(Adapter& adapter, MapRegister& base) noexcept;
// Whether the caller is to serve now, and has a reference on the adapter until it has. Lock.
[[nodiscard]] bool NTAPI begin_serving(Adapter& adapter) noexcept;
// Calls who waits for what has been given back, if the caller serves; else does not touch the
// adapter, which may be gone.
void NTAPI serve(Adapter& adapter, bool serves) noexcept;

// ---- registers.cpp
// A run of so many, null: there is none. Adapter's lock.
[[nodiscard]] MapRegister* NTAPI take_run(Adapter& adapter, ULONG count) noexcept;
void NTAPI free_run(Adapter& adapter, MapRegister& base) noexcept;
// The first of a run of the adapter; else the driver has none such: a violation.
[[nodiscard]] MapRegister& NTAPI run_of(Adapter& adapter, void* base) noexcept;

// Where a walk through the bytes of a chain of descriptor lists is.
class Cursor {
 public:
  struct Piece {
    PageNumber page;
    ULONG begin;
    ULONG bytes;
  };
  // `offset` bytes behind the beginning of the first list.
  Cursor(PMDL mdl, std::uint64_t offset) noexcept;
  // What comes next, of one page, `most` bytes at most, more than 0. False: the chain has ended.
  [[nodiscard]] bool NTAPI peek(std::uint64_t most, Piece& piece) const noexcept;
  void NTAPI skip(Piece const& piece) noexcept;

 private:
  void NTAPI enter() noexcept;
  PMDL mdl_;
  std::uint64_t offset_;
};

// How many pieces `bytes` bytes from the cursor on are; 0: the chain has fewer.
[[nodiscard]] ULONG NTAPI count_pieces(Cursor cursor, std::uint64_t bytes) noexcept;
// Of an address in the first list: a violation if it is not.
[[nodiscard]] std::uint64_t NTAPI offset_of(PMDL mdl, void* address) noexcept;

struct Mapping {
  MapRegister& base;
  bool writes;   // to the device
  bool bounces;  // whatever the device reaches
};
// Maps the piece with the run's next register, which there is; returns the device's address.
PhysicalAddress NTAPI map_piece(Adapter& adapter, Mapping const& mapping,
                                Cursor::Piece const& piece) noexcept;
// The address that map_piece() would return.
[[nodiscard]] PhysicalAddress NTAPI address_of_piece(Adapter const& adapter, Mapping const& mapping,
                                                     Cursor::Piece const& piece) noexcept;
// Whether what the cursor is at has to be copied as a whole: the device wants one region.
[[nodiscard]] bool NTAPI must_bounce(Adapter const& adapter, Cursor cursor, ULONG bytes) noexcept;
// Which of the run's registers has that byte mapped; base.used: none.
[[nodiscard]] ULONG NTAPI find_mapped(MapRegister const& base, Cursor cursor) noexcept;
// Copies what the device has read and unmaps, from that register on. How many bytes were mapped.
ULONG NTAPI flush(MapRegister& base, ULONG from, ULONG bytes, bool writes) noexcept;

// ---- transfer.cpp
// Maps as many bytes as the run and the list's room for elements suffice for; returns how many.
[[nodiscard]] ULONG NTAPI fill_list(Adapter& adapter, Mapping const& mapping, Cursor cursor,
                                    ULONG bytes, SCATTER_GATHER_LIST& list, ULONG room) noexcept;

// ---- list.cpp
// The routine of requests that are for a list; the context is the List.
IO_ALLOCATION_ACTION NTAPI list_control(PDEVICE_OBJECT device, PIRP irp, void* base, void* context);
// Its request was cancelled.
void NTAPI abandon(List& list) noexcept;
// The run is no list's any more. Adapter's lock.
void NTAPI forget_run(Adapter& adapter, MapRegister const& base) noexcept;
// What a list for so many pieces takes, with what is ours behind it.
[[nodiscard]] std::size_t NTAPI list_bytes(ULONG pieces) noexcept;

}  // namespace mica::dma
