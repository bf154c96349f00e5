// Bus drivers' mistakes that end a System: bugcheck PNP_DETECTED_FATAL_ERROR.
//   Each has a System of its own, since the worker finds them.   [MSDN "Bug Check 0xCA"]
#include "catch.hpp"
#include "conformance/pnp_bus_driver.hpp"
#include "mica/driver.hpp"
#include "mica/system.hpp"

using namespace mica;

namespace {

// What the System ends with when this is reported by a bus.
template <class Make>
std::uint64_t first_parameter_of(Make make) {
  try {
    System system;
    system.run([&] {
      test::Story story;
      test::CaseDevices devices;
      test::BusChild first{'1', u"CASE\\Thing"}, second{'2', u"CASE\\Thing"};
      second.instance = u"2";
      first.present = second.present = true;
      test::Bus bus{devices, story, first, second};
      make(bus, first, second);
      static_cast<void>(bus.add());
      bus.change();
    });
  } catch (Failure const& failure) {
    Outcome const& outcome = failure.outcome();
    return outcome.code() == PNP_DETECTED_FATAL_ERROR ? outcome.parameters()[0] : 0;
  }
  return 0;
}

using test::Bus;
using test::BusChild;

}  // namespace

TEST_CASE("pnp: children that are as they should be end nothing", "[pnp]") {
  CHECK(first_parameter_of([](Bus&, BusChild&, BusChild&) {}) == 0);
}

TEST_CASE("pnp: two children that are called the same end the System", "[pnp]") {
  CHECK(first_parameter_of([](Bus&, BusChild&, BusChild& second) { second.instance = u"1"; }) == 1);
}

TEST_CASE("pnp: an identifier with a letter that none may have ends the System", "[pnp]") {
  for (WCHAR const* const wrong :
       {u"CASE\\Th,ing", u"CASE\\Th ing", u"CASE\\Th\x7Fing", u"Thing", u"CASE\\Thing\\1"})
    CHECK(first_parameter_of(
              [wrong](Bus&, BusChild& first, BusChild&) { first.device_id = wrong; }) == 3);
  CHECK(first_parameter_of([](Bus&, BusChild& first, BusChild&) { first.instance = u"1\\2"; }) ==
        3);
  static constexpr WCHAR list[] = u"CASE\\Good\0CASE\\B,d\0";
  CHECK(first_parameter_of([](Bus&, BusChild& first, BusChild&) {
          first.hardware_ids = list;
          first.hardware_bytes = sizeof list;
        }) == 3);
}

TEST_CASE("pnp: a child that its bus has deleted ends the System", "[pnp]") {
  CHECK(first_parameter_of([](Bus& bus, BusChild&, BusChild&) { bus.deletes = true; }) == 4);
}

TEST_CASE("pnp: a null among children ends the System", "[pnp]") {
  CHECK(first_parameter_of([](Bus& bus, BusChild&, BusChild&) { bus.reports_null = true; }) == 8);
}
