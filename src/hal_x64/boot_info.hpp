// What the boot loader said: memory, the ACPI root pointer, the command line, the RAM disk.
//   Boot only. No machine access: host tests use it too.
#pragma once

#include "hal_x64/firmware_view.hpp"
#include "hal_x64/memory_map.hpp"

namespace mica::hal_x64 {

struct PhysicalRange {
  std::uint64_t base = 0;
  std::uint64_t bytes = 0;
};

struct BootInfo {
  MemoryMap memory;  // without the RAM disk
  std::uint64_t acpi_root = 0;   // physical address of the RSDP; 0: none
  char command_line[1024] = {};  // longer ones are cut
  PhysicalRange ram_disk;        // the first module; no bytes: none
};

inline constexpr std::uint32_t multiboot2_magic = 0x36d76289;

// `magic` is what the loader left in EAX, `address` what it left in EBX. False: neither loader's
// structure.
[[nodiscard]] bool read_boot_info(FirmwareView memory, std::uint32_t magic, std::uint32_t address,
                                  BootInfo& info) noexcept;

}  // namespace mica::hal_x64
