// Devices that somebody plays, by their registers and by a model of a test's own: where they are,
// and what their drivers find.
#include <mica/device.hpp>
#include <mica/driver.hpp>
#include <mica/test.hpp>

#include <nt/ntifs.h>

#include <fstream>

#include "catch.hpp"
#include "drivers/image.hpp"
#include "drivers/mapped_device.hpp"

using namespace mica;
using test::Mapped;

namespace {

std::string text_of(char const* name) {
  std::ifstream file{std::string{MICA_TEST_SCRIPTS} + "/" + name};
  return {std::istreambuf_iterator<char>{file}, {}};
}

}  // namespace

TEST_CASE("devices: in parallel mode one is asked at a time", "[devices]") {
  Mapped mapped{{.processors = 2, .mode = Mode::parallel}};
  auto* const at = mapped.place;
  mapped.system.run([&] {
    for (int i = 0; i < 100; ++i) {
      asm volatile("incl 16(%0)" : : "r"(at) : "memory");
      test::sleep(10);
    }
  });
  CHECK(mapped.model.bytes[16] == static_cast<unsigned char>(16 + 100));
}

TEST_CASE("devices: what a device has not is told", "[devices]") {
  Mapped mapped;
  std::uint32_t value = 0;
  std::uint16_t beyond = 0;
  mapped.system.run([&] {
    value = *reinterpret_cast<std::uint32_t volatile*>(mapped.place + 256);
    *reinterpret_cast<std::uint32_t volatile*>(mapped.place + 256) = 7;
    beyond = *reinterpret_cast<std::uint16_t volatile*>(mapped.place + 0x1FF);
  });
  CHECK((value == 0xFFFFFFFF && beyond == 0xFFFF));
  auto const& wrong = mapped.system.wrong_accesses();
  REQUIRE(wrong.size() == 3);
  CHECK(wrong[0].device == "Noted");
  CHECK(wrong[0].text.ends_with("reads 32 bits at offset 0x100 of its memory, which it has not"));
  CHECK(
      wrong[1].text.ends_with("writes 0x7 to 32 bits at offset 0x100 of its memory, and its "
                              "model threw: out of it"));
  CHECK(wrong[2].text.ends_with("reads 16 bits at offset 0x1ff of its memory, which it has not"));
  CHECK(mapped.system.log().find("mica: device Noted: ") != std::string_view::npos);
}

TEST_CASE("devices: a mapping ends, and what was read-only stays", "[devices]") {
  Mapped mapped;
  mapped.system.run([&] { MmUnmapIoSpace(mapped.place, 0x200); });
  Outcome const outcome = mapped.system.try_run(
      [&] { static_cast<void>(*static_cast<unsigned char volatile*>(mapped.place)); });
  CHECK(outcome.kind() == Outcome::Kind::bugcheck);
  Mapped other;
  Outcome const written = other.system.try_run([&] {
    PHYSICAL_ADDRESS address;
    address.QuadPart = test::mapped_device;
    auto* const place =
        static_cast<unsigned char volatile*>(MmMapIoSpaceEx(address, 1, PAGE_READONLY));
    MICA_CHECK(*place == 0);
    *place = 1;
  });
  CHECK(written.kind() == Outcome::Kind::bugcheck);
}

TEST_CASE("devices: two cannot be at the same place, nor where memory is", "[devices]") {
  System system;
  constexpr char const* other = "device Other\nport 0x307 2\nregister R 0 8\n";
  REQUIRE(system.add_devices("device One\nport 0x300 8\nregister R 0 8\n") == STATUS_SUCCESS);
  CHECK(system.add_devices(other) == STATUS_CONFLICTING_ADDRESSES);
  CHECK(system.add_devices("device Third\nport 0x308 1\nmemory 0x300 8\nregister R 0 8\n") ==
        STATUS_SUCCESS);
  CHECK(system.add_devices("device Fourth\nmemory 0x200000 8\nregister R 0 8\n") ==
        STATUS_CONFLICTING_ADDRESSES);
  CHECK(system.remove_device("One") == STATUS_NO_SUCH_DEVICE);
  CHECK(system.registers("One") == nullptr);
  CHECK(system.remove_device("Third") == STATUS_NO_SUCH_DEVICE);
  CHECK(system.add_devices(other) == STATUS_SUCCESS);
  REQUIRE(system.registers("Other") != nullptr);
  CHECK_FALSE(system.interrupt("Other"));
  system.reset();
  CHECK(system.registers("Other") == nullptr);
}

TEST_CASE("devices: registers do what their text says", "[devices]") {
  System system;
  REQUIRE(system.add_devices("device D\nmemory 0xFEB00000 0x100\ninterrupt 0x55 level\n"
                             "register CLEARED 0 32 value 7 read-clears\n"
                             "register STATUS 4 32 value 0xFF write-clears mask 0x3F\n"
                             "register QUEUE 8 16 read-only value 9 ready STATE 2 queue 1 2\n"
                             "register GO 8 16 write-only\n"
                             "  on write 1 set STATE |= 0x10 after 100us\n"
                             "  on write 1 of 3 set STATE &= ~0x20\n"
                             "  on write if STATUS 1 put QUEUE ~value\n"
                             "register STATE 12 8 value 0x21\n"
                             "ram BUFFER 0x10 16\n") == STATUS_SUCCESS);
  Registers& registers = *system.registers("D");
  system.run([&] {
    auto* const place = Mapped::map();
    auto* const wide = reinterpret_cast<std::uint32_t volatile*>(place);
    auto* const half = reinterpret_cast<std::uint16_t volatile*>(place);
    MICA_CHECK(wide[0] == 7 && wide[0] == 0);
    wide[1] = 0x83;
    MICA_CHECK(wide[1] == 0xFC);
    MICA_CHECK(registers.get("STATE") == 0x23);
    MICA_CHECK(half[4] == 1 && half[4] == 2 && half[4] == 2);
    MICA_CHECK(registers.get("STATE") == 0x21);
    half[4] = 5;
    MICA_CHECK(registers.get("STATE") == 1);
    half[4] = 1;
    MICA_CHECK(registers.get("STATE") == 1);
    test::sleep(2000);
    MICA_CHECK(registers.get("STATE") == 0x11);
    MICA_CHECK(registers.set("STATUS", 1));
    half[4] = 0x00F0;
    MICA_CHECK(half[4] == 0xFF0F);
    MICA_CHECK(wide[4] == 0);
    wide[5] = 0x04030201;
    MICA_CHECK(place[0x15] == 2);
    MICA_CHECK(*reinterpret_cast<std::uint64_t volatile*>(place + 0x10) == 0x0403020100000000);
  });
  CHECK_FALSE(registers.set("STATE", 0x100));
  CHECK_FALSE(registers.put("NONE", 1));
  CHECK_FALSE(registers.get("BUFFER"));
  CHECK(system.wrong_accesses().empty());
}

TEST_CASE("devices: an old driver finds its ports before anything is plugged in", "[devices]") {
  System system;
  REQUIRE(system.add_devices(text_of("ports.devices")) == STATUS_SUCCESS);
  Driver driver = system.load(test::image_of("ports"), "ports");
  CHECK(driver.entry_status() == STATUS_SUCCESS);
  REQUIRE(system.wrong_accesses().empty());
  CHECK(driver.unload() == STATUS_SUCCESS);
  System without;
  CHECK(without.load(test::image_of("ports"), "ports").entry_status() ==
        static_cast<std::int32_t>(0xE0000001));
}

TEST_CASE("devices: their drivers do the same in both modes, and interrupts come", "[devices]") {
  for (Mode const mode : {Mode::deterministic, Mode::parallel})
    for (unsigned const processors : {1u, 2u}) {
      System system{{.processors = processors, .mode = mode}};
      Driver driver = system.load(test::image_of("uart"), "uart");
      REQUIRE(system.add_devices(text_of("uart.devices")) == STATUS_SUCCESS);
      CHECK(system.registers("com2")->get("LSR") == 0x60);
      CHECK(system.registers("Com2")->put("RBR", 0x41));
      system.run([] { test::sleep(test::millisecond_100ns); });
      CHECK(system.registers("Com2")->get("LSR") == 0x60);
      CHECK(system.remove_device("Com2") == STATUS_SUCCESS);
      CHECK(driver.unload() == STATUS_SUCCESS);
      CHECK(system.wrong_accesses().empty());
    }
}
