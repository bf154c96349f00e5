#include "pnp/resource_list.hpp"

#include <nt/ke.h>

#include <cstddef>
#include <cstring>

namespace mica::pnp {
namespace {

using Descriptor = CM_PARTIAL_RESOURCE_DESCRIPTOR;

void write_interrupt(Descriptor& descriptor, Resource const& resource, Form form) noexcept {
  auto const vector = static_cast<ULONG>(resource.start);
  descriptor.ShareDisposition =
      resource.shared ? CmResourceShareShared : CmResourceShareDeviceExclusive;
  descriptor.Flags =
      resource.latched ? CM_RESOURCE_INTERRUPT_LATCHED : CM_RESOURCE_INTERRUPT_LEVEL_SENSITIVE;
  bool const translated = form == Form::translated;
  descriptor.u.Interrupt.Level = translated ? vector >> 4 : vector;
  descriptor.u.Interrupt.Vector = vector;
  descriptor.u.Interrupt.Affinity = translated ? KeQueryActiveProcessors() : ~KAFFINITY{0};
}

void write(Descriptor& descriptor, Resource const& resource, Form form) noexcept {
  descriptor.Type = resource.type;
  descriptor.ShareDisposition = CmResourceShareDeviceExclusive;
  auto const start = static_cast<LONGLONG>(resource.start);
  switch (resource.type) {
    case CmResourceTypePort:
      descriptor.Flags = CM_RESOURCE_PORT_IO | CM_RESOURCE_PORT_16_BIT_DECODE;
      descriptor.u.Port.Start.QuadPart = start;
      descriptor.u.Port.Length = resource.length;
      return;
    case CmResourceTypeMemory:
      descriptor.Flags =
          resource.read_only ? CM_RESOURCE_MEMORY_READ_ONLY : CM_RESOURCE_MEMORY_READ_WRITE;
      descriptor.u.Memory.Start.QuadPart = start;
      descriptor.u.Memory.Length = resource.length;
      return;
    case CmResourceTypeInterrupt:
      return write_interrupt(descriptor, resource, form);
    default:
      descriptor.Flags = CM_RESOURCE_DMA_8;
      descriptor.u.Dma.Channel = static_cast<ULONG>(resource.start);
  }
}

}  // namespace

std::size_t NTAPI bytes_of(Resources const& resources) noexcept {
  constexpr std::size_t before =
      offsetof(CM_RESOURCE_LIST, List[0].PartialResourceList.PartialDescriptors);
  return resources.empty() ? 0 : before + resources.size() * sizeof(Descriptor);
}

void NTAPI write_list(CM_RESOURCE_LIST* list, Resources const& resources, Form form) noexcept {
  std::memset(list, 0, bytes_of(resources));
  list->Count = 1;
  list->List[0].InterfaceType = Internal;
  CM_PARTIAL_RESOURCE_LIST& partial = list->List[0].PartialResourceList;
  partial.Version = partial.Revision = 1;
  Descriptor* at = partial.PartialDescriptors;
  for (Resource const& each : resources) write(*at++, each, form);
  partial.Count = static_cast<ULONG>(resources.size());
}

}  // namespace mica::pnp
