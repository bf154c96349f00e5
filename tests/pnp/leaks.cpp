// What devices take they give back.
#include "catch.hpp"
#include "conformance/pnp_bus_driver.hpp"
#include "mica/system.hpp"
#include "mm/state.hpp"

using namespace mica;

namespace {

// The free pages after devices have come and gone.
std::size_t pages_after(System& system, std::string_view text) {
  std::size_t pages = 0;
  system.run([&] {
    test::PlugCase plug;
    for (int round = 0; round < 100; ++round) {
      MICA_CHECK(plug.devices.add(text) == STATUS_SUCCESS);
      MICA_CHECK((round % 2 == 0 ? plug.devices.remove("Plug") : plug.devices.lose("Plug")) ==
                 STATUS_SUCCESS);
    }
  });
  system.run([&] { pages = mm::state().pages.free_pages(); });
  return pages;
}

std::size_t pages_after_children(System& system) {
  std::size_t pages = 0;
  system.run([&] {
    test::Story story;
    test::CaseDevices devices;
    test::BusChild child{'1', u"CASE\\Thing"};
    child.raw = true;
    test::Bus bus{devices, story, child};
    MICA_CHECK(bus.add() == STATUS_SUCCESS);
    for (int round = 0; round < 100; ++round) {
      child.present = !child.present;
      bus.change();
    }
  });
  system.run([&] { pages = mm::state().pages.free_pages(); });
  return pages;
}

}  // namespace

TEST_CASE("pnp: nothing is left of what hung from a bus", "[pnp]") {
  System system;
  static_cast<void>(pages_after_children(system));
  std::size_t const before = pages_after_children(system);
  CHECK(pages_after_children(system) == before);
}

TEST_CASE("pnp: nothing is left of devices that came and went", "[pnp]") {
  System system;
  for (std::string_view const text :
       {"device Plug\ndriver Function\n",
        "device Plug\ndriver Function\ndescription Text\nclass Sample " MICA_CASE_CLASS
        "\nport 1 2\ninterrupt 0x55 level\n"}) {
    static_cast<void>(pages_after(system, text));  // the pool keeps some of the first times
    std::size_t const before = pages_after(system, text);
    CHECK(pages_after(system, text) == before);
  }
}
