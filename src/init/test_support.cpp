// The shared test header on the executive: checks, bugchecks that a test expects, and what a test
// has the executive do.
#include "init/test_support.hpp"

#include <algorithm>
#include <iterator>

#include "init/deadlock_detection.hpp"
#include "init/self_test.hpp"
#include "init/state.hpp"
#include "ke/apc.hpp"
#include "ke/lock_checks.hpp"
#include "ldr/import_stub.hpp"

namespace mica::test {

void record(bool holds, char const* expression, char const* file, int line) noexcept {
  init::TestState& tests = init::state().tests;
  tests.checks.fetch_add(1, std::memory_order_relaxed);
  if (holds) return;
  tests.failures.fetch_add(1, std::memory_order_relaxed);
  if (tests.failed != nullptr)
    tests.failed(expression, file, line);
  else
    init::print_failure(expression, file, line);
}

void abandon() noexcept {
  Machine::lower(PASSIVE_LEVEL);
  ke::end_thread();
}

void until_waiting(Thread* thread) noexcept {
  init::until_waiting(*object_of(thread));
}

void interrupt(ULONG processor, UCHAR vector) noexcept {
  ke::RaiseToHigh raised;
  Machine::request_interrupt(processor, vector);
}

SpecialPool::SpecialPool(ULONG tag, Align align) noexcept {
  mm::State& mm = init::state().mm;
  mm::SpecialChoice const before = mm.special.chosen();
  before_[0] = before.tag;
  before_[1] = before.ignored;
  before_[2] = before.at_beginning;
  if (!mm::choose_special_pool(mm, {tag, 0, align == Align::start}))
    ke::bugcheck(MANUALLY_INITIATED_CRASH, 3);
}

SpecialPool::~SpecialPool() {
  static_cast<void>(mm::choose_special_pool(
      init::state().mm, {before_[0], before_[1], before_[2] != 0}));  // its tables are there
}

Image::Image(void* base, ULONG64 bytes, ULONG64 functions, ULONG64 functions_bytes) noexcept
    : base_{base} {
  ldr::LoadedImage image{};
  image.name_it("test");
  image.base = static_cast<std::byte*>(base);
  image.bytes = bytes;
  image.functions = static_cast<std::uint32_t>(functions);
  image.function_count = static_cast<std::uint32_t>(functions_bytes / sizeof(RUNTIME_FUNCTION));
  stubs_ = mm::state().space.reserve(1);
  if (stubs_ == nullptr || !mm::state().space.populate(static_cast<std::byte*>(stubs_), 1) ||
      !ldr::add_image(image))
    ke::bugcheck(MANUALLY_INITIATED_CRASH, 4);
}

Image::~Image() {
  static_cast<void>(ldr::remove_image(base_));
  mm::state().space.depopulate(static_cast<std::byte*>(stubs_), 1);
  mm::state().space.release(static_cast<std::byte*>(stubs_), 1);
}

void* Image::stub(void const* routine) noexcept {
  auto* const stub = static_cast<ldr::ImportStub*>(stubs_) + count_++;
  if (count_ > page_size / sizeof *stub) ke::bugcheck(MANUALLY_INITIATED_CRASH, 5);
  Machine::protect(stubs_, hal::Protection::read_write);
  ldr::make_import_stub(*stub, {routine, "test", ldr::ImportKind::routine}, nullptr);
  Machine::protect(stubs_, hal::Protection::execute);
  Machine::flush(stubs_, 1);
  return stub;
}

DeadlockDetection::DeadlockDetection() noexcept : was_on_{ke::locks_checked()} {
  if (was_on_) init::stop_detecting_deadlocks();
  if (!init::detect_deadlocks()) ke::bugcheck(MANUALLY_INITIATED_CRASH, 3);
}

DeadlockDetection::~DeadlockDetection() {
  init::stop_detecting_deadlocks();
  if (was_on_ && !init::detect_deadlocks()) ke::bugcheck(MANUALLY_INITIATED_CRASH, 3);
}

Verified::Verified(bool on) noexcept : was_on_{init::state().ke.verified} {
  init::state().ke.verified = on;
  mm::choose_rare_requests(init::state().mm);
}

Verified::~Verified() {
  init::state().ke.verified = was_on_;
  mm::choose_rare_requests(init::state().mm);
}

namespace {

struct Expectation {
  Body body;
  void* argument;
};

void expect(void* context) noexcept {
  auto& expectation = *static_cast<Expectation*>(context);
  init::state().tests.expecting.store(KeGetCurrentThread());
  expectation.body(expectation.argument);
  init::state().tests.expecting.store(nullptr);
}

}  // namespace

Bugcheck bugcheck_of(Body body, void* argument) noexcept {
  init::TestState& tests = init::state().tests;
  tests.taken = {};
  Expectation expectation{body, argument};
  join(start(expect, &expectation));
  return tests.taken;
}

}  // namespace mica::test

namespace mica::init {

void until_waiting(_KTHREAD& thread) noexcept {
  while (ke::wait_word::state(thread.wait.load()) != ke::wait_word::waiting &&
         KeReadStateEvent(reinterpret_cast<PRKEVENT>(&thread.Header)) == 0)
    test::sleep(test::millisecond_100ns);
}

void NTAPI divert_bugcheck(ULONG code, ULONG_PTR const* parameters, std::uint64_t frame) noexcept {
  TestState& tests = state().tests;
  PKTHREAD const thread = Machine::current_thread();
  if (tests.expecting.load() != thread) return;
  tests.expecting.store(nullptr);
  test::Bugcheck& taken = tests.taken;
  taken = {true, code, {parameters[0], parameters[1], parameters[2], parameters[3]}, {}};
  std::uint64_t places[test::Bugcheck::depth] = {};
  static_cast<void>(Machine::backtrace(frame, places, test::Bugcheck::depth));
  std::copy(std::begin(places), std::end(places), taken.backtrace);
  Machine::restore_interrupts(true);  // a fault may have masked them
  Machine::lower(PASSIVE_LEVEL);
  if (ke::locks_checked()) ke::drop_locks_of(*thread);
  // The thread ends in the middle of what it did: it leaves its critical regions, its APC and the
  // process that it is attached to, and its mutexes end as mutants do.
  for (LIST_ENTRY* entry = thread->mutants.Flink; entry != &thread->mutants; entry = entry->Flink)
    MICA_CONTAINING(*entry, KMUTANT, MutantListEntry).ApcDisable = 0;
  {
    ke::SpinGuard guard{thread->apc_lock};
    thread->apc_index = 0;
    ke::environment_of(*thread).KernelApcInProgress = FALSE;
    ke::recount_apcs(*thread);
  }
  thread->kernel_apc_disable = thread->special_apc_disable = 0;
  thread->callouts = 0;
  thread->wait_next = false;
  ke::end_thread();
}

}  // namespace mica::init
