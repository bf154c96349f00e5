// Regions: mappings, what a reset forgets, copies that survive.
#include "rig.hpp"

using namespace mica;
using namespace mica::hal_host_test;

TEST_CASE("one physical page appears at two addresses", "[hal_host]") {
  Rig rig{{}};
  rig.body[0] = [] {
    // The compiler takes different addresses for different bytes: here they are the same.
    auto* const space = Machine::system_space().base;
    auto volatile* const bytes = reinterpret_cast<unsigned char volatile*>(space);
    PageNumber const page = Machine::physical_memory()[0].first;
    HOLDS(Machine::map(space, page, hal::Protection::read_write));
    HOLDS(Machine::map(space + 8 * page_size, page, hal::Protection::read_only));
    *bytes = 42;
    HOLDS(bytes[8 * page_size] == 42);
    HOLDS(*Machine::direct(address_of(page)) == std::byte{42});
    Machine::unmap(space);
    Machine::flush(space, 1);
    char buffer[4] = {};
    HOLDS(!Machine::copy_guarded(buffer, space, 4));
    HOLDS(Machine::copy_guarded(buffer, space + 8 * page_size, 4));
    HOLDS(buffer[0] == 42);
    HOLDS(!Machine::copy_guarded(space + 8 * page_size, buffer, 4));
    Machine::protect(space + 8 * page_size, hal::Protection::read_write);
    HOLDS(Machine::copy_guarded(space + 8 * page_size, buffer, 4));
    HOLDS(!Machine::copy_guarded(space + 9 * page_size - 2, buffer, 4));
    HOLDS(!Machine::map(space, {1}, hal::Protection::read_write));
  };
  CHECK(rig.run().end == End::quiet);
}

TEST_CASE("a guarded copy meets null and the host's memory", "[hal_host]") {
  Rig rig{{}};
  rig.body[0] = [] {
    char buffer[8] = {};
    static char const text[8] = "mica";
    HOLDS(!Machine::copy_guarded(buffer, nullptr, 8));
    HOLDS(!Machine::copy_guarded(nullptr, buffer, 8));
    HOLDS(!Machine::copy_guarded(buffer, reinterpret_cast<void*>(0x8000'0000'0000'0000), 1));
    HOLDS(Machine::copy_guarded(buffer, text, 8));
    HOLDS(std::string{buffer} == "mica");
  };
  CHECK(rig.run().end == End::quiet);
}

TEST_CASE("a reset region has no mappings and zero storage", "[hal_host]") {
  Region* const region = Region::acquire(4 << 20);
  REQUIRE(region);
  auto* const word = static_cast<std::uint64_t*>(region->take_storage(8));
  *word = 7;
  REQUIRE(region->map(region->system(), {Region::first_page}, hal::Protection::read_write));
  CHECK(region->allows(region->system(), page_size, true));
  region->reset();
  CHECK_FALSE(region->allows(region->system(), 1, false));
  CHECK(region->take_storage(8) == word);
  CHECK(*word == 0);
  REQUIRE(region->map(region->system(), {Region::first_page}, hal::Protection::read_write));
  region->drop_stale();
  *reinterpret_cast<unsigned char volatile*>(region->system()) = 1;
  CHECK(*(region->direct() + Region::first_page * page_size) == std::byte{1});
  Region::release(region);
}

TEST_CASE("sixteen bytes are exchanged at once", "[hal_host]") {
  Rig rig{{}};
  rig.body[0] = [] {
    alignas(16) std::uint64_t target[2] = {1, 2};
    std::uint64_t expected[2] = {1, 3};
    std::uint64_t const desired[2] = {5, 6};
    HOLDS(!Machine::compare_exchange_16(target, expected, desired));
    HOLDS(expected[1] == 2);
    HOLDS(Machine::compare_exchange_16(target, expected, desired));
    HOLDS((target[0] == 5 && target[1] == 6));
  };
  CHECK(rig.run().end == End::quiet);
}

TEST_CASE("a backtrace names code and stays inside its buffer", "[hal_host]") {
  Rig rig{{}};
  rig.body[0] = [] {
    std::uint64_t addresses[4] = {};
    std::size_t const count = Machine::backtrace(0, addresses, 3);
    HOLDS(count >= 1);
    HOLDS(count <= 3);
    HOLDS(addresses[3] == 0);
    HOLDS(Machine::backtrace(0x10, addresses, 3) == 0);
    HOLDS(Machine::symbol_name(1).name == nullptr);
  };
  CHECK(rig.run().end == End::quiet);
}
