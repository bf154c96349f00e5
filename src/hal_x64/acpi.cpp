#include "hal_x64/acpi.hpp"

namespace mica::hal_x64 {

namespace {

constexpr std::uint64_t header_bytes = 36;  // of a system description table [ACPI 6.5, 5.2.6]

// The table's length when it carries `signature` and is sound, else 0.
std::uint64_t table_length(FirmwareView memory, std::uint64_t table,
                           char const* signature) noexcept {
  if (!memory.matches(table, signature, 4)) return 0;
  std::uint64_t const length = memory.read<std::uint32_t>(table + 4);
  return length >= header_bytes && memory.sums_to_zero(table, length) ? length : 0;
}

struct Tables {
  std::uint64_t first = 0;  // address of the first entry of the XSDT or RSDT
  std::uint64_t count = 0;
  unsigned entry_bytes = 4;
};

// XSDT where there is one, else RSDT. [ACPI 6.5, 5.2.5.3]
Tables find_tables(FirmwareView memory, std::uint64_t root) noexcept {
  if (!memory.matches(root, "RSD PTR ", 8) || !memory.sums_to_zero(root, 20)) return {};
  std::uint64_t const extended = memory.read<std::uint32_t>(root + 20);
  if (memory.read<std::uint8_t>(root + 15) >= 2 && extended >= 36 &&
      memory.sums_to_zero(root, extended)) {
    std::uint64_t const xsdt = memory.read<std::uint64_t>(root + 24);
    std::uint64_t const length = table_length(memory, xsdt, "XSDT");
    if (length != 0) return {xsdt + header_bytes, (length - header_bytes) / 8, 8};
  }
  std::uint64_t const rsdt = memory.read<std::uint32_t>(root + 16);
  std::uint64_t const length = table_length(memory, rsdt, "RSDT");
  if (length != 0) return {rsdt + header_bytes, (length - header_bytes) / 4, 4};
  return {};
}

void add_processor(Topology& topology, std::uint32_t apic_id) noexcept {
  if (apic_id >= 0xff) return;  // 255 is the broadcast address, more needs an x2APIC
  for (unsigned i = 0; i < topology.processors; ++i) {
    if (topology.apic_ids[i] == apic_id) return;
  }
  if (topology.processors < maximum_processors) topology.apic_ids[topology.processors++] = apic_id;
}

// [ACPI 6.5, 5.2.12]
void read_madt(FirmwareView memory, std::uint64_t madt, std::uint64_t length,
               Topology& topology) noexcept {
  enum Kind : std::uint8_t { local_apic = 0, local_x2apic = 9 };
  constexpr std::uint64_t first_entry = 44;
  constexpr std::uint32_t enabled = 1;
  if (length < first_entry) return;
  for (std::uint64_t offset = first_entry; offset + 2 <= length;) {
    std::uint64_t const entry = madt + offset;
    unsigned const bytes = memory.read<std::uint8_t>(entry + 1);
    if (bytes < 2 || bytes > length - offset) return;
    switch (memory.read<std::uint8_t>(entry)) {
      case Kind::local_apic:
        if (bytes >= 8 && (memory.read<std::uint32_t>(entry + 4) & enabled)) {
          add_processor(topology, memory.read<std::uint8_t>(entry + 3));
        }
        break;
      case Kind::local_x2apic:
        if (bytes >= 16 && (memory.read<std::uint32_t>(entry + 8) & enabled)) {
          add_processor(topology, memory.read<std::uint32_t>(entry + 4));
        }
        break;
      default:
        break;
    }
    offset += bytes;
  }
}

}  // namespace

Topology read_topology(FirmwareView memory, std::uint64_t root,
                       std::uint32_t boot_apic_id) noexcept {
  Topology topology;
  add_processor(topology, boot_apic_id);
  Tables const tables = root != 0 ? find_tables(memory, root) : Tables{};
  for (std::uint64_t i = 0; i < tables.count; ++i) {
    std::uint64_t const entry = tables.first + i * tables.entry_bytes;
    std::uint64_t const table = tables.entry_bytes == 8 ? memory.read<std::uint64_t>(entry)
                                                        : memory.read<std::uint32_t>(entry);
    std::uint64_t const length = table_length(memory, table, "APIC");
    if (length == 0) continue;
    read_madt(memory, table, length, topology);
    break;
  }
  return topology;
}

}  // namespace mica::hal_x64
