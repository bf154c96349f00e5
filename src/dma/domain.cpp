// Domains: what a unit that remaps devices' addresses keeps apart. No machine here has one, so no
// adapter is in a domain, and there is none to join.   [MSDN PGET_DMA_DOMAIN, PJOIN_DMA_DOMAIN]
#include "dma/operations.hpp"

namespace mica::dma {

HANDLE NTAPI domain_of(PDMA_ADAPTER adapter) {
  require_adapter(adapter, PASSIVE_LEVEL);
  return nullptr;
}

NTSTATUS NTAPI join_domain(PDMA_ADAPTER adapter, HANDLE) {
  require_adapter(adapter, PASSIVE_LEVEL);
  return STATUS_NOT_SUPPORTED;
}

NTSTATUS NTAPI leave_domain(PDMA_ADAPTER adapter) {
  require_adapter(adapter, PASSIVE_LEVEL);
  return STATUS_NOT_SUPPORTED;
}

NTSTATUS NTAPI allocate_domain_buffer(PDMA_ADAPTER adapter, HANDLE, PPHYSICAL_ADDRESS, ULONG, ULONG,
                                      MEMORY_CACHING_TYPE*, NODE_REQUIREMENT, PPHYSICAL_ADDRESS,
                                      PVOID*) {
  require_adapter(adapter, PASSIVE_LEVEL);
  return STATUS_NOT_SUPPORTED;
}

}  // namespace mica::dma
