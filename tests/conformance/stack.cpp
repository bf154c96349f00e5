// Stacks: their limits, and calls that get more.
//   [MSDN IoGetStackLimits, KeExpandKernelStackAndCallout, KeExpandKernelStackAndCalloutEx]
#include <nt/io.h>
#include <nt/mm.h>
#include <nt/ps.h>

#include "busy.hpp"

using namespace mica::test;

namespace {

struct Limits {
  ULONG_PTR low = 0, high = 0;
  Limits() noexcept { IoGetStackLimits(&low, &high); }
  [[nodiscard]] bool hold(void const* address) const noexcept {
    auto const at = reinterpret_cast<ULONG_PTR>(address);
    return at >= low && at < high;
  }
  bool operator==(Limits const&) const = default;
};

// Where the caller stands, and what it has left there, agree.
[[nodiscard]] bool stands_within() noexcept {
  int local = 0;
  Limits const limits;
  ULONG_PTR const left = IoGetRemainingStackSize();
  auto const here = reinterpret_cast<ULONG_PTR>(&local) - limits.low;
  constexpr ULONG_PTR some_frames = 4096;
  return limits.hold(&local) && left < here + some_frames && left + some_frames > here;
}

// Calls body() with this little left.
template <class Body>
[[gnu::noinline]] void with_left(ULONG_PTR bytes, Body const& body) noexcept {
  if (IoGetRemainingStackSize() <= bytes) return body();
  char volatile filler[256];  // accesses to it stay where they are, so it does
  filler[0] = 0;
  with_left(bytes, body);
  filler[1] = filler[0];
}

// Enough for the executive, with the wide frames of a sanitized build and an interrupt on top; and
// what a callout asks for to get more.
constexpr ULONG_PTR little = 0x6000, much = 0x8000;

template <class Body>
void NTAPI call_body(PVOID body) noexcept {
  (*static_cast<Body*>(body))();
}

template <class Body>
NTSTATUS expand(Body& body, SIZE_T size, BOOLEAN wait = FALSE) noexcept {
  return KeExpandKernelStackAndCalloutEx(call_body<Body>, &body, size, wait, nullptr);
}

// Where a callout ran.
struct Visit {
  int count = 0;
  bool within = false;
  KIRQL level = 99;
  ULONG_PTR left = 0;
  Limits limits;

  void operator()() noexcept {
    ++count;
    left = IoGetRemainingStackSize();
    limits = {};
    within = stands_within();
    level = KeGetCurrentIrql();
  }
};

}  // namespace

MICA_CASE("Io: a thread stands within the limits of its stack") {
  Limits const mine;
  MICA_CHECK(mine.high - mine.low >= KERNEL_STACK_SIZE);
  MICA_CHECK(stands_within());
  auto other = [&] {
    Limits const limits;
    MICA_CHECK(limits.low >= mine.high || limits.high <= mine.low);
    MICA_CHECK(stands_within());
  };
  join(start(other));
  with_left(little, [&] {
    MICA_CHECK(Limits{} == mine);
    MICA_CHECK(IoGetRemainingStackSize() <= little && stands_within());
  });
}

MICA_CASE("Io: a DPC stands within the limits of the stack it is on") {
  for (ULONG number = 0; number < processors(); ++number) {
    std::atomic<int> result{0};
    KDPC dpc;
    KeInitializeDpc(
        &dpc,
        [](PKDPC, PVOID context, PVOID, PVOID)
            NTAPI { *static_cast<std::atomic<int>*>(context) = stands_within() ? 1 : 2; },
        &result);
    KeSetTargetProcessorDpc(&dpc, static_cast<CCHAR>(number));
    KeInsertQueueDpc(&dpc, nullptr, nullptr);
    until([&] { return result != 0; });
    MICA_CHECK(result == 1);
  }
}

MICA_CASE("Ke: a callout has the stack that was asked for") {
  for (SIZE_T const size : {SIZE_T{0}, SIZE_T{0x1000}, SIZE_T{much}, SIZE_T{0x11800}}) {
    Limits const mine;
    auto ask = [&] {
      Visit visit;
      MICA_CHECK(expand(visit, size) == STATUS_SUCCESS);
      MICA_CHECK(visit.count == 1 && visit.within && visit.left >= size);
      MICA_CHECK(visit.level == PASSIVE_LEVEL);
      MICA_CHECK(stands_within() && Limits{} == mine);
      bool const fits = size + PAGE_SIZE / 2 < IoGetRemainingStackSize();
      if (fits) MICA_CHECK(visit.limits == mine);
      if (size > IoGetRemainingStackSize()) MICA_CHECK(visit.limits.high - visit.limits.low > size);
      if (size > IoGetRemainingStackSize()) MICA_CHECK(!(visit.limits == mine));
    };
    ask();
    with_left(little, ask);
  }
}

MICA_CASE("Ke: the short form of expanding a stack") {
  with_left(little, [] {
    Visit visit;
    auto routine = [](PVOID context) NTAPI { (*static_cast<Visit*>(context))(); };
    Limits const mine;
    MICA_CHECK(KeExpandKernelStackAndCallout(routine, &visit, much) == STATUS_SUCCESS);
    MICA_CHECK(visit.count == 1 && visit.left >= much && !(visit.limits == mine));
    MICA_CHECK(KeExpandKernelStackAndCallout(routine, &visit, MAXIMUM_EXPANSION_SIZE + 1) ==
               STATUS_INVALID_PARAMETER_3);
    AtLevel const raised{APC_LEVEL};
    MICA_CHECK(KeExpandKernelStackAndCallout(routine, &visit, much) == STATUS_SUCCESS);
    MICA_CHECK(visit.count == 2 && visit.level == APC_LEVEL);
  });
}

MICA_CASE("Ke: a stack is expanded at DISPATCH_LEVEL, but nobody waits for it there") {
  Visit visit;
  MICA_CHECK(expand(visit, MAXIMUM_EXPANSION_SIZE + 1) == STATUS_INVALID_PARAMETER_3);
  MICA_CHECK(expand(visit, MAXIMUM_EXPANSION_SIZE + 1, TRUE) == STATUS_INVALID_PARAMETER_3);
  {
    AtLevel const raised{DISPATCH_LEVEL};
    MICA_CHECK(expand(visit, 0, TRUE) == STATUS_INVALID_PARAMETER_4);
    MICA_CHECK(visit.count == 0);
    with_left(little, [&] { MICA_CHECK(expand(visit, much) == STATUS_SUCCESS); });
    MICA_CHECK(visit.count == 1 && visit.level == DISPATCH_LEVEL && visit.within);
  }
  AtLevel const raised{APC_LEVEL};
  with_left(little, [&] { MICA_CHECK(expand(visit, much, TRUE) == STATUS_SUCCESS); });
  MICA_CHECK(visit.count == 2 && visit.level == APC_LEVEL && visit.within);
}

MICA_CASE("Ke: eight stacks are the most a thread stands on besides its own") {
  struct Descent {
    int reached = 0;
    NTSTATUS last = 0;
    void operator()() noexcept {
      int const depth = reached++;
      with_left(little, [&] {
        NTSTATUS const status = expand(*this, much);
        if (reached == depth + 1) last = status;
        MICA_CHECK(status == (depth == 8 ? STATUS_STACK_OVERFLOW : STATUS_SUCCESS));
      });
      MICA_CHECK(stands_within());
    }
  };
  for (int round = 0; round < 2; ++round) {
    Descent descent;
    descent();
    MICA_CHECK(descent.reached == 9 && descent.last == STATUS_STACK_OVERFLOW);
  }
}

MICA_CASE("Ke: a thread waits on an expanded stack, and goes on elsewhere") {
  auto wanderer = [] {
    auto callout = [] {
      int local = 7;
      Limits const there;
      for (ULONG number = 0; number < processors(); ++number) {
        KeSetSystemAffinityThread(KAFFINITY{1} << number);
        sleep(millisecond_100ns);
        MICA_CHECK(KeGetCurrentProcessorNumberEx(nullptr) == number);
        MICA_CHECK(Limits{} == there && there.hold(&local) && local == 7);
      }
      KeRevertToUserAffinityThread();
    };
    Limits const mine;
    with_left(little, [&] { MICA_CHECK(expand(callout, much) == STATUS_SUCCESS); });
    MICA_CHECK(Limits{} == mine && stands_within());
  };
  Thread* const threads[] = {start(wanderer), start(wanderer), start(wanderer)};
  for (Thread* const thread : threads) join(thread);
}

MICA_CASE("Ke: a callout that changes its level is a bugcheck") {
  for (ULONG_PTR const left : {~ULONG_PTR{0}, little}) {
    for (KIRQL const level : {PASSIVE_LEVEL, APC_LEVEL}) {
      Bugcheck const end = bugcheck_of([&] {
        with_left(left, [&] {
          KIRQL old;
          KeRaiseIrql(level, &old);
          auto raise = [](PVOID) NTAPI { static_cast<void>(KeRaiseIrqlToDpcLevel()); };
          KeExpandKernelStackAndCallout(raise, &old, much);
        });
      });
      MICA_CHECK(end.happened && end.code == IRQL_UNEXPECTED_VALUE);
      MICA_CHECK(end.parameters[0] == (DISPATCH_LEVEL << 16 | ULONG_PTR{level} << 8 | 2));
    }
  }
}

MICA_CASE("Ke: a thread that ends in a callout is a bugcheck") {
  for (ULONG_PTR const left : {~ULONG_PTR{0}, little}) {
    PKTHREAD thread = nullptr;
    auto callout = [] { PsTerminateSystemThread(STATUS_SUCCESS); };
    Bugcheck const end = bugcheck_of([&] {
      thread = KeGetCurrentThread();
      with_left(left, [&] { expand(callout, much); });
    });
    MICA_CHECK(end.happened && end.code == KERNEL_EXPAND_STACK_ACTIVE);
    MICA_CHECK(end.parameters[0] == reinterpret_cast<ULONG_PTR>(thread));
  }
}

MICA_CASE("Ke: a stack is not expanded above DISPATCH_LEVEL, by the short form above APC_LEVEL") {
  auto nothing = [](PVOID) NTAPI {};
  Bugcheck const high = bugcheck_of([&] {
    AtLevel const raised{DISPATCH_LEVEL + 1};
    KeExpandKernelStackAndCalloutEx(nothing, nullptr, 0, FALSE, nullptr);
  });
  MICA_CHECK(high.happened && high.code == IRQL_NOT_LESS_OR_EQUAL);
  MICA_CHECK(high.parameters[1] == DISPATCH_LEVEL + 1);
  Bugcheck const dispatch = bugcheck_of([&] {
    AtLevel const raised{DISPATCH_LEVEL};
    KeExpandKernelStackAndCallout(nothing, nullptr, 0);
  });
  MICA_CHECK(dispatch.happened && dispatch.code == IRQL_NOT_LESS_OR_EQUAL);
  MICA_CHECK(dispatch.parameters[1] == DISPATCH_LEVEL);
}
