#include "hal_x64/boot_info.hpp"

#include <rapidcheck.h>

#include "catch.hpp"
#include "firmware.hpp"

using namespace mica::hal_x64;
using mica::hal_x64_test::Firmware;

namespace {

constexpr std::uint32_t start = 0x203;  // not aligned

struct Range {
  std::uint64_t base, bytes;
  std::uint32_t type;
};
std::vector<Range> const memory_of_a_pc{
    {0, 0x9fc00, 1}, {0xf0000, 0x10000, 2}, {0x100000, 0x800000, 1}, {0x200000, 0x1001, 3}};

void put_ranges(Firmware& memory, std::size_t at, std::vector<Range> const& ranges) {
  for (Range const& range : ranges) {
    memory.put(at, range.base);
    memory.put(at + 8, range.bytes);
    memory.put(at + 16, range.type);
    at += 24;
  }
}

Firmware pvh(std::uint32_t version = 1) {
  Firmware memory;
  memory.put(start, std::uint32_t{0x336ec578});
  memory.put(start + 4, version);
  memory.put(start + 12, std::uint32_t{2});  // modules
  memory.put(start + 16, std::uint64_t{0x703});
  memory.put(0x703, std::uint64_t{0x2001});
  memory.put(0x703 + 8, std::uint64_t{0x1000});
  memory.put(0x703 + 32, std::uint64_t{0x5000});
  memory.put(0x703 + 40, std::uint64_t{0x1000});
  memory.put(start + 24, std::uint64_t{0x501});
  memory.put(start + 32, std::uint64_t{0x7fe0});
  memory.put(start + 40, std::uint64_t{0x603});
  memory.put(start + 48, static_cast<std::uint32_t>(memory_of_a_pc.size()));
  memory.put_text(0x501, "test=Ke* stay");
  put_ranges(memory, 0x603, memory_of_a_pc);
  return memory;
}

Firmware multiboot2() {
  Firmware memory;
  std::size_t at = start + 8;
  auto const tag = [&](std::uint32_t type, std::uint32_t bytes) {
    memory.put(at, type);
    memory.put(at + 4, bytes);
    std::size_t const body = at + 8;
    at += (bytes + 7) & ~7u;
    return body;
  };
  memory.put_text(tag(1, 8 + 14), "test=Ke* stay");
  for (std::uint32_t const base : {0x2001u, 0x5000u}) {
    std::size_t const module = tag(3, 8 + 8 + 4);
    memory.put(module, base);
    memory.put(module + 4, base + 0x1000);
  }
  tag(4, 16);  // memory sizes: ignored
  std::size_t const map = tag(6, static_cast<std::uint32_t>(16 + 24 * memory_of_a_pc.size()));
  memory.put(map, std::uint32_t{24});
  put_ranges(memory, map + 8, memory_of_a_pc);
  tag(14, 8 + 20);
  tag(15, 8 + 36);
  tag(0, 8);
  memory.put(start, static_cast<std::uint32_t>(at - start));
  return memory;
}

void check_memory(BootInfo const& info) {
  auto const ranges = info.memory.ranges();
  REQUIRE(ranges.size() == 4);
  CHECK(ranges[0].first.value == 0);
  CHECK(ranges[0].count == 2);
  CHECK(ranges[1].first.value == 4);  // the RAM disk touches two pages
  CHECK(ranges[1].count == 0x9b);     // the last page is not whole
  CHECK(ranges[2].first.value == 0x100);
  CHECK(ranges[2].count == 0x100);
  CHECK(ranges[3].first.value == 0x202);  // the reserved range touches two pages
  CHECK(ranges[3].count == 0x6fe);
}

void check_ram_disk(BootInfo const& info) {
  CHECK(info.ram_disk.base == 0x2001);
  CHECK(info.ram_disk.bytes == 0x1000);
}

}  // namespace

TEST_CASE("PVH: memory, command line and the ACPI root", "[hal_x64]") {
  BootInfo info;
  REQUIRE(read_boot_info(pvh().view(), 0, start, info));
  CHECK(info.command_line == std::string_view{"test=Ke* stay"});
  CHECK(info.acpi_root == 0x7fe0);
  check_memory(info);
  check_ram_disk(info);
}

TEST_CASE("PVH: version 0 has no memory map", "[hal_x64]") {
  BootInfo info;
  REQUIRE(read_boot_info(pvh(0).view(), 0, start, info));
  CHECK(info.memory.ranges().empty());
}

TEST_CASE("multiboot2: memory, command line and the newer ACPI root", "[hal_x64]") {
  BootInfo info;
  Firmware const memory = multiboot2();
  REQUIRE(read_boot_info(memory.view(), multiboot2_magic, start, info));
  CHECK(info.command_line == std::string_view{"test=Ke* stay"});
  std::uint64_t const end = start + memory.view().read<std::uint32_t>(start);
  CHECK(info.acpi_root == end - 48);  // its tag is the last before the end tag: 44 bytes in 48
  check_memory(info);
  check_ram_disk(info);
}

TEST_CASE("a RAM disk that is not all in sight is none", "[hal_x64]") {
  for (auto const& [base, bytes] : {std::pair{0x10001ull, 1ull}, std::pair{0x2000ull, ~0ull}}) {
    Firmware memory = pvh();
    memory.put(0x703, std::uint64_t{base});
    memory.put(0x703 + 8, std::uint64_t{bytes});
    BootInfo info;
    REQUIRE(read_boot_info(memory.view(), 0, start, info));
    CHECK(info.ram_disk.bytes == 0);
  }
  Firmware memory = pvh();
  memory.put(start + 12, std::uint32_t{0});
  BootInfo info;
  REQUIRE(read_boot_info(memory.view(), 0, start, info));
  CHECK(info.ram_disk.bytes == 0);
}

TEST_CASE("boot information of neither kind is refused", "[hal_x64]") {
  BootInfo info;
  CHECK_FALSE(read_boot_info(Firmware{}.view(), 0, start, info));
  CHECK_FALSE(read_boot_info(pvh().view(), 0, start + 1, info));
  CHECK_FALSE(read_boot_info(pvh().view(), 0, 0xffffffff, info));
  CHECK(info.acpi_root == 0);
}

TEST_CASE("a command line that is too long is cut", "[hal_x64]") {
  Firmware memory = pvh();
  memory.put_text(0x1000, std::string(0x2ff0, 'x'));
  memory.put(start + 24, std::uint64_t{0x1000});
  BootInfo info;
  REQUIRE(read_boot_info(memory.view(), 0, start, info));
  CHECK(std::string_view{info.command_line} == std::string(sizeof info.command_line - 1, 'x'));
}

TEST_CASE("any bytes make sound boot information", "[hal_x64]") {
  CHECK(rc::check([] {
    bool const first = *rc::gen::arbitrary<bool>();
    Firmware memory = first ? pvh() : multiboot2();
    auto const changes = *rc::gen::container<std::vector<std::pair<unsigned, std::uint8_t>>>(
        rc::gen::pair(rc::gen::inRange(0x203u, 0x700u), rc::gen::arbitrary<std::uint8_t>()));
    for (auto const& [address, value] : changes) memory.put(address, value);
    BootInfo info;
    (void)read_boot_info(memory.view(), first ? 0 : multiboot2_magic, start, info);
    RC_ASSERT(info.command_line[sizeof info.command_line - 1] == '\0');
    std::uint64_t end = 0;
    for (auto const range : info.memory.ranges()) {
      RC_ASSERT(range.count > 0u && range.first.value >= end);
      end = range.first.value + range.count;
    }
    RC_ASSERT(end <= (std::uint64_t{1} << 34));  // 46 bits of addresses
  }));
}
