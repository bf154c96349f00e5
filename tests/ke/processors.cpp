// What a processor's block says once it runs, and what threads leave behind.
//   [WDK wdm.h, KPCR: drivers find both by gs]
#include <mica/system.hpp>
#include <mica/test.hpp>

#include "catch.hpp"
#include "ke/object_type.hpp"
#include "ke/processor.hpp"

namespace ke = mica::ke;

namespace {

void check_block(ke::Processor const& processor, ULONG number) {
  KPCR const& pcr = processor.machine.pcr;
  ke::Thread const& idle = processor.idle;
  KAFFINITY const own = KAFFINITY{1} << number;
  MICA_CHECK(pcr.Self == &pcr);
  MICA_CHECK(pcr.CurrentPrcb == &pcr.Prcb);
  MICA_CHECK(pcr.Prcb.Number == number);
  MICA_CHECK(pcr.Prcb.IdleThread == &idle);
  // A DPC that interrupts the idle thread finds a thread there, like any other.
  MICA_CHECK(idle.Header.Type == ke::ThreadObject);
  MICA_CHECK(idle.Header.WaitListHead.Flink == &idle.Header.WaitListHead);
  MICA_CHECK(idle.mutants.Flink == &idle.mutants);
  MICA_CHECK(idle.priority == ke::idle_priority);
  MICA_CHECK(idle.base_priority == ke::idle_priority);
  MICA_CHECK(idle.affinity == own && idle.user_affinity == own);
  MICA_CHECK(idle.processor == number && idle.ideal_processor == number);
}

}  // namespace

TEST_CASE("ke: each processor's block and idle thread say which processor that is, up to sixteen") {
  for (unsigned const count : {1u, 3u, ke::max_processors}) {
    mica::System system{{.processors = count}};
    system.run([&] {
      MICA_CHECK(KeQueryActiveProcessorCount(nullptr) == count);
      MICA_CHECK(KeQueryMaximumProcessorCount() == count);
      for (ULONG number = 0; number < count; ++number)
        check_block(ke::state().processors[number], number);
    });
  }
}

TEST_CASE("ke: a thread that has ended leaves nothing behind") {
  mica::System system{{.memory_bytes = std::size_t{4} << 20}};
  system.run([] {
    int ran = 0;
    auto body = [&] { ++ran; };
    for (int i = 0; i < 1000; ++i) mica::test::join(mica::test::start(body));
    MICA_CHECK(ran == 1000);
  });
}
