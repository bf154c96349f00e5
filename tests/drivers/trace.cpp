// What a Trace keeps of a driver that others compiled.
#include <mica/trace.hpp>

#include <mica/driver.hpp>
#include <mica/test.hpp>

#include <nt/ntifs.h>

#include <algorithm>

#include "catch.hpp"
#include "drivers/image.hpp"

using namespace mica;
using What = TraceEvent::What;

namespace {

struct Ran {
  std::uint64_t hash;
  std::uint64_t steps;
};

// The beat driver is loaded, beats twice, and is unloaded.
Ran run_beat(Trace* trace, Mode mode = Mode::deterministic) {
  System system{{.mode = mode, .trace = trace}};
  Driver driver = system.load(test::image_of("beat"), "beat");
  REQUIRE(driver.entry_status() == STATUS_SUCCESS);
  system.run([] { test::sleep(20 * test::millisecond_100ns); });
  CHECK(driver.unload() == STATUS_SUCCESS);
  return {system.trace_hash(), system.steps()};
}

std::vector<TraceEvent> events_of(Trace const& trace) {
  std::vector<TraceEvent> events;
  trace.each([&](TraceEvent const& event) { events.push_back(event); });
  return events;
}

TraceEvent const& find(std::vector<TraceEvent> const& events, What what, std::string const& name) {
  auto const at = std::ranges::find_if(
      events, [&](TraceEvent const& each) { return each.what == what && each.name == name; });
  REQUIRE(at != events.end());
  return *at;
}

std::string argument(TraceEvent const& event, std::string const& name) {
  auto const at = std::ranges::find(event.arguments, name, &TraceValue::name);
  return at == event.arguments.end() ? "none" : at->text;
}

std::vector<std::string> names_of(std::vector<TraceEvent> const& events) {
  std::vector<std::string> names;
  for (TraceEvent const& each : events)
    if (each.what == What::call || each.what == What::enter) names.push_back(each.name);
  return names;
}

}  // namespace

TEST_CASE("trace: every import that is called and every routine of the driver's", "[trace]") {
  Trace trace;
  static_cast<void>(run_beat(&trace));
  std::vector<TraceEvent> const events = events_of(trace);
  CHECK(names_of(events) ==
        std::vector<std::string>{"DriverEntry", "RtlInitUnicodeString", "IoCreateDevice",
                                 "KeInitializeDpc", "KeInitializeTimer", "KeSetTimerEx", "DbgPrint",
                                 "CustomDpc", "CustomDpc", "DriverUnload", "KeCancelTimer",
                                 "KeFlushQueuedDpcs", "IoDeleteDevice"});
  // Each ends once, after it began and before what it is within.
  std::vector<std::uint64_t> open;
  for (TraceEvent const& each : events) {
    if (each.what == What::call || each.what == What::enter) {
      open.push_back(each.number);
    } else {
      REQUIRE((!open.empty() && open.back() == each.number));
      open.pop_back();
    }
  }
  CHECK((open.empty() && trace.lost() == 0));
}

TEST_CASE("trace: arguments and results are what their types say", "[trace]") {
  Trace trace;
  static_cast<void>(run_beat(&trace));
  std::vector<TraceEvent> const events = events_of(trace);
  TraceEvent const entry = find(events, What::enter, "DriverEntry");
  CHECK(argument(entry, "RegistryPath") ==
        "L\"\\\\Registry\\\\Machine\\\\System\\\\CurrentControlSet\\\\Services\\\\beat\"");
  CHECK(entry.place.starts_with("beat+0x"));
  CHECK(find(events, What::leave, "DriverEntry").value == "STATUS_SUCCESS");

  TraceEvent const create = find(events, What::call, "IoCreateDevice");
  CHECK(create.place.starts_with("beat+0x"));
  CHECK(argument(create, "DriverObject") == argument(entry, "DriverObject"));
  CHECK(argument(create, "DeviceName") == "L\"\\\\Device\\\\Beat\"");
  CHECK(argument(create, "DeviceType") == "0x22");
  CHECK(argument(create, "Exclusive") == "FALSE");
  CHECK(argument(create, "DeviceObject").starts_with("0x"));
  CHECK(find(events, What::result, "IoCreateDevice").value == "STATUS_SUCCESS");
  CHECK(find(events, What::result, "IoCreateDevice").number == create.number);

  TraceEvent const set = find(events, What::call, "KeSetTimerEx");
  CHECK((argument(set, "DueTime") == "-100000" && argument(set, "Period") == "10"));
  CHECK(find(events, What::result, "KeSetTimerEx").value == "FALSE");
  CHECK(argument(find(events, What::call, "KeInitializeDpc"), "DeferredRoutine") ==
        find(events, What::enter, "CustomDpc").place);
  CHECK(argument(find(events, What::call, "DbgPrint"), "Format") == "\"beat: started\\x0a\"");
  CHECK(find(events, What::result, "KeInitializeTimer").value.empty());
  // The last thing that DriverUnload does is a jump.
  CHECK(find(events, What::call, "IoDeleteDevice").place.empty());
}

TEST_CASE("trace: when, where and at which level", "[trace]") {
  Trace trace;
  static_cast<void>(run_beat(&trace));
  std::vector<TraceEvent> const events = events_of(trace);
  TraceEvent const entry = find(events, What::enter, "DriverEntry");
  TraceEvent const beat = find(events, What::enter, "CustomDpc");
  CHECK((entry.irql == PASSIVE_LEVEL && beat.irql == DISPATCH_LEVEL));
  CHECK((entry.thread != 0 && beat.thread == 0));  // an idle thread was interrupted
  CHECK(beat.time_100ns >= entry.time_100ns + 90'000);
  CHECK(std::ranges::is_sorted(events, {}, &TraceEvent::time_100ns));
}

TEST_CASE("trace: a run is the same with a trace and without", "[trace]") {
  Trace all, none{"Zw*"};
  Ran const plain = run_beat(nullptr), traced = run_beat(&all), filtered = run_beat(&none);
  CHECK((plain.hash == traced.hash && plain.steps == traced.steps));
  CHECK((plain.hash == filtered.hash && plain.steps == filtered.steps));
}

TEST_CASE("trace: names choose, and room ends", "[trace]") {
  Trace chosen{"Ke*Timer*,Custom???"};
  static_cast<void>(run_beat(&chosen));
  CHECK(names_of(events_of(chosen)) == std::vector<std::string>{"KeInitializeTimer", "KeSetTimerEx",
                                                                "CustomDpc", "CustomDpc",
                                                                "KeCancelTimer"});
  Trace small{"*", 0};
  static_cast<void>(run_beat(&small));
  CHECK((events_of(small).empty() && small.lost() == 26));
}

TEST_CASE("trace: processors that run at once", "[trace]") {
  Trace trace;
  static_cast<void>(run_beat(&trace, Mode::parallel));
  CHECK(find(events_of(trace), What::leave, "DriverEntry").value == "STATUS_SUCCESS");
}

TEST_CASE("trace: what a driver is called back with for DMA", "[trace]") {
  Trace trace;
  {
    System system{{.trace = &trace}};
    Driver driver = system.load(test::image_of("family_dma"), "family_dma");
    REQUIRE(driver.entry_status() == STATUS_SUCCESS);
    CHECK(driver.unload() == STATUS_SUCCESS);
  }
  std::vector<TraceEvent> const events = events_of(trace);
  std::vector<std::string> const names = names_of(events);
  CHECK(std::ranges::count(names, "AdapterControl") == 1);
  CHECK(std::ranges::count(names, "AdapterListControl") == 1);
  TraceEvent const& control = find(events, What::enter, "AdapterControl");
  CHECK(argument(control, "MapRegisterBase") != "none");
  CHECK(argument(find(events, What::enter, "AdapterListControl"), "ScatterGather") != "none");
}
