#include "hal_x64/acpi.hpp"

#include <rapidcheck.h>

#include "catch.hpp"
#include "firmware.hpp"

using namespace mica::hal_x64;
using mica::hal_x64_test::Firmware;

namespace {

constexpr std::size_t root = 0x101, rsdt = 0x203, xsdt = 0x305, madt = 0x407;  // nothing is aligned

struct Entry {
  unsigned kind;  // 0: local APIC, 9: local x2APIC
  unsigned id;
  bool enabled = true;
};

void put_table(Firmware& memory, std::size_t address, std::string_view signature,
               std::size_t length) {
  memory.put_text(address, signature);
  memory.put(address + 4, static_cast<std::uint32_t>(length));
  memory.seal(address, length, 9);
}

void put_madt(Firmware& memory, std::vector<Entry> const& entries) {
  std::size_t at = madt + 44;
  for (Entry const& entry : entries) {
    bool const wide = entry.kind == 9;
    memory.put(at, static_cast<std::uint8_t>(entry.kind));
    memory.put(at + 1, static_cast<std::uint8_t>(wide ? 16 : 8));
    if (wide) {
      memory.put(at + 4, entry.id);
      memory.put(at + 8, std::uint32_t{entry.enabled});
    } else {
      memory.put(at + 3, static_cast<std::uint8_t>(entry.id));
      memory.put(at + 4, std::uint32_t{entry.enabled});
    }
    at += wide ? 16 : 8;
  }
  put_table(memory, madt, "APIC", at - madt);
}

void put_root(Firmware& memory, unsigned revision) {
  memory.put(rsdt + 36, std::uint32_t{0x3f00});  // a table that is none
  memory.put(rsdt + 40, static_cast<std::uint32_t>(madt));
  put_table(memory, rsdt, "RSDT", 44);
  memory.put(xsdt + 36, std::uint64_t{madt});
  put_table(memory, xsdt, "XSDT", 44);
  memory.put_text(root, "RSD PTR ");
  memory.put(root + 15, static_cast<std::uint8_t>(revision));
  memory.put(root + 16, static_cast<std::uint32_t>(rsdt));
  memory.put(root + 20, std::uint32_t{36});
  memory.put(root + 24, std::uint64_t{xsdt});
  memory.seal(root, 20, 8);
  memory.seal(root, 36, 32);
}

Firmware three_processors(unsigned revision) {
  Firmware memory;
  put_madt(memory, {{0, 3}, {0, 1, false}, {0, 7}, {9, 9}, {9, 7}, {9, 300}});
  put_root(memory, revision);
  return memory;
}

std::vector<unsigned> ids(Topology const& topology) {
  return {topology.apic_ids, topology.apic_ids + topology.processors};
}

}  // namespace

TEST_CASE("processors are found by the RSDT and by the XSDT, the boot processor first",
          "[hal_x64]") {
  for (unsigned const revision : {0u, 2u}) {
    Firmware const memory = three_processors(revision);
    CHECK(ids(read_topology(memory.view(), root, 7)) == std::vector<unsigned>{7, 3, 9});
  }
}

TEST_CASE("an XSDT that is broken or missing leaves the RSDT", "[hal_x64]") {
  Firmware memory = three_processors(2);
  memory.spoil(xsdt + 20);
  CHECK(ids(read_topology(memory.view(), root, 3)) == std::vector<unsigned>{3, 7, 9});
  memory = three_processors(2);
  memory.put(root + 24, ~std::uint64_t{0});
  memory.seal(root, 36, 32);
  CHECK(ids(read_topology(memory.view(), root, 3)) == std::vector<unsigned>{3, 7, 9});
}

TEST_CASE("what does not add up is not believed", "[hal_x64]") {
  std::vector<unsigned> const alone{5};
  for (std::size_t const broken : {root + 2, root + 10, rsdt + 30, madt + 5, madt + 50}) {
    Firmware memory = three_processors(0);
    memory.spoil(broken);
    CHECK(ids(read_topology(memory.view(), root, 5)) == alone);
  }
  CHECK(ids(read_topology(Firmware{}.view(), 0, 5)) == alone);
  CHECK(ids(read_topology(Firmware{}.view(), ~std::uint64_t{0} - 3, 5)) == alone);
}

TEST_CASE("no more processors than the machine has room for", "[hal_x64]") {
  Firmware memory;
  std::vector<Entry> entries;
  for (unsigned id = 0; id < 40; ++id) entries.push_back({0, id});
  put_madt(memory, entries);
  put_root(memory, 0);
  Topology const topology = read_topology(memory.view(), root, 20);
  CHECK(topology.processors == maximum_processors);
  CHECK(topology.apic_ids[0] == 20);
  CHECK(topology.apic_ids[15] == 14);
}

TEST_CASE("entries of no length and cut ones end the table", "[hal_x64]") {
  for (unsigned const length : {0u, 1u, 9u, 255u}) {
    Firmware memory;
    put_madt(memory, {{0, 3}, {0, 4}});
    memory.put(madt + 44 + 8 + 1, static_cast<std::uint8_t>(length));
    memory.seal(madt, 60, 9);
    put_root(memory, 0);
    CHECK(ids(read_topology(memory.view(), root, 1)) == std::vector<unsigned>{1, 3});
  }
}

TEST_CASE("any bytes make one to sixteen processors", "[hal_x64]") {
  CHECK(rc::check([] {
    Firmware memory = three_processors(*rc::gen::element(0u, 2u));
    auto const changes = *rc::gen::container<std::vector<std::pair<unsigned, std::uint8_t>>>(
        rc::gen::pair(rc::gen::inRange(0x101u, 0x480u), rc::gen::arbitrary<std::uint8_t>()));
    for (auto const& [address, value] : changes) memory.put(address, value);
    // As firmware that computes its sums over nonsense.
    memory.seal(root, 20, 8);
    memory.seal(root, 36, 32);
    memory.seal(madt, std::min<std::size_t>(memory.view().read<std::uint32_t>(madt + 4), 0x1000),
                9);
    Topology const topology = read_topology(memory.view(), root, 2);
    RC_ASSERT(topology.processors >= 1u && topology.processors <= maximum_processors);
    RC_ASSERT(topology.apic_ids[0] == 2u);
  }));
}
