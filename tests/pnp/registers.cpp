// Texts that describe registers: what they mean, and where they are wrong.
#include "pnp/registers.hpp"

#include <string>

#include "catch.hpp"
#include "pnp/description.hpp"

using namespace mica::pnp;

namespace {

std::string mistake_in(std::string const& text) {
  DeviceReader reader{text};
  for (Description device; reader.next(device);) continue;
  Mistake const& mistake = reader.mistake();
  if (mistake.expected == nullptr) return {};
  return std::to_string(mistake.line) + ":" + std::to_string(mistake.column) + " " +
         mistake.expected;
}

// Of a device that is right but for these lines, from its fourth on.
std::string mistake_of(std::string const& lines) {
  return mistake_in("device One\ninterrupt 0x30 level\nport 0x300 8\n" + lines + "\n");
}

constexpr char const* bits = "some of its bits, a number that is not 0";
constexpr char const* a_name = "a register's name: 1 to 64 letters, digits, '_' and '-'";

std::string at(char const* place, char const* expected) {
  return std::string{place} + " " + expected;
}

}  // namespace

TEST_CASE("pnp: registers are of the range above them", "[pnp]") {
  DeviceReader reader{
      "device D\ninterrupt 0x30 level\nport 1 2\nregister P 1 8\nmemory 0 4\nmemory 64 16\n"
      "register M 8 64 mask 6 value 5 read-clears if P 2 ready P 4 raises 3 queue 7 0x8\n"
      "on read 5 of 7 if P 1 set M |= ~value after 10ms\n"
      "ram B 0 16\n"};
  Description device;
  REQUIRE(reader.next(device));
  CHECK((device.has_registers && device.driver.empty() && device.resources.size() == 4));
  RegisterReader registers{device.text};
  RegisterLine line;
  REQUIRE((registers.next(line) && !line.is_reaction));
  CHECK((line.what.name == "P" && line.what.type == CmResourceTypePort && line.what.range == 0));
  CHECK((line.what.offset == 1 && line.what.bytes == 1 && line.what.mask == 0xFF));
  REQUIRE((registers.next(line) && !line.is_reaction));
  Register const& what = line.what;
  CHECK((what.type == CmResourceTypeMemory && what.range == 1 && what.offset == 8));
  CHECK((what.bytes == 8 && what.mask == 6 && what.value == 5 && what.read_clears));
  CHECK((!what.write_clears && !what.read_only && !what.write_only && !what.is_ram));
  CHECK((what.condition.name == "P" && what.condition.mask == 2));
  CHECK((what.ready.name == "P" && what.ready.mask == 4));
  CHECK((what.raises.there && what.raises.name.empty() && what.raises.mask == 3));
  CHECK(what.queue == "7 0x8");
  REQUIRE((registers.next(line) && line.is_reaction));
  Reaction const& reaction = line.reaction;
  CHECK((!reaction.to_write && reaction.matches && reaction.match == 5 && reaction.of == 7));
  CHECK((reaction.condition.name == "P" && reaction.act == Act::set_bits));
  CHECK((reaction.target == "M" && reaction.operand.is_value && reaction.operand.inverted));
  CHECK(reaction.after_100ns == 100'000);
  REQUIRE((registers.next(line) && line.what.is_ram && line.what.bytes == 16));
  CHECK_FALSE(registers.next(line));
}

TEST_CASE("pnp: the first mistake about registers has a place", "[pnp]") {
  CHECK(mistake_of("register R 0 8") == "");
  CHECK(mistake_in("device D\nregister R 0 8\n") == "2:1 a port or memory range before it");
  CHECK(mistake_of("on read interrupt") == "4:1 a register before it");
  CHECK(mistake_of("ram R 0 8\non read interrupt") == "5:1 a register before it");
  CHECK(mistake_of("register") == at("4:9", a_name));
  CHECK(mistake_of("register R") == "4:11 an offset within the range");
  CHECK(mistake_of("register R 8 8") == "4:12 an offset within the range");
  CHECK(mistake_of("register R 0 7") == "4:14 how wide it is, within the range: 8, 16, 32 or 64");
  CHECK(mistake_of("register R 7 16") == "4:14 how wide it is, within the range: 8, 16, 32 or 64");
  CHECK(mistake_of("register R 0 64") == "4:14 8, 16 or 32: ports are no wider");
  CHECK(mistake_of("ram R 1 8") == "4:9 how many bytes of the range");
  CHECK(mistake_of("ram R 1 7 more") == "4:11 the line's end");
  CHECK(mistake_of("register R 0 8 value 256") == "4:22 a number");
  CHECK(mistake_of("register R 0 8 mask x") == "4:21 a number");
  CHECK(mistake_of("register R 0 8 if Q 0") == at("4:21", bits));
  CHECK(mistake_of("register R 0 8 ready") == at("4:21", a_name));
  CHECK(mistake_of("register R 0 8 raises 0") == at("4:23", bits));
  CHECK(mistake_of("register R 0 8 queue") == "4:21 a number of as many bits");
  CHECK(mistake_of("register R 0 8 queue 1 256") == "4:24 a number of as many bits");
  CHECK(mistake_of("register R 0 8 other").starts_with("4:16 value, mask, read-only"));
  CHECK(mistake_of("register R 0 8 read-only write-only") ==
        "4:26 a register that can be read or written");
  std::string const r = "register R 0 8\n";
  CHECK(mistake_of(r + "on") == "5:3 'read' or 'write'");
  CHECK(mistake_of(r + "on write") == "5:9 'set', 'put' or 'interrupt'");
  CHECK(mistake_of(r + "on write 1 of") == at("5:14", "a number"));
  CHECK(mistake_of(r + "on write set 5!") == at("5:14", a_name));
  CHECK(mistake_of(r + "on write set R + 1") == "5:16 '=', '|=' or '&='");
  CHECK(mistake_of(r + "on write put R -1") ==
        "5:16 a number or 'value', or one of them with '~' before it");
  CHECK(mistake_of(r + "on write interrupt soon") == "5:20 'after' and a time, or the line's end");
  CHECK(mistake_of(r + "on write interrupt after 5") ==
        "5:26 a time of a year at most, such as 50us, 10ms or 2s");
  CHECK(mistake_of(r + "on write interrupt after 1s 2s") == "5:29 the line's end");
  CHECK(mistake_in("child A\ndriver a\nregister R 0 8\n").starts_with("3:1 what a child's bus"));
}

TEST_CASE("pnp: names of registers are names of one", "[pnp]") {
  constexpr char const* known = "the name of a register of the device";
  CHECK(mistake_of("register A 0 8 if B 1\nregister B 1 8") == "");
  CHECK(mistake_of("register A 0 8\nregister A 1 8") == "5:10 another name: a register has that");
  CHECK(mistake_of("register A 0 8 if C 1") == at("4:19", known));
  CHECK(mistake_of("register A 0 8 ready C 1") == at("4:22", known));
  CHECK(mistake_of("register A 0 8 raises C") == at("4:23", known));
  CHECK(mistake_of("register A 0 8\non read put C 1") == at("5:13", known));
  CHECK(mistake_of("register A 0 8\non read if C 1 interrupt") == at("5:12", known));
  std::string const silent = "device One\nport 0x300 8\nregister A 0 8";
  CHECK(mistake_in(silent + " raises 1\n") == "3:10 a device that has an interrupt");
  CHECK(mistake_in("device Two\ndriver two\n" + silent + "\non read interrupt\n") ==
        "3:1 a device that has an interrupt");
}
