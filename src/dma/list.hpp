// What is ours of a scatter/gather list: it stands behind the elements.
#pragma once

#include "dma/adapter.hpp"

namespace mica::dma {

struct List {
  LIST_ENTRY link;  // in Adapter::lists, from when the driver has it until it puts it
  Adapter* adapter;
  SCATTER_GATHER_LIST* list;
  MapRegister* base;  // null: freed with the channel
  PMDL mdl;
  std::uint64_t offset;  // from the beginning of the first descriptor list, in bytes
  ULONG bytes;
  ULONG pieces;
  bool writes;
  bool allocated;                // here, not by the driver
  PMDL built;                    // of what the device sees; null: none
  PDRIVER_LIST_CONTROL routine;  // null: who asked has the list
  void* context;
  WAIT_CONTEXT_BLOCK wait;  // of a request without a context of its own
};

// The driver's list; null: it has none such. Adapter's lock.
[[nodiscard]] List* NTAPI find_list(Adapter& adapter, SCATTER_GATHER_LIST const* list) noexcept;

}  // namespace mica::dma
