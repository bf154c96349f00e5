// What a list takes, and what it is as a descriptor list.
//   [MSDN CalculateScatterGatherList, GetDmaTransferInfo, BuildMdlFromScatterGatherList]
#include "dma/list.hpp"
#include "dma/operations.hpp"
#include "mm/mdl.hpp"

namespace mica::dma {
namespace {

using Guard = ke::SpinGuard<ke::Rank::dma>;

bool copies(List const& list) noexcept {
  for (ULONG i = 0; i < list.base->used; ++i)
    if (list.base[i].bounce != nullptr) return true;
  return false;
}

// The pages that the device sees, each begun where the last one ended, so that they are as many as
// a buffer of those bytes has. False: they are no buffer's, as those of a chain need not be.
bool NTAPI store_pages(List const& list, PFN_NUMBER* pages) noexcept {
  for (ULONG i = 0; i < list.base->used; ++i) {
    MapRegister const& mapped = list.base[i];
    ULONG const begin = mapped.bounce != nullptr ? BYTE_OFFSET(mapped.bounce) : mapped.begin;
    bool const last = i + 1 == list.base->used;
    if ((i != 0 && begin != 0) || (!last && begin + mapped.bytes != page_size)) return false;
    Adapter const& adapter = *list.adapter;
    auto const copied = static_cast<std::uint64_t>(mapped.bounce - adapter.bounce);
    pages[i] = mapped.bounce == nullptr ? mapped.page.value
                                        : (adapter.bounce_address.value + copied) >> page_shift;
  }
  return true;
}

NTSTATUS NTAPI build_mdl(List& list) noexcept {
  void* const start = static_cast<PCHAR>(MmGetMdlVirtualAddress(list.mdl)) + list.offset;
  PMDL const mdl = IoAllocateMdl(start, list.bytes, FALSE, FALSE, nullptr);
  if (mdl == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
  if (!store_pages(list, MmGetMdlPfnArray(mdl))) {
    IoFreeMdl(mdl);
    return STATUS_INVALID_PARAMETER;
  }
  mdl->MdlFlags = mm::with(mdl->MdlFlags, MDL_PAGES_LOCKED);
  list.built = mdl;
  return STATUS_SUCCESS;
}

}  // namespace

NTSTATUS NTAPI list_size(PDMA_ADAPTER adapter, PMDL mdl, PVOID address, ULONG bytes, PULONG size,
                         PULONG registers) {
  Adapter const& object = adapter_of(adapter);
  ULONG const pieces = mdl == nullptr ? ADDRESS_AND_SIZE_TO_SPAN_PAGES(address, bytes)
                                      : count_pieces(Cursor{mdl, offset_of(mdl, address)}, bytes);
  if (pieces == 0) return STATUS_BUFFER_TOO_SMALL;
  if (pieces > object.register_count) return STATUS_INSUFFICIENT_RESOURCES;
  *size = static_cast<ULONG>(list_bytes(pieces));
  if (registers != nullptr) *registers = pieces;
  return STATUS_SUCCESS;
}

NTSTATUS NTAPI transfer_info(PDMA_ADAPTER adapter, PMDL mdl, ULONGLONG offset, ULONG bytes, BOOLEAN,
                             PDMA_TRANSFER_INFO info) {
  require_adapter(adapter, DISPATCH_LEVEL);
  bool const second = info->Version == DMA_TRANSFER_INFO_VERSION2;
  if (info->Version != DMA_TRANSFER_INFO_VERSION1 && !second) return STATUS_NOT_SUPPORTED;
  ULONG const pieces = count_pieces(Cursor{mdl, offset}, bytes);
  if (pieces == 0) return STATUS_INVALID_PARAMETER;
  info->V1 = {pieces, pieces, static_cast<ULONG>(list_bytes(pieces))};
  if (second) info->V2.LogicalPageCount = pieces;
  return STATUS_SUCCESS;
}

NTSTATUS NTAPI list_as_mdl(PDMA_ADAPTER adapter, PSCATTER_GATHER_LIST elements, PMDL original,
                           PMDL* target) {
  Adapter& object = adapter_of(adapter);
  require_at_most(DISPATCH_LEVEL);
  if (original == nullptr) return STATUS_INVALID_PARAMETER;
  List* list = nullptr;
  {
    Guard guard{object.lock};
    list = find_list(object, elements);
  }
  if (list == nullptr || list->base == nullptr) return STATUS_INVALID_PARAMETER;
  if (list->built != nullptr) return STATUS_NONE_MAPPED;
  if (!copies(*list)) {
    *target = original;
    return STATUS_SUCCESS;
  }
  NTSTATUS const status = build_mdl(*list);
  if (NT_SUCCESS(status)) *target = list->built;
  return status;
}

}  // namespace mica::dma
