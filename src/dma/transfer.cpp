// Mapping transfers with map registers that a driver has, and flushing them.
//   [MSDN MapTransfer, MapTransferEx, FlushAdapterBuffers, FlushAdapterBuffersEx]
#include "dma/operations.hpp"
#include "mm/mdl.hpp"

namespace mica::dma {
namespace {

constexpr ULONG list_head_bytes = offsetof(SCATTER_GATHER_LIST, Elements);

ULONG left_of(MapRegister const& base) noexcept {
  return base.run - base.used;
}

// There must be a register for each page, or, if the device takes regions one by one, for one.
void NTAPI require_registers(Adapter const& adapter, MapRegister const& base, Cursor cursor,
                             ULONG bytes) noexcept {
  ULONG const needed = adapter.scatter_gather ? 1 : count_pieces(cursor, bytes);
  if (needed > left_of(base)) [[unlikely]]
    violation(Violation::miscellaneous, no_map_registers, needed, left_of(base));
}

PHYSICAL_ADDRESS as_logical(PhysicalAddress address) noexcept {
  PHYSICAL_ADDRESS logical;
  logical.QuadPart = static_cast<LONGLONG>(address.value);
  return logical;
}

PhysicalAddress end_of(SCATTER_GATHER_ELEMENT const& element) noexcept {
  return {static_cast<std::uint64_t>(element.Address.QuadPart) + element.Length};
}

// Maps neighbours as the device sees them; returns where they begin. `bytes` says how many.
PhysicalAddress NTAPI map_region(Adapter& adapter, Mapping const& mapping, Cursor cursor,
                                 ULONG& bytes) noexcept {
  PhysicalAddress first{};
  ULONG mapped = 0;
  Cursor::Piece piece;
  while (left_of(mapping.base) != 0 && cursor.peek(bytes - mapped, piece)) {
    PhysicalAddress const at = address_of_piece(adapter, mapping, piece);
    if (mapped == 0) first = at;
    if (at.value != first.value + mapped) break;
    map_piece(adapter, mapping, piece);
    mapped += piece.bytes;
    cursor.skip(piece);
  }
  bytes = mapped;
  return first;
}

// Of a run that has something mapped nothing more may be.
void NTAPI require_flushed(MapRegister const& base) noexcept {
  if (base.mapped == 0 || !ke::state().verified) return;
  ULONG bytes = 0;
  for (ULONG i = 0; i < base.used; ++i) bytes += (&base)[i].bytes;
  violation(Violation::no_flush, bytes, std::size_t{base.run} << page_shift);
}

void NTAPI require_mapped(bool mapped, void* base, void* address, PMDL mdl) noexcept {
  if (!mapped && ke::state().verified) [[unlikely]]
    violation(Violation::flush_unmapped, ke::as_parameter(base), ke::as_parameter(address),
              ke::as_parameter(mdl));
}

}  // namespace

ULONG NTAPI fill_list(Adapter& adapter, Mapping const& mapping, Cursor cursor, ULONG bytes,
                      SCATTER_GATHER_LIST& list, ULONG room) noexcept {
  ULONG count = 0;
  ULONG mapped = 0;
  Cursor::Piece piece;
  while (left_of(mapping.base) != 0 && cursor.peek(bytes - mapped, piece)) {
    PhysicalAddress const at = address_of_piece(adapter, mapping, piece);
    if (count != 0 && end_of(list.Elements[count - 1]) == at) {
      list.Elements[count - 1].Length += piece.bytes;
    } else if (count < room) {
      list.Elements[count++] = {as_logical(at), piece.bytes, 0};
    } else {
      break;
    }
    map_piece(adapter, mapping, piece);
    mapped += piece.bytes;
    cursor.skip(piece);
  }
  list.NumberOfElements = count;
  list.Reserved = 0;
  return mapped;
}

PHYSICAL_ADDRESS NTAPI map_transfer(PDMA_ADAPTER adapter, PMDL mdl, PVOID base, PVOID address,
                                    PULONG bytes, BOOLEAN writes) {
  Adapter& object = adapter_of(adapter);
  require_at_most(DISPATCH_LEVEL);
  if (*bytes == 0) [[unlikely]]
    violation(Violation::map_nothing);
  std::uint64_t const offset = offset_of(mdl, address);
  if (*bytes > mdl->ByteCount - offset) [[unlikely]]
    violation(Violation::short_list, *bytes - (mdl->ByteCount - offset));
  Cursor const cursor{mdl, offset};
  MapRegister& run = run_of(object, base);
  require_registers(object, run, cursor, *bytes);
  return as_logical(map_region(object, {run, writes != FALSE, must_bounce(object, cursor, *bytes)},
                               cursor, *bytes));
}

NTSTATUS NTAPI map_transfer_ex(PDMA_ADAPTER adapter, PMDL mdl, PVOID base, ULONGLONG offset, ULONG,
                               PULONG bytes, BOOLEAN writes, PSCATTER_GATHER_LIST list,
                               ULONG list_bytes, PDMA_COMPLETION_ROUTINE routine, PVOID) {
  Adapter& object = adapter_of(adapter);
  require_at_most(DISPATCH_LEVEL);
  if (list == nullptr || list_bytes < list_head_bytes + sizeof(SCATTER_GATHER_ELEMENT) ||
      routine != nullptr)
    return STATUS_INVALID_PARAMETER;
  Cursor const cursor{mdl, offset};
  ULONG const pieces = count_pieces(cursor, *bytes);
  if (pieces == 0) return STATUS_INVALID_PARAMETER;
  MapRegister& run = run_of(object, base);
  require_flushed(run);
  bool const whole = !object.scatter_gather;
  if (left_of(run) < (whole ? pieces : 1)) return STATUS_INSUFFICIENT_RESOURCES;
  *bytes = fill_list(
      object, {run, writes != FALSE, must_bounce(object, cursor, *bytes)}, cursor, *bytes, *list,
      static_cast<ULONG>((list_bytes - list_head_bytes) / sizeof(SCATTER_GATHER_ELEMENT)));
  return STATUS_SUCCESS;
}

BOOLEAN NTAPI flush_buffers(PDMA_ADAPTER adapter, PMDL mdl, PVOID base, PVOID address, ULONG bytes,
                            BOOLEAN writes) {
  Adapter& object = adapter_of(adapter);
  require_at_most(DISPATCH_LEVEL);
  MapRegister& run = run_of(object, base);
  ULONG const from = find_mapped(run, Cursor{mdl, offset_of(mdl, address)});
  bool const mapped = flush(run, from, bytes, writes != FALSE) >= bytes;
  require_mapped(mapped, base, address, mdl);
  return mapped ? TRUE : FALSE;
}

NTSTATUS NTAPI flush_buffers_ex(PDMA_ADAPTER adapter, PMDL mdl, PVOID base, ULONGLONG offset,
                                ULONG bytes, BOOLEAN writes) {
  Adapter& object = adapter_of(adapter);
  require_at_most(DISPATCH_LEVEL);
  MapRegister& run = run_of(object, base);
  ULONG const from = find_mapped(run, Cursor{mdl, offset});
  bool const mapped = flush(run, from, bytes, writes != FALSE) >= bytes;
  require_mapped(mapped, base, static_cast<PCHAR>(MmGetMdlVirtualAddress(mdl)) + offset, mdl);
  return mapped ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}

// Processors and devices see one memory: no cache keeps anything back.
NTSTATUS NTAPI flush_caches(PDMA_ADAPTER adapter, PMDL mdl, BOOLEAN) {
  require_adapter(adapter, DISPATCH_LEVEL);
  return (mdl->MdlFlags & mm::has_pages) != 0 ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}

}  // namespace mica::dma
