// Drivers of one family of routines each, written after its documentation. DriverEntry does what a
// driver would do with them and looks at what comes of it; the debugger is told what did not hold.
#include "../../conformance/support.hpp"
#include "../requests.hpp"
#include "interrupts.h"

using namespace mica::test;

MICA_CASE("Ke: a driver's events, semaphores, mutexes and regions are as documented") {
  Loaded const driver{u"family_sync"};
}

MICA_CASE("Ke: a driver's timers and clocks are as documented, the executive's timers too") {
  Loaded const driver{u"family_timers"};
}

MICA_CASE("Ke: a driver's DPCs of each kind, and what runs everywhere, are as documented") {
  Loaded const driver{u"family_dpcs"};
}

MICA_CASE("Ke: a driver's queues of work and of devices are as documented") {
  Loaded const driver{u"family_queues"};
}

MICA_CASE("Ke: what a driver is told of processors, and where its threads run, is as documented") {
  Loaded const driver{u"family_processors"};
}

MICA_CASE("Ke: a driver's APCs, alerts and bugcheck callbacks are as documented") {
  Loaded const driver{u"family_apcs"};
}

MICA_CASE("Ke: a driver's spin locks of each kind are as documented") {
  Loaded const driver{u"family_spin_locks"};
}

MICA_CASE("Ex: a driver's resources and push locks are as documented") {
  Loaded const driver{u"family_resources"};
}

MICA_CASE("Ex: a driver's rundown protection is as documented") {
  Loaded const driver{u"family_rundown"};
}

MICA_CASE("Ex: a driver's pool, lookaside and interlocked lists are as documented") {
  Loaded const driver{u"family_pool"};
}

MICA_CASE("Ex: a driver's callback objects and work items are as documented") {
  Loaded const driver{u"family_callbacks"};
}

MICA_CASE("Rtl: a driver's strings, code pages and names with wild cards are as documented") {
  Loaded const driver{u"family_strings"};
}

MICA_CASE("Rtl: a driver's bitmaps, times, identifiers, frames and exceptions are as documented") {
  Loaded const driver{u"family_library"};
}

MICA_CASE("Rtl: a driver's tables and trees are as documented") {
  Loaded const driver{u"family_tables"};
}

MICA_CASE("Rtl: values, former names and constants of drivers' headers are as documented") {
  Loaded const driver{u"family_values"};
}

MICA_CASE("Cm: a driver's keys and values are as documented") {
  Loaded const driver{u"family_registry"};
}

MICA_CASE("Ob: a driver's names, links, references and events by handle are as documented") {
  Loaded const driver{u"family_objects"};
}

MICA_CASE("Ps: what a driver is told of processes, threads and the system is as documented") {
  Loaded const driver{u"family_processes"};
}

MICA_CASE("Mm: a driver's lists of pages, contiguous memory and mappings are as documented") {
  Loaded const driver{u"family_memory"};
}

MICA_CASE("Io: a driver's DMA adapter, its buffers, transfers and lists are as documented") {
  Loaded const driver{u"family_dma"};
}

MICA_CASE("Io: a driver's own device, opened as a file, is as documented") {
  Loaded const driver{u"family_files"};
}

MICA_CASE("Io: requests that a driver makes, and its queue of them, are as documented") {
  Loaded const driver{u"family_requests"};
}

MICA_CASE("Se: a driver's identifiers, descriptors, tokens and privileges are as documented") {
  Loaded const driver{u"family_security"};
}

MICA_CASE("Cm: a driver hears of what others do to keys, and keeps them from it") {
  Loaded const driver{u"family_watcher"};
}

MICA_CASE("Io: what a driver keeps for its device, and is told of, is as documented") {
  Loaded const driver{u"family_upkeep"};
  OpenedDevice device{u"\\Device\\MicaFamilyUpkeep"};
  ULONG reinitialized = 0;
  MICA_CHECK(Request::read(device, &reinitialized, sizeof reinitialized).status() ==
             STATUS_SUCCESS);
  MICA_CHECK(reinitialized == 2);
}

MICA_CASE("Io: a driver gets its requests one by one, by their keys, and makes parts of one") {
  Loaded const driver{u"family_packets"};
}

MICA_CASE("Io: a driver's interrupt routine and its DPC run when the device asks") {
  Loaded const driver{u"family_interrupts"};
  OpenedDevice device{u"\\Device\\MicaFamilyInterrupts"};
  INTERRUPTS_SEEN seen{};
  for (LONG asked = 1; asked <= 3; ++asked) {
    interrupt(0, INTERRUPTS_VECTOR);
    until([&] {
      MICA_REQUIRE(Request::read(device, &seen, sizeof seen).status() == STATUS_SUCCESS);
      return seen.Dpcs == asked;
    });
    MICA_CHECK(seen.Interrupts == asked);
  }
}

MICA_CASE("Tm: a driver's transactions, with what they do to the registry, are as documented") {
  Loaded const driver{u"family_transactions"};
}
