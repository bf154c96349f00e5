// What is told of a driver whose symbols are there: names that its linker knew.
#include <nt/ntifs.h>
#include <mica/driver.hpp>
#include <mica/trace.hpp>

#include "catch.hpp"
#include "drivers/image.hpp"
#include "init/drivers.hpp"

using namespace mica;

namespace {

using Bytes = std::vector<std::byte>;

// What the System wrote when the driver fell.
std::string fall(Config const& config, Bytes const& symbols) {
  System system{config};
  CHECK_THROWS_AS(system.load(test::image_of("falls"), "fault", symbols), Failure);
  return std::string{system.log()};
}

// An archive of files, one after the other.
void add(std::string& archive, std::string const& name, Bytes const& bytes) {
  std::string header(512, '\0');
  header.replace(0, name.size(), name);
  char text[16];
  std::snprintf(text, sizeof text, "%011zo", bytes.size());
  header.replace(124, 11, text);
  header.replace(148, 8, "        ")
      .replace(156, 1, "0")
      .replace(257, 8,
               std::string{"ustar\0"
                           "00",
                           8});
  unsigned sum = 0;
  for (char const letter : header) sum += static_cast<unsigned char>(letter);
  std::snprintf(text, sizeof text, "%06o", sum);
  header.replace(148, 7, std::string{text, 7});
  archive += header;
  archive.append(reinterpret_cast<char const*>(bytes.data()), bytes.size());
  archive.resize((archive.size() + 511) / 512 * 512);
}

std::string fall_from_ram_disk(std::string const& symbols_name) {
  std::string archive;
  add(archive, "fault.sys", test::image_of("falls"));
  add(archive, symbols_name, test::symbols_of("falls"));
  archive.append(1024, '\0');
  System system{{.ram_disk = std::as_bytes(std::span{archive})}};
  CHECK_FALSE(system.try_run([] { static_cast<void>(init::load_service("fault")); }).completed());
  return std::string{system.log()};
}

bool has(std::string const& text, char const* part) {
  INFO(text);
  return text.find(part) != text.npos;
}

}  // namespace

TEST_CASE("symbols: a bugcheck names routines of the driver that are not exported", "[drivers]") {
  std::string const named = fall({}, test::symbols_of("falls"));
  CHECK(has(named, "  fault!DriverEntry+0x"));
  // What is static is no public symbol, and gets no other name.
  CHECK(has(named, "mica: nobody handles exception 0xC0000005 of fault+0x"));
  std::string const nameless = fall({}, {});
  CHECK_FALSE(has(nameless, "!"));
  CHECK(has(nameless, "  fault+0x"));
}

TEST_CASE("symbols: of another build are told in a line, and nothing is named", "[drivers]") {
  std::string const log = fall({}, test::symbols_of("beat"));
  CHECK(log.starts_with(
      "mica: fault goes without the names of falls.pdb, which is of another build: "));
  CHECK_FALSE(has(log, "!"));
  Bytes cut = test::symbols_of("falls");
  cut.pop_back();
  CHECK(fall({}, cut).starts_with(
      "mica: fault goes without the names of falls.pdb: it is cut off, at 0x28 of that file\n"));
}

TEST_CASE("symbols: a driver of the RAM disk has those that are there too", "[drivers]") {
  CHECK(has(fall_from_ram_disk("falls.pdb"), "  fault!DriverEntry+0x"));
  CHECK(has(fall_from_ram_disk("symbols/FALLS.PDB"), "  fault!DriverEntry+0x"));
  CHECK_FALSE(has(fall_from_ram_disk("other.pdb"), "!"));
}

TEST_CASE("symbols: a trace names the driver's places, when its image is gone too", "[drivers]") {
  Trace trace;
  {
    System system{{.trace = &trace}};
    Driver driver = system.load(test::image_of("adder"), "adder", test::symbols_of("adder"));
    REQUIRE(driver.entry_status() == STATUS_SUCCESS);
    CHECK(driver.unload() == STATUS_SUCCESS);
  }
  std::vector<std::string> places;
  trace.each([&](TraceEvent const& event) { places.push_back(event.place); });
  REQUIRE_FALSE(places.empty());
  CHECK(places.front() == "adder!DriverEntry+0x0");
}

TEST_CASE("symbols: a System that begins again has none of those of before", "[drivers]") {
  System system;
  for (int round = 0; round < 2; ++round) {
    CHECK(system.load(test::image_of("beat"), "beat", test::symbols_of("beat")).entry_status() ==
          STATUS_SUCCESS);
    system.reset();
  }
  CHECK_THROWS_AS(system.load(test::image_of("falls"), "fault"), Failure);
  CHECK_FALSE(has(std::string{system.log()}, "!"));
}
