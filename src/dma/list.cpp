// Scatter/gather lists: channel, map registers and the elements in one go.
//   [MSDN GetScatterGatherList, BuildScatterGatherList, PutScatterGatherList, and the Ex ones]
//   A list is a request for a channel whose routine is ours: it maps the buffer, calls the driver's
//   and frees the channel. The registers stay until the list is put.
#include "dma/list.hpp"

#include "dma/operations.hpp"
#include "mm/mdl.hpp"
#include "trace/callback.hpp"

namespace mica::dma {
namespace {

using Guard = ke::SpinGuard<ke::Rank::dma>;

constexpr std::size_t list_head_bytes = offsetof(SCATTER_GATHER_LIST, Elements);
static_assert(list_head_bytes % alignof(List) == 0 &&
              sizeof(SCATTER_GATHER_ELEMENT) % alignof(List) == 0);

struct Wish {
  PDEVICE_OBJECT device;
  TransferContext* transfer;
  PMDL mdl;
  std::uint64_t offset;
  ULONG bytes;
  PDRIVER_LIST_CONTROL routine;
  void* context;
  bool writes;
  bool synchronous;
  void* buffer;  // null: from the pool
  ULONG buffer_bytes;
};

// The buffer's memory, or the pool's; null: there is none.
SCATTER_GATHER_LIST* memory_for(Wish const& wish, std::size_t bytes) noexcept {
  void* const memory =
      wish.buffer != nullptr
          ? wish.buffer
          : ExAllocatePool2(POOL_FLAG_NON_PAGED | POOL_FLAG_UNINITIALIZED, bytes, tag);
  return static_cast<SCATTER_GATHER_LIST*>(memory);
}

List& NTAPI make_list(Adapter& adapter, Wish const& wish, SCATTER_GATHER_LIST& memory,
                      ULONG pieces) noexcept {
  auto* const start = reinterpret_cast<std::byte*>(&memory);
  List& list = *reinterpret_cast<List*>(start + list_bytes(pieces) - sizeof(List));
  list = {};
  list.adapter = &adapter;
  list.list = &memory;
  list.mdl = wish.mdl;
  list.offset = wish.offset;
  list.bytes = wish.bytes;
  list.pieces = pieces;
  list.writes = wish.writes;
  list.allocated = wish.buffer == nullptr;
  list.routine = wish.routine;
  list.context = wish.context;
  return list;
}

void NTAPI release_memory(List& list) noexcept {
  if (list.allocated) ExFreePoolWithTag(list.list, tag);
}

// Maps the buffer; from now on the list is the driver's.
void NTAPI fill(List& list, MapRegister& base) noexcept {
  Adapter& adapter = *list.adapter;
  Cursor const cursor{list.mdl, list.offset};
  list.base = &base;
  static_cast<void>(fill_list(adapter,
                              {base, list.writes, must_bounce(adapter, cursor, list.bytes)}, cursor,
                              list.bytes, *list.list, list.pieces));
  Guard guard{adapter.lock};
  list_append(adapter.lists, list.link);
}

NTSTATUS NTAPI start(Adapter& adapter, Wish const& wish, SCATTER_GATHER_LIST** made) noexcept {
  ULONG const pieces = count_pieces(Cursor{wish.mdl, wish.offset}, wish.bytes);
  if (pieces == 0) return STATUS_BUFFER_TOO_SMALL;
  if (pieces > adapter.register_count) return STATUS_INSUFFICIENT_RESOURCES;
  std::size_t const bytes = list_bytes(pieces);
  if (wish.buffer != nullptr && wish.buffer_bytes < bytes) return STATUS_BUFFER_TOO_SMALL;
  SCATTER_GATHER_LIST* const memory = memory_for(wish, bytes);
  if (memory == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
  List& list = make_list(adapter, wish, *memory, pieces);
  WAIT_CONTEXT_BLOCK& wait = wish.transfer != nullptr ? wish.transfer->wait : list.wait;
  bool const calls = wish.routine != nullptr;
  MapRegister* base = nullptr;
  if (made != nullptr) *made = memory;
  NTSTATUS const status = ask(adapter,
                              {wait, wish.transfer, calls ? list_control : nullptr, &list, pieces,
                               wish.device, wish.synchronous},
                              &base);
  if (!NT_SUCCESS(status)) {
    if (made != nullptr) *made = nullptr;
    release_memory(list);
  } else if (!calls) {
    fill(list, *base);
  }
  return status;
}

// Null: the driver has no such list.
List* NTAPI take_list(Adapter& adapter, SCATTER_GATHER_LIST const* wanted) noexcept {
  Guard guard{adapter.lock};
  List* const list = find_list(adapter, wanted);
  if (list == nullptr) return nullptr;
  list_remove(list->link);
  ++adapter.lists_put;
  return list;
}

// What the Ex operations may be asked for.
bool NTAPI is_valid(Wish const& wish, ULONG flags, bool wants_list) noexcept {
  return (flags & ~ULONG{DMA_SYNCHRONOUS_CALLBACK}) == 0 && wish.bytes != 0 &&
         (wish.routine != nullptr || (wish.synchronous && wants_list));
}

}  // namespace

std::size_t NTAPI list_bytes(ULONG pieces) noexcept {
  return list_head_bytes + pieces * sizeof(SCATTER_GATHER_ELEMENT) + sizeof(List);
}

IO_ALLOCATION_ACTION NTAPI list_control(PDEVICE_OBJECT device, PIRP irp, void* base,
                                        void* context) {
  List& list = *static_cast<List*>(context);
  fill(list, *static_cast<MapRegister*>(base));
  trace::call(ke::listener(), trace::Callback::adapter_list_control, list.routine, device, irp,
              list.list, list.context);
  return DeallocateObjectKeepRegisters;  // the list may be gone
}

void NTAPI abandon(List& list) noexcept {
  release_memory(list);
}

void NTAPI forget_run(Adapter& adapter, MapRegister const& base) noexcept {
  for (LIST_ENTRY* entry = adapter.lists.Flink; entry != &adapter.lists; entry = entry->Flink) {
    List& list = MICA_CONTAINING(*entry, List, link);
    if (list.base == &base) list.base = nullptr;
  }
}

List* NTAPI find_list(Adapter& adapter, SCATTER_GATHER_LIST const* wanted) noexcept {
  for (LIST_ENTRY* entry = adapter.lists.Flink; entry != &adapter.lists; entry = entry->Flink) {
    List& list = MICA_CONTAINING(*entry, List, link);
    if (list.list == wanted) return &list;
  }
  return nullptr;
}

NTSTATUS NTAPI get_list(PDMA_ADAPTER adapter, PDEVICE_OBJECT device, PMDL mdl, PVOID address,
                        ULONG bytes, PDRIVER_LIST_CONTROL routine, PVOID context, BOOLEAN writes) {
  return build_list(adapter, device, mdl, address, bytes, routine, context, writes, nullptr, 0);
}

NTSTATUS NTAPI build_list(PDMA_ADAPTER adapter, PDEVICE_OBJECT device, PMDL mdl, PVOID address,
                          ULONG bytes, PDRIVER_LIST_CONTROL routine, PVOID context, BOOLEAN writes,
                          PVOID buffer, ULONG buffer_bytes) {
  Adapter& object = adapter_of(adapter);
  require_dispatch();
  if (bytes == 0) [[unlikely]]
    violation(Violation::map_nothing);
  return start(object,
               {device, nullptr, mdl, offset_of(mdl, address), bytes, routine, context,
                writes != FALSE, false, buffer, buffer_bytes},
               nullptr);
}

NTSTATUS NTAPI get_list_ex(PDMA_ADAPTER adapter, PDEVICE_OBJECT device, PVOID transfer, PMDL mdl,
                           ULONGLONG offset, ULONG bytes, ULONG flags, PDRIVER_LIST_CONTROL routine,
                           PVOID context, BOOLEAN writes, PDMA_COMPLETION_ROUTINE completion,
                           PVOID completion_context, PSCATTER_GATHER_LIST* list) {
  return build_list_ex(adapter, device, transfer, mdl, offset, bytes, flags, routine, context,
                       writes, nullptr, 0, completion, completion_context, list);
}

NTSTATUS NTAPI build_list_ex(PDMA_ADAPTER adapter, PDEVICE_OBJECT device, PVOID transfer, PMDL mdl,
                             ULONGLONG offset, ULONG bytes, ULONG flags,
                             PDRIVER_LIST_CONTROL routine, PVOID context, BOOLEAN writes,
                             PVOID buffer, ULONG buffer_bytes, PDMA_COMPLETION_ROUTINE, PVOID,
                             PVOID list) {
  Adapter& object = adapter_of(adapter);
  require_dispatch();
  if (transfer == nullptr) return STATUS_INVALID_PARAMETER;
  bool const synchronous = (flags & DMA_SYNCHRONOUS_CALLBACK) != 0;
  Wish const wish{device,  &context_of(transfer), mdl,         offset, bytes,       routine,
                  context, writes != FALSE,       synchronous, buffer, buffer_bytes};
  if (!is_valid(wish, flags, list != nullptr)) return STATUS_INVALID_PARAMETER;
  return start(object, wish, static_cast<SCATTER_GATHER_LIST**>(list));
}

VOID NTAPI put_list(PDMA_ADAPTER adapter, PSCATTER_GATHER_LIST elements, BOOLEAN writes) {
  Adapter& object = adapter_of(adapter);
  require_at_most(DISPATCH_LEVEL);
  List* const list = take_list(object, elements);
  if (list == nullptr) [[unlikely]]
    violation(Violation::put_list, object.lists_put, object.lists_put + 1);
  if (list->built != nullptr) {
    mm::unmap_if_mapped(*list->built);
    IoFreeMdl(list->built);
  }
  MapRegister* const base = list->base;
  if (base != nullptr) flush(*base, 0, list->bytes, writes != FALSE);
  release_memory(*list);
  if (base != nullptr) serve(object, give_back(object, *base));
}

}  // namespace mica::dma
