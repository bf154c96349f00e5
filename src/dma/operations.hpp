// The operations of DMA adapters, as drivers call them: include/nt/io/dma.h has their levels, their
// pages say what they do. Each file has those of its subject.
#pragma once

#include "dma/adapter.hpp"

namespace mica::dma {

// ---- adapter.cpp
VOID NTAPI put_adapter(PDMA_ADAPTER adapter);
ULONG NTAPI alignment(PDMA_ADAPTER adapter);
ULONG NTAPI read_counter(PDMA_ADAPTER adapter);
NTSTATUS NTAPI adapter_info(PDMA_ADAPTER adapter, PDMA_ADAPTER_INFO info);
NTSTATUS NTAPI configure_channel(PDMA_ADAPTER adapter, ULONG function, PVOID context);
NTSTATUS NTAPI cancel_transfer(PDMA_ADAPTER adapter, PVOID context);

// ---- domain.cpp
HANDLE NTAPI domain_of(PDMA_ADAPTER adapter);
NTSTATUS NTAPI join_domain(PDMA_ADAPTER adapter, HANDLE domain);
NTSTATUS NTAPI leave_domain(PDMA_ADAPTER adapter);
NTSTATUS NTAPI allocate_domain_buffer(PDMA_ADAPTER adapter, HANDLE domain,
                                      PPHYSICAL_ADDRESS highest, ULONG bytes, ULONG flags,
                                      MEMORY_CACHING_TYPE* caching, NODE_REQUIREMENT node,
                                      PPHYSICAL_ADDRESS logical, PVOID* memory);

// ---- buffer.cpp
PVOID NTAPI allocate_buffer(PDMA_ADAPTER adapter, ULONG bytes, PPHYSICAL_ADDRESS logical,
                            BOOLEAN cached);
PVOID NTAPI allocate_buffer_ex(PDMA_ADAPTER adapter, PPHYSICAL_ADDRESS highest, ULONG bytes,
                               PPHYSICAL_ADDRESS logical, BOOLEAN cached, NODE_REQUIREMENT node);
PVOID NTAPI allocate_buffer_within(PDMA_ADAPTER adapter, PPHYSICAL_ADDRESS lowest,
                                   PPHYSICAL_ADDRESS highest, ULONG bytes, ULONG flags,
                                   MEMORY_CACHING_TYPE* caching, NODE_REQUIREMENT node,
                                   PPHYSICAL_ADDRESS logical);
VOID NTAPI free_buffer(PDMA_ADAPTER adapter, ULONG bytes, PHYSICAL_ADDRESS logical, PVOID memory,
                       BOOLEAN cached);

// ---- channel.cpp
NTSTATUS NTAPI allocate_channel(PDMA_ADAPTER adapter, PDEVICE_OBJECT device, ULONG registers,
                                PDRIVER_CONTROL routine, PVOID context);
NTSTATUS NTAPI allocate_channel_ex(PDMA_ADAPTER adapter, PDEVICE_OBJECT device, PVOID context,
                                   ULONG registers, ULONG flags, PDRIVER_CONTROL routine,
                                   PVOID routine_context, PVOID* base);
NTSTATUS NTAPI initialize_context(PDMA_ADAPTER adapter, PVOID context);
BOOLEAN NTAPI cancel_channel(PDMA_ADAPTER adapter, PDEVICE_OBJECT device, PVOID context);
VOID NTAPI free_channel(PDMA_ADAPTER adapter);
VOID NTAPI free_object(PDMA_ADAPTER adapter, IO_ALLOCATION_ACTION action);
VOID NTAPI free_registers(PDMA_ADAPTER adapter, PVOID base, ULONG count);

// ---- transfer.cpp
PHYSICAL_ADDRESS NTAPI map_transfer(PDMA_ADAPTER adapter, PMDL mdl, PVOID base, PVOID address,
                                    PULONG bytes, BOOLEAN writes);
NTSTATUS NTAPI map_transfer_ex(PDMA_ADAPTER adapter, PMDL mdl, PVOID base, ULONGLONG offset,
                               ULONG device_offset, PULONG bytes, BOOLEAN writes,
                               PSCATTER_GATHER_LIST list, ULONG list_bytes,
                               PDMA_COMPLETION_ROUTINE routine, PVOID context);
BOOLEAN NTAPI flush_buffers(PDMA_ADAPTER adapter, PMDL mdl, PVOID base, PVOID address, ULONG bytes,
                            BOOLEAN writes);
NTSTATUS NTAPI flush_buffers_ex(PDMA_ADAPTER adapter, PMDL mdl, PVOID base, ULONGLONG offset,
                                ULONG bytes, BOOLEAN writes);
NTSTATUS NTAPI flush_caches(PDMA_ADAPTER adapter, PMDL mdl, BOOLEAN reads);

// ---- list.cpp
NTSTATUS NTAPI get_list(PDMA_ADAPTER adapter, PDEVICE_OBJECT device, PMDL mdl, PVOID address,
                        ULONG bytes, PDRIVER_LIST_CONTROL routine, PVOID context, BOOLEAN writes);
NTSTATUS NTAPI get_list_ex(PDMA_ADAPTER adapter, PDEVICE_OBJECT device, PVOID transfer, PMDL mdl,
                           ULONGLONG offset, ULONG bytes, ULONG flags, PDRIVER_LIST_CONTROL routine,
                           PVOID context, BOOLEAN writes, PDMA_COMPLETION_ROUTINE completion,
                           PVOID completion_context, PSCATTER_GATHER_LIST* list);
NTSTATUS NTAPI build_list(PDMA_ADAPTER adapter, PDEVICE_OBJECT device, PMDL mdl, PVOID address,
                          ULONG bytes, PDRIVER_LIST_CONTROL routine, PVOID context, BOOLEAN writes,
                          PVOID buffer, ULONG buffer_bytes);
NTSTATUS NTAPI build_list_ex(PDMA_ADAPTER adapter, PDEVICE_OBJECT device, PVOID transfer, PMDL mdl,
                             ULONGLONG offset, ULONG bytes, ULONG flags,
                             PDRIVER_LIST_CONTROL routine, PVOID context, BOOLEAN writes,
                             PVOID buffer, ULONG buffer_bytes, PDMA_COMPLETION_ROUTINE completion,
                             PVOID completion_context, PVOID list);
VOID NTAPI put_list(PDMA_ADAPTER adapter, PSCATTER_GATHER_LIST list, BOOLEAN writes);

// ---- list_info.cpp
NTSTATUS NTAPI list_size(PDMA_ADAPTER adapter, PMDL mdl, PVOID address, ULONG bytes, PULONG size,
                         PULONG registers);
NTSTATUS NTAPI transfer_info(PDMA_ADAPTER adapter, PMDL mdl, ULONGLONG offset, ULONG bytes,
                             BOOLEAN write_only, PDMA_TRANSFER_INFO info);
NTSTATUS NTAPI list_as_mdl(PDMA_ADAPTER adapter, PSCATTER_GATHER_LIST list, PMDL original,
                           PMDL* target);

}  // namespace mica::dma
