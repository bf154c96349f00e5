// Devices that somebody plays: by their registers, and by a model of a test's own.
#include <mica/device.hpp>
#include <mica/driver.hpp>
#include <mica/test.hpp>

#include <nt/ntifs.h>

#include <cstring>
#include <fstream>
#include <vector>

#include "catch.hpp"
#include "drivers/image.hpp"

using namespace mica;

namespace {

constexpr std::uint64_t base = 0xFEB00000;

std::string text_of(char const* name) {
  std::ifstream file{std::string{MICA_TEST_SCRIPTS} + "/" + name};
  return {std::istreambuf_iterator<char>{file}, {}};
}

// Memory that notes who asked for what.
struct Noting final : DeviceModel {
  std::optional<std::uint64_t> read(DeviceAccess const& access) override {
    if (access.offset >= sizeof bytes) return {};
    std::uint64_t value = 0;
    std::memcpy(&value, bytes + access.offset, access.bytes);
    reads.push_back(access);
    return value;
  }
  bool write(DeviceAccess const& access, std::uint64_t value) override {
    if (access.offset >= sizeof bytes) throw std::runtime_error{"out of it"};
    std::memcpy(bytes + access.offset, &value, access.bytes);
    writes.push_back(access);
    return true;
  }

  unsigned char bytes[256] = {};
  std::vector<DeviceAccess> reads, writes;
};

// A System whose host code is the driver: of a device with memory, mapped there.
struct Mapped {
  explicit Mapped(Config const& config = {}) : system{config} {
    for (unsigned i = 0; i < sizeof model.bytes; ++i)
      model.bytes[i] = static_cast<unsigned char>(i);
    system.play_device("Noted", model);
    REQUIRE(system.add_devices("device Noted\nmemory 0xFEB00000 0x200\nregister R 0 8\n") ==
            STATUS_SUCCESS);
    system.run([&] { place = map(); });
    REQUIRE(place != nullptr);
  }

  static unsigned char* map() {
    PHYSICAL_ADDRESS address;
    address.QuadPart = base;
    return static_cast<unsigned char*>(MmMapIoSpace(address, 0x200, MmNonCached));
  }
  // What was asked for since it was asked last, as widths and offsets.
  static std::string told(std::vector<DeviceAccess>& accesses) {
    std::string text;
    for (DeviceAccess const& each : accesses)
      text += std::to_string(each.bytes) + "@" + std::to_string(each.offset) + " ";
    accesses.clear();
    return text;
  }

  Noting model;
  System system;
  unsigned char* place = nullptr;
};

}  // namespace

TEST_CASE("devices: instructions of memory reach the device in their widths", "[devices]") {
  Mapped mapped;
  unsigned char* const at = mapped.place;
  std::uint64_t byte = 0, word = ~0ull, wide = 0, sign = 0;
  mapped.system.run([&] {
    asm volatile("movb 5(%1), %b0" : "+r"(byte) : "r"(at) : "memory");
    asm volatile("movw 6(%1), %w0" : "+r"(word) : "r"(at) : "memory");
    asm volatile("movq (%1,%2,8), %0" : "=r"(wide) : "r"(at), "r"(2ull) : "memory");
    asm volatile("movsbl 0x80(%1), %k0" : "=r"(sign) : "r"(at) : "memory");
  });
  CHECK((byte == 5 && word == 0xFFFFFFFFFFFF0706 && wide == 0x1716151413121110));
  CHECK(sign == 0xFFFFFF80);
  CHECK(Mapped::told(mapped.model.reads) == "1@5 2@6 8@16 1@128 ");
  mapped.system.run([&] {
    asm volatile("movl $0x12345678, 4(%0)" : : "r"(at) : "memory");
    asm volatile("movb %b1, 9(%0)" : : "r"(at), "r"(0xABull) : "memory");
  });
  CHECK(Mapped::told(mapped.model.writes) == "4@4 1@9 ");
  CHECK((mapped.model.bytes[4] == 0x78 && mapped.model.bytes[7] == 0x12));
  CHECK((mapped.model.bytes[9] == 0xAB && mapped.model.reads.empty()));
  CHECK(mapped.system.wrong_accesses().empty());
}

TEST_CASE("devices: what reads and writes does both, with its flags", "[devices]") {
  Mapped mapped;
  unsigned char* const at = mapped.place;
  std::uint64_t exchanged = 0x55, compared = 0, added = 0, kept = 0x0123456789ABCDEF;
  bool carry = false, zero = false, below = false;
  std::uint64_t rbx = kept;
  mapped.system.run([&] {
    asm volatile("addb $0xFF, 1(%1)" : "=@ccc"(carry) : "r"(at) : "memory");
    asm volatile("testl $0xF0, 4(%1)" : "=@ccz"(zero) : "r"(at) : "memory");
    asm volatile("cmpw $0x1000, 8(%1)" : "=@ccb"(below) : "r"(at) : "memory");
    asm volatile("xchgl %k0, 12(%1)" : "+r"(exchanged) : "r"(at) : "memory");
    asm volatile("lock cmpxchgb %b2, 20(%1)"
                 : "=a"(compared)
                 : "r"(at), "r"(0x99), "0"(20ull)
                 : "memory");
    asm volatile("lock xaddw %w0, 24(%1)" : "+r"(added) : "r"(at) : "memory");
    asm volatile("orb $0x40, 30(%1)" : "+b"(rbx) : "r"(at) : "memory");
  });
  CHECK((carry && zero && below && mapped.model.bytes[1] == 0));
  CHECK((exchanged == 0x0F0E0D0C && mapped.model.bytes[12] == 0x55));
  CHECK((compared == 20 && mapped.model.bytes[20] == 0x99));
  CHECK((added == 0x1918 && mapped.model.bytes[30] == 0x5E && rbx == kept));
  CHECK(Mapped::told(mapped.model.reads) == "1@1 4@4 2@8 4@12 1@20 2@24 1@30 ");
  CHECK(Mapped::told(mapped.model.writes) == "1@1 4@12 1@20 2@24 1@30 ");
}

TEST_CASE("devices: strings and vectors are parts, one after the other", "[devices]") {
  Mapped mapped;
  unsigned char* const at = mapped.place;
  std::uint32_t copied[3] = {};
  unsigned char vector[16] = {};
  std::uint64_t loaded = 0;
  mapped.system.run([&] {
    void* to = copied;
    void const* from = at + 32;
    std::uint64_t count = 3;
    asm volatile("rep movsl" : "+D"(to), "+S"(from), "+c"(count) : : "memory");
    MICA_CHECK(count == 0 && from == at + 44 && to == copied + 3);
    to = at + 64;
    count = 2;
    asm volatile("rep stosw" : "+D"(to), "+c"(count) : "a"(0xBEEF) : "memory");
    from = at + 5;
    asm volatile("std\n\tlodsb\n\tcld" : "+S"(from), "+a"(loaded) : : "memory", "cc");
    MICA_CHECK(from == at + 4);
    asm volatile("movdqu 48(%0), %%xmm3\n\tmovdqu %%xmm3, %1\n\tmovdqu %%xmm3, 80(%0)"
                 :
                 : "r"(at), "m"(vector)
                 : "xmm3", "memory");
  });
  CHECK((copied[0] == 0x23222120 && copied[2] == 0x2B2A2928 && loaded == 5));
  CHECK((mapped.model.bytes[64] == 0xEF && mapped.model.bytes[67] == 0xBE));
  CHECK((vector[0] == 48 && vector[15] == 63 && mapped.model.bytes[95] == 63));
  CHECK(Mapped::told(mapped.model.reads) == "4@32 4@36 4@40 1@5 8@48 8@56 ");
  CHECK(Mapped::told(mapped.model.writes) == "2@64 2@66 8@80 8@88 ");
}

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

TEST_CASE("devices: what cannot be done ends the run and says so", "[devices]") {
  Mapped mapped;
  Outcome const outcome = mapped.system.try_run([&] {
    asm volatile("btsl %k1, (%0)" : : "r"(mapped.place), "r"(3) : "memory", "cc");
  });
  CHECK(outcome.kind() == Outcome::Kind::fault);
  CHECK_THAT(std::string{mapped.system.log()}, Catch::Contains("'bts ["));
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
    address.QuadPart = base;
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
    MICA_CHECK(place[0x15] == 2 && *reinterpret_cast<std::uint64_t*>(place + 0x14) == 0x04030201);
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
