// The processors, from ACPI's Multiple APIC Description Table.
//   Boot only. Reads untrusted tables: every length is bounded, every checksum counts. No machine
//   access: host tests use it too.
#pragma once

#include <cstdint>

#include "hal_x64/firmware_view.hpp"
#include "hal_x64/layout.hpp"

namespace mica::hal_x64 {

struct Topology {
  unsigned processors = 0;
  std::uint32_t apic_ids[maximum_processors] = {};  // by processor number, the boot processor first
};

// `root` is the physical address of the RSDP, 0 when there is none. A machine without (sound)
// tables has the boot processor alone; processors beyond maximum_processors and those that only an
// x2APIC reaches are left out.
[[nodiscard]] Topology read_topology(FirmwareView memory, std::uint64_t root,
                                     std::uint32_t boot_apic_id) noexcept;

}  // namespace mica::hal_x64
