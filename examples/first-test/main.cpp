// A first test: two kernel threads, an event that asks and an event that answers, inside an
//   ordinary program. cmake -B build -DCMAKE_PREFIX_PATH=<where mica was installed> && cmake
//   --build build && build/first-test
#include <mica/system.hpp>
#include <nt/ntddk.h>

#include <cstdio>

namespace {

struct Exchange {
  KEVENT asked;
  KEVENT answered;
  int number;
};

// A kernel thread, as a driver writes one.
void NTAPI doubler(PVOID context) {
  auto& exchange = *static_cast<Exchange*>(context);
  KeWaitForSingleObject(&exchange.asked, Executive, KernelMode, FALSE, nullptr);
  exchange.number *= 2;
  KeSetEvent(&exchange.answered, 0, FALSE);
  PsTerminateSystemThread(STATUS_SUCCESS);
}

}  // namespace

int main() {
  Exchange exchange{};
  NTSTATUS created = STATUS_UNSUCCESSFUL, waited = STATUS_UNSUCCESSFUL;

  mica::System system{{.processors = 2, .seed = 7}};
  mica::Outcome const end = system.try_run([&] {
    KeInitializeEvent(&exchange.asked, SynchronizationEvent, FALSE);
    KeInitializeEvent(&exchange.answered, SynchronizationEvent, FALSE);
    exchange.number = 21;

    HANDLE thread;
    created = PsCreateSystemThread(&thread, THREAD_ALL_ACCESS, nullptr, nullptr, nullptr, doubler,
                                   &exchange);
    if (!NT_SUCCESS(created)) return;
    KeSetEvent(&exchange.asked, 0, FALSE);
    waited = KeWaitForSingleObject(&exchange.answered, Executive, KernelMode, FALSE, nullptr);
    ZwClose(thread);
  });

  bool const good = end.completed() && waited == STATUS_SUCCESS && exchange.number == 42;
  std::printf("%s: the other thread answered %d\n", good ? "passed" : "failed", exchange.number);
  if (!good) std::fputs(end.report().c_str(), stdout);
  return good ? 0 : 1;
}
