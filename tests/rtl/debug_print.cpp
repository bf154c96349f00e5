// What DbgPrint and its relatives leave in a System's log.
#include <mica/system.hpp>

#include <string>

#include "catch.hpp"
#include "rtl/line.hpp"

#include <nt/rtl.h>

namespace {

ULONG NTAPI with_prefix(PCSTR format, ...) noexcept {
  MS_VA_LIST arguments;
  MS_VA_START(arguments, format);
  ULONG const status = vDbgPrintExWithPrefix("driver: ", 77, 0, format, arguments);
  MS_VA_END(arguments);
  return status;
}

}  // namespace

TEST_CASE("Rtl: what is printed stands in the log") {
  mica::System system;
  system.run([] {
    DbgPrint("<plain %d>\n", 7);
    DbgPrintEx(DPFLTR_IHVDRIVER_ID, DPFLTR_INFO_LEVEL, "<component %s>\n", "x");
    with_prefix("<prefixed %u>\n", 9);
  });
  std::string const log{system.log()};
  CHECK(log.find("<plain 7>\n") != std::string::npos);
  CHECK(log.find("<component x>\n") != std::string::npos);
  CHECK(log.find("driver: <prefixed 9>\n") != std::string::npos);
}

TEST_CASE("Rtl: one call shows 512 bytes") {
  mica::System system;
  std::string const text(600, 'q');
  system.run([&] { DbgPrint("%s", text.c_str()); });
  std::string const log{system.log()};
  CHECK(log.find(std::string(512, 'q')) != std::string::npos);
  CHECK(log.find(std::string(513, 'q')) == std::string::npos);
}

TEST_CASE("Rtl: a line of the executive's own has 511 characters at most") {
  mica::System system;
  std::string const text(600, 'q');
  system.run([&] { mica::rtl::Line{} << text; });
  std::string const log{system.log()};
  CHECK(log.find(std::string(511, 'q') + "\n") != std::string::npos);
  CHECK(log.find(std::string(512, 'q')) == std::string::npos);
}
