// What the boot loader said: memory, the ACPI root pointer, the command line.
//   Boot only. No machine access: host tests use it too.
#pragma once

#include "hal_x64/firmware_view.hpp"
#include "hal_x64/memory_map.hpp"

namespace mica::hal_x64 {

struct BootInfo {
  MemoryMap memory;
  std::uint64_t acpi_root = 0;   // physical address of the RSDP; 0: none
  char command_line[1024] = {};  // longer ones are cut
};

inline constexpr std::uint32_t multiboot2_magic = 0x36d76289;

// `magic` is what the loader left in EAX, `address` what it left in EBX. False: neither loader's
// structure.
[[nodiscard]] bool read_boot_info(FirmwareView memory, std::uint32_t magic, std::uint32_t address,
                                  BootInfo& info) noexcept;

}  // namespace mica::hal_x64
