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

bool concerns(IRP& irp, FILE_OBJECT const* file) noexcept {
  if (file == nullptr) return true;
  return (irp.AllocationFlags & owner::file) != 0 && first_location(irp).FileObject == file;
}

// How many of them concern the file; the visitor gets each.
template <class Visit>
unsigned visit(LIST_ENTRY& requests, FILE_OBJECT const* file, Visit visitor) noexcept {
  unsigned count = 0;
  for (LIST_ENTRY* entry = requests.Flink; entry != &requests; entry = entry->Flink) {
    IRP& irp = irp_of(*entry);
    if (!concerns(irp, file)) continue;
    ++count;
    visitor(irp);
  }
  return count;
}

// Whoever ends a request while somebody waits for that sets the event, so each is looked for anew.
// At APC_LEVEL, which it leaves to wait.
void wait_until_ended(_ETHREAD& thread, FILE_OBJECT const* file) noexcept {
  KEVENT ended;
  KeInitializeEvent(&ended, SynchronizationEvent, FALSE);
  PKEVENT const outer = thread.request_ended;  // an APC of this thread may cancel as well
  thread.request_ended = &ended;
  while (visit(thread.requests, file, [](IRP&) {}) != 0) {
    Machine::lower(PASSIVE_LEVEL);
    KeWaitForSingleObject(&ended, Executive, KernelMode, FALSE, nullptr);
    Machine::raise(APC_LEVEL);
  }
  thread.request_ended = outer;
  if (outer != nullptr) KeSetEvent(outer, 0, FALSE);
}

}  // namespace

void NTAPI add_request(IRP& irp) noexcept {
  NoneEnds const guard;
  list_append(ps::current_thread().requests, irp.ThreadListEntry);
}

void NTAPI remove_request(IRP& irp) noexcept {
  list_remove(irp.ThreadListEntry);
  if (PKEVENT const ended = ps::current_thread().request_ended) KeSetEvent(ended, 0, FALSE);
}

bool NTAPI cancel_and_wait(FILE_OBJECT const* file) noexcept {
  NoneEnds const guard;
  _ETHREAD& thread = ps::current_thread();
  unsigned const there = visit(thread.requests, file, [](IRP& irp) { IoCancelIrp(&irp); });
  if (there != 0) wait_until_ended(thread, file);
  return there != 0;
}

void NTAPI cancel_if_there(IRP const* irp) noexcept {
  NoneEnds const guard;
  visit(ps::current_thread().requests, nullptr, [irp](IRP& other) {
    if (&other == irp) IoCancelIrp(&other);
  });
}

void NTAPI end_requests(ke::Thread&) noexcept {
  static_cast<void>(cancel_and_wait(nullptr));
}

}  // namespace mica::io
