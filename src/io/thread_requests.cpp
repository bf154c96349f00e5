#include "io/thread_requests.hpp"

#include "base/list.hpp"
#include "io/request.hpp"
#include "ps/state.hpp"

namespace mica::io {
namespace {

// No request of this thread ends while this stands.
class [[nodiscard]] NoneEnds {
 public:
  NoneEnds() noexcept : old_{Machine::raise(APC_LEVEL)} {}
  NoneEnds(NoneEnds const&) = delete;
  NoneEnds& operator=(NoneEnds const&) = delete;
  ~NoneEnds() { Machine::lower(old_); }

 private:
  KIRQL const old_;
};

IRP& irp_of(LIST_ENTRY& entry) noexcept {
  return MICA_CONTAINING(entry, IRP, ThreadListEntry);
}

bool concerns(IRP& irp, Asked const& asked) noexcept {
  if (asked.result != nullptr && irp.UserIosb != asked.result) return false;
  if (asked.file == nullptr) return true;
  return (irp.AllocationFlags & owner::file) != 0 && first_location(irp).FileObject == asked.file;
}

// How many of them are asked about; the visitor gets each.
template <class Visit>
unsigned visit(LIST_ENTRY& requests, Asked const& asked, Visit visitor) noexcept {
  unsigned count = 0;
  for (LIST_ENTRY* entry = requests.Flink; entry != &requests; entry = entry->Flink) {
    IRP& irp = irp_of(*entry);
    if (!concerns(irp, asked)) continue;
    ++count;
    visitor(irp);
  }
  return count;
}

// The list is the calling thread's. At APC_LEVEL.
bool cancel_own(Asked const& asked) noexcept {
  return visit(ps::current_thread().requests, asked, [](IRP& irp) { IoCancelIrp(&irp); }) != 0;
}

// Another thread is asked to cancel its own, by a special kernel APC.
struct Question {
  KAPC apc;
  Asked asked;
  KEVENT answered;
  bool found;
};

void NTAPI answer(PKAPC apc, PKNORMAL_ROUTINE*, PVOID*, PVOID*, PVOID*) {
  Question& question = MICA_CONTAINING(*apc, Question, apc);
  question.found = cancel_own(question.asked);
  KeSetEvent(&question.answered, 0, FALSE);
}

// A thread that takes no APCs any more has no requests either.
bool cancel_of(_ETHREAD& thread, Asked const& asked) noexcept {
  Question question{};
  question.asked = asked;
  KeInitializeEvent(&question.answered, NotificationEvent, FALSE);
  KeInitializeApc(&question.apc, &thread.kernel, InsertApcEnvironment, answer, nullptr, nullptr,
                  KernelMode, nullptr);
  if (!KeInsertQueueApc(&question.apc, nullptr, nullptr, 0)) return false;
  KeWaitForSingleObject(&question.answered, Executive, KernelMode, FALSE, nullptr);
  return question.found;
}

bool NTAPI has_requests(_ETHREAD const& thread) {
  return thread.request_count.load(std::memory_order_relaxed) != 0;
}

// Whoever ends a request while somebody waits for that sets the event, so each is looked for anew.
// At APC_LEVEL, which it leaves to wait.
void wait_until_ended(_ETHREAD& thread, Asked const& asked) noexcept {
  KEVENT ended;
  KeInitializeEvent(&ended, SynchronizationEvent, FALSE);
  PKEVENT const outer = thread.request_ended;  // an APC of this thread may cancel as well
  thread.request_ended = &ended;
  while (visit(thread.requests, asked, [](IRP&) {}) != 0) {
    Machine::lower(PASSIVE_LEVEL);
    KeWaitForSingleObject(&ended, Executive, KernelMode, FALSE, nullptr);
    Machine::raise(APC_LEVEL);
  }
  thread.request_ended = outer;
  if (outer != nullptr) KeSetEvent(outer, 0, FALSE);
}

// Written by its thread alone.
void count_requests(_ETHREAD& thread, int change) noexcept {
  ULONG const count = thread.request_count.load(std::memory_order_relaxed);
  thread.request_count.store(count + static_cast<ULONG>(change), std::memory_order_relaxed);
}

}  // namespace

void NTAPI add_request(IRP& irp) noexcept {
  NoneEnds const guard;
  _ETHREAD& thread = ps::current_thread();
  list_append(thread.requests, irp.ThreadListEntry);
  count_requests(thread, 1);
}

void NTAPI remove_request(IRP& irp) noexcept {
  _ETHREAD& thread = ps::current_thread();
  list_remove(irp.ThreadListEntry);
  count_requests(thread, -1);
  if (PKEVENT const ended = thread.request_ended) KeSetEvent(ended, 0, FALSE);
}

void NTAPI cancel_and_wait(FILE_OBJECT const* file) noexcept {
  NoneEnds const guard;
  Asked const asked{.file = file};
  if (cancel_own(asked)) wait_until_ended(ps::current_thread(), asked);
}

bool NTAPI cancel_everywhere(Asked asked) noexcept {
  bool found = false;
  HANDLE id = nullptr;
  while (_ETHREAD* const thread = ps::next_thread(id, has_requests)) {
    ob::Reference const kept{thread};
    id = thread->client.id;
    if (thread == &ps::current_thread()) {
      NoneEnds const guard;
      found = cancel_own(asked) || found;
    } else {
      found = cancel_of(*thread, asked) || found;
    }
  }
  return found;
}

void NTAPI cancel_if_there(IRP const* irp) noexcept {
  NoneEnds const guard;
  visit(ps::current_thread().requests, {}, [irp](IRP& other) {
    if (&other == irp) IoCancelIrp(&other);
  });
}

void NTAPI end_requests(ke::Thread&) noexcept {
  cancel_and_wait(nullptr);
}

}  // namespace mica::io
