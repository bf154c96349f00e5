#include "hal_x64/boot_info.hpp"

namespace mica::hal_x64 {

namespace {

constexpr std::uint32_t usable_memory = 1;  // both loaders number as the BIOS does

void copy_command_line(FirmwareView memory, std::uint64_t address, BootInfo& info) noexcept {
  if (address == 0) return;
  for (std::size_t i = 0; i + 1 < sizeof info.command_line; ++i) {
    char const next = memory.read<char>(address + i);
    if (next == '\0') return;
    info.command_line[i] = next;
  }
}

// An array of {base, bytes, type}. Usable ranges first: whatever another entry claims is taken out
// again.
void read_memory(FirmwareView memory, std::uint64_t first, std::uint64_t entry_bytes,
                 std::uint64_t count, BootInfo& info) noexcept {
  for (bool const usable : {true, false}) {
    for (std::uint64_t i = 0; i < count && memory.contains(first + i * entry_bytes, 20); ++i) {
      std::uint64_t const entry = first + i * entry_bytes;
      if ((memory.read<std::uint32_t>(entry + 16) == usable_memory) != usable) continue;
      std::uint64_t const base = memory.read<std::uint64_t>(entry);
      std::uint64_t const bytes = memory.read<std::uint64_t>(entry + 8);
      usable ? info.memory.add(base, bytes) : info.memory.remove(base, bytes);
    }
  }
}

// What is not all in sight is no RAM disk.
void take_ram_disk(FirmwareView memory, std::uint64_t base, std::uint64_t bytes,
                   BootInfo& info) noexcept {
  if (info.ram_disk.bytes == 0 && memory.contains(base, bytes)) info.ram_disk = {base, bytes};
}

// [xen, public/arch-x86/hvm/start_info.h]
bool read_pvh(FirmwareView memory, std::uint64_t start, BootInfo& info) noexcept {
  constexpr std::uint32_t start_info_magic = 0x336ec578;
  if (memory.read<std::uint32_t>(start) != start_info_magic) return false;
  if (memory.read<std::uint32_t>(start + 12) != 0) {
    std::uint64_t const module = memory.read<std::uint64_t>(start + 16);
    take_ram_disk(memory, memory.read<std::uint64_t>(module),
                  memory.read<std::uint64_t>(module + 8), info);
  }
  copy_command_line(memory, memory.read<std::uint64_t>(start + 24), info);
  info.acpi_root = memory.read<std::uint64_t>(start + 32);
  if (memory.read<std::uint32_t>(start + 4) >= 1) {  // the map came with version 1
    read_memory(memory, memory.read<std::uint64_t>(start + 40), 24,
                memory.read<std::uint32_t>(start + 48), info);
  }
  return true;
}

// [multiboot2, "Boot information format"]
bool read_multiboot2(FirmwareView memory, std::uint64_t start, BootInfo& info) noexcept {
  enum Tag : std::uint32_t {
    end = 0,
    command_line = 1,
    module = 3,
    memory_map = 6,
    old_rsdp = 14,
    new_rsdp = 15
  };
  constexpr std::uint64_t tag_header = 8;
  std::uint64_t const total = memory.read<std::uint32_t>(start);
  if (!memory.contains(start, total)) return false;
  for (std::uint64_t offset = tag_header; offset + tag_header <= total;) {
    std::uint64_t const tag = start + offset;
    std::uint64_t const bytes = memory.read<std::uint32_t>(tag + 4);
    if (bytes < tag_header || bytes > total - offset) return false;
    switch (memory.read<std::uint32_t>(tag)) {
      case Tag::end:
        return true;
      case Tag::command_line:
        copy_command_line(memory, tag + 8, info);
        break;
      case Tag::module: {
        std::uint64_t const base = memory.read<std::uint32_t>(tag + 8);
        std::uint64_t const module_end = memory.read<std::uint32_t>(tag + 12);
        if (bytes < 16 || module_end < base) return false;
        take_ram_disk(memory, base, module_end - base, info);
        break;
      }
      case Tag::old_rsdp:
        if (info.acpi_root == 0) info.acpi_root = tag + 8;
        break;
      case Tag::new_rsdp:
        info.acpi_root = tag + 8;
        break;
      case Tag::memory_map: {
        std::uint64_t const entry_bytes = memory.read<std::uint32_t>(tag + 8);
        if (bytes < 16 || entry_bytes < 24) return false;
        read_memory(memory, tag + 16, entry_bytes, (bytes - 16) / entry_bytes, info);
        break;
      }
      default:
        break;
    }
    offset += (bytes + 7) & ~std::uint64_t{7};
  }
  return true;
}

}  // namespace

bool read_boot_info(FirmwareView memory, std::uint32_t magic, std::uint32_t address,
                    BootInfo& info) noexcept {
  bool const known = magic == multiboot2_magic ? read_multiboot2(memory, address, info)
                                               : read_pvh(memory, address, info);
  info.memory.remove(info.ram_disk.base, info.ram_disk.bytes);
  return known;
}

}  // namespace mica::hal_x64
