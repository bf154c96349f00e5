// Memory that is freed with a timer or a DPC in it that somebody waits for.
//                                            [MSDN Bug Check 0xC4: 0x15; MSDN Bug Check 0xC7: 1]
#include <nt/ex.h>

#include <algorithm>
#include <initializer_list>

#include "lock_support.hpp"

using namespace mica::test;

namespace {

constexpr ULONG tag = 0x656D'6954;  // Time
constexpr LONGLONG never_100ns = 3600 * 1000 * millisecond_100ns;

void NTAPI nothing(PKDPC, PVOID, PVOID, PVOID) {}

// The call in it is the one that the report names; something follows it, or it would be a jump.
int volatile calls;
[[gnu::noinline]] void free_here(void* memory) noexcept {
  ExFreePoolWithTag(memory, tag);
  calls = calls + 1;
}

[[nodiscard]] Bugcheck freeing(void* memory) noexcept {
  return bugcheck_of([=] { free_here(memory); });
}

// A DPC in the middle of its block.
template <class Object>
struct Request {
  char before[40];
  Object object;
  char behind[24];
};

// A block for a scope; objects stand in it where they are put.
class Block {
 public:
  explicit Block(SIZE_T bytes, POOL_TYPE type = NonPagedPoolNx) noexcept
      : bytes_{bytes}, memory_{static_cast<UCHAR*>(ExAllocatePoolWithTag(type, bytes, tag))} {
    MICA_REQUIRE(memory_ != nullptr);
    std::fill_n(memory_, bytes, UCHAR{0});
  }
  ~Block() { ExFreePoolWithTag(memory_, tag); }
  Block(Block const&) = delete;
  Block& operator=(Block const&) = delete;

  template <class Object>
  [[nodiscard]] Object* at(SIZE_T offset) const noexcept {
    return reinterpret_cast<Object*>(memory_ + offset);
  }
  template <class Object>
  [[nodiscard]] Object* last() const noexcept {
    return at<Object>(bytes_ - sizeof(Object));
  }
  [[nodiscard]] void* memory() const noexcept { return memory_; }

  // Freeing it is the violation of that timer...
  [[nodiscard]] bool is_held_by(PKTIMER timer, POOL_TYPE type = NonPagedPool) const noexcept {
    Bugcheck const end = freeing(memory_);
    return violates(end, 0x15, address(timer), static_cast<ULONG_PTR>(type), address(memory_)) &&
           end.names(reinterpret_cast<Body>(&free_here));
  }
  // ...or the bugcheck of that DPC.
  [[nodiscard]] bool is_held_by(PKDPC dpc) const noexcept {
    Bugcheck const end = freeing(memory_);
    return end.happened && end.code == TIMER_OR_DPC_INVALID && end.parameters[0] == 1 &&
           end.parameters[1] == address(dpc) && end.parameters[2] == address(memory_) &&
           end.parameters[3] == address(memory_ + bytes_) &&
           end.names(reinterpret_cast<Body>(&free_here));
  }

 private:
  SIZE_T const bytes_;
  UCHAR* const memory_;
};

void set(PKTIMER timer, LONGLONG after_100ns, LONG period = 0, PKDPC dpc = nullptr) noexcept {
  static_cast<void>(KeSetTimerEx(timer, relative(after_100ns), period, dpc));
}

// A DPC that stays in its queue for a scope: nothing runs here meanwhile.
class [[nodiscard]] Queued {
 public:
  explicit Queued(PKDPC dpc) noexcept : dpc_{dpc}, level_{KeRaiseIrqlToDpcLevel()} {
    MICA_CHECK(KeInsertQueueDpc(dpc, nullptr, nullptr) != FALSE);
  }
  ~Queued() {
    MICA_CHECK(KeRemoveQueueDpc(dpc_) != FALSE);
    KeLowerIrql(level_);
  }
  Queued(Queued const&) = delete;
  Queued& operator=(Queued const&) = delete;

 private:
  PKDPC const dpc_;
  KIRQL const level_;
};

}  // namespace

MICA_CASE("Ke: freeing a block with a timer in it that is set is violation 15") {
  for (SIZE_T const bytes : {SIZE_T{64}, SIZE_T{1008}, SIZE_T{9008}})
    for (TIMER_TYPE const type : {NotificationTimer, SynchronizationTimer}) {
      Block const block{bytes};
      auto* const timer = block.last<KTIMER>();
      KeInitializeTimerEx(timer, type);
      set(timer, never_100ns);
      MICA_CHECK(block.is_held_by(timer));
      MICA_CHECK(KeCancelTimer(timer) != FALSE);
    }
}

MICA_CASE("Ke: a timer is found in paged pool too, which the violation says") {
  Block const block{200, PagedPool};
  auto* const timer = block.at<KTIMER>(8);
  KeInitializeTimer(timer);
  set(timer, never_100ns);
  MICA_CHECK(block.is_held_by(timer, PagedPool));
  MICA_CHECK(KeCancelTimer(timer) != FALSE);
}

MICA_CASE("Ke: a timer is found whenever it is due, on whichever processor") {
  Block const block{600};
  auto* const timer = block.at<KTIMER>(104);
  KeInitializeTimer(timer);
  int processor = 0;
  for (LONGLONG after = millisecond_100ns * 2'000; after < never_100ns * 24 * 365 * 1000;
       after *= 60) {
    auto set_there = [=] { set(timer, after); };
    join(start(set_there, {.processor = processor++}));
    MICA_CHECK(block.is_held_by(timer));
  }
  set(timer, millisecond_100ns, 3600 * 1000);
  until([&] { return KeReadStateTimer(timer) != FALSE; });
  MICA_CHECK(block.is_held_by(timer));  // its next period
  MICA_CHECK(KeCancelTimer(timer) != FALSE);
}

MICA_CASE("Ke: what was a timer, or never set, may be freed") {
  for (int what = 0; what < 4; ++what) {
    Block const block{300};
    auto* const timer = block.at<KTIMER>(16);
    KeInitializeTimer(timer);
    if (what == 1 || what == 2) set(timer, what == 1 ? never_100ns : millisecond_100ns);
    if (what == 1) MICA_CHECK(KeCancelTimer(timer) != FALSE);
    if (what == 2) MICA_CHECK(wait(timer) == STATUS_SUCCESS);
    // It looks like one that is set.
    KTIMER set_elsewhere;
    KeInitializeTimer(&set_elsewhere);
    set(&set_elsewhere, never_100ns);
    if (what == 3) *timer = set_elsewhere;
    MICA_CHECK(KeCancelTimer(&set_elsewhere) != FALSE);
  }
}

MICA_CASE("Ke: that a block with a timer is freed above DISPATCH_LEVEL is told first") {
  SpecialPool const none{0};
  Block const block{200};
  auto* const timer = block.at<KTIMER>(8);
  KeInitializeTimer(timer);
  set(timer, never_100ns);
  Bugcheck const end = bugcheck_of([&] {
    KIRQL old;
    KeRaiseIrql(DISPATCH_LEVEL + 1, &old);
    free_here(block.memory());
  });
  MICA_CHECK(end.happened && end.code == BAD_POOL_CALLER && end.parameters[0] == 0x09);
  MICA_CHECK(KeCancelTimer(timer) != FALSE);
}

MICA_CASE("Ke: freeing a block beside one with a timer is no violation") {
  Block const held{64};
  KTIMER* const timer = held.last<KTIMER>();
  KeInitializeTimer(timer);
  set(timer, never_100ns);
  for (int i = 0; i < 200; ++i) {
    Block const other{64};
  }
  MICA_CHECK(KeCancelTimer(timer) != FALSE);
}

MICA_CASE("Ke: freeing a block with a DPC in it that is queued is bugcheck C7") {
  for (auto const initialize : {&KeInitializeDpc, &KeInitializeThreadedDpc}) {
    Block const block{sizeof(Request<KDPC>)};
    auto* const dpc = &block.at<Request<KDPC>>(0)->object;
    initialize(dpc, nothing, nullptr);
    // Queued where its processor does not come to it.
    auto queue_and_free = [&] {
      static_cast<void>(KeRaiseIrqlToDpcLevel());
      static_cast<void>(KeInsertQueueDpc(dpc, nullptr, nullptr));
      free_here(block.memory());
    };
    Bugcheck const end = bugcheck_of(queue_and_free);
    MICA_CHECK(end.happened && end.code == TIMER_OR_DPC_INVALID);
    MICA_CHECK(end.parameters[0] == 1 && end.parameters[1] == address(dpc));
    MICA_CHECK(end.parameters[2] == address(block.memory()));
    MICA_CHECK(end.parameters[3] == address(block.memory()) + sizeof(Request<KDPC>));
    MICA_CHECK(end.names(reinterpret_cast<Body>(&free_here)));
    KeFlushQueuedDpcs();
    until([&] { return KeRemoveQueueDpc(dpc) == FALSE; });
  }
}

MICA_CASE("Ke: a DPC that ran, was removed, or is none, may be freed, and by itself") {
  auto free_itself = [](PKDPC dpc, PVOID, PVOID, PVOID) NTAPI { ExFreePoolWithTag(dpc, tag); };
  auto* const dpc = static_cast<PKDPC>(ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(KDPC), tag));
  MICA_REQUIRE(dpc != nullptr);
  KeInitializeDpc(dpc, free_itself, nullptr);
  MICA_CHECK(KeInsertQueueDpc(dpc, nullptr, nullptr) != FALSE);
  KeFlushQueuedDpcs();
  Block const block{sizeof(KDPC)};
  KeInitializeDpc(block.at<KDPC>(0), nothing, nullptr);
  { Queued const queued{block.at<KDPC>(0)}; }
  // It looks like one that is queued.
  KDPC elsewhere;
  KeInitializeDpc(&elsewhere, nothing, nullptr);
  Queued const queued{&elsewhere};
  Block const copy{sizeof(KDPC)};
  KeInitializeDpc(copy.at<KDPC>(0), nothing, nullptr);
  *copy.at<KDPC>(0) = elsewhere;
}

MICA_CASE("Ke: freeing the DPC of a timer that is set is bugcheck C7 if the System is verified") {
  Verified const verified{true};
  Block const block{500};
  KTIMER timer;
  KeInitializeTimer(&timer);
  auto* const dpc = block.at<KDPC>(72);
  KeInitializeDpc(dpc, nothing, nullptr);
  for (LONGLONG const after : {millisecond_100ns * 1000, never_100ns, never_100ns * 24 * 400}) {
    set(&timer, after, 0, dpc);
    MICA_CHECK(block.is_held_by(dpc));
  }
  MICA_CHECK(KeCancelTimer(&timer) != FALSE);
}
