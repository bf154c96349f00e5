#include "ke/bugcheck_callbacks.hpp"

using namespace mica;
using namespace mica::ke;

namespace {

ULONG_PTR checksum_of(KBUGCHECK_CALLBACK_RECORD const& record) noexcept {
  return reinterpret_cast<ULONG_PTR>(record.CallbackRoutine) + as_parameter(record.Buffer) +
         record.Length + as_parameter(record.Component);
}

ULONG_PTR checksum_of(KBUGCHECK_REASON_CALLBACK_RECORD const& record) noexcept {
  return reinterpret_cast<ULONG_PTR>(record.CallbackRoutine) +
         static_cast<ULONG_PTR>(record.Reason) + as_parameter(record.Component);
}

// `fill` writes what the record says of its callback: never into one that is in the list.
template <class Record, class Fill>
BOOLEAN insert(LIST_ENTRY& list, Record& record, Fill fill) noexcept {
  RaiseToHigh raised;
  SpinGuardAtDispatch guard{state().bugcheck.callbacks_lock};
  if (record.State == BufferInserted) return FALSE;
  fill(record);
  record.Checksum = checksum_of(record);
  record.State = BufferInserted;
  list_prepend(list, record.Entry);
  return TRUE;
}

template <class Record>
BOOLEAN remove(Record& record) noexcept {
  RaiseToHigh raised;
  SpinGuardAtDispatch guard{state().bugcheck.callbacks_lock};
  if (record.State != BufferInserted) return FALSE;
  record.State = BufferEmpty;
  list_remove(record.Entry);
  return TRUE;
}

}  // namespace

namespace mica::ke {

void NTAPI run_bugcheck_callbacks(BugcheckState& bugcheck) noexcept {
  for (LIST_ENTRY* entry = bugcheck.callbacks.Flink; entry != &bugcheck.callbacks;
       entry = entry->Flink) {
    auto& record = MICA_CONTAINING(*entry, KBUGCHECK_CALLBACK_RECORD, Entry);
    // Its owner may have freed it: whoever overwrote it ends the walk rather than the bugcheck.
    if (record.State != BufferInserted || record.Checksum != checksum_of(record)) return;
    record.State = BufferStarted;
    record.CallbackRoutine(record.Buffer, record.Length);
    record.State = BufferFinished;
  }
}

}  // namespace mica::ke

BOOLEAN NTAPI KeRegisterBugCheckCallback(PKBUGCHECK_CALLBACK_RECORD CallbackRecord,
                                         PKBUGCHECK_CALLBACK_ROUTINE CallbackRoutine, PVOID Buffer,
                                         ULONG Length, PUCHAR Component) {
  return insert(state().bugcheck.callbacks, *CallbackRecord, [&](auto& record) {
    record.CallbackRoutine = CallbackRoutine;
    record.Buffer = Buffer;
    record.Length = Length;
    record.Component = Component;
  });
}

BOOLEAN NTAPI KeDeregisterBugCheckCallback(PKBUGCHECK_CALLBACK_RECORD CallbackRecord) {
  return remove(*CallbackRecord);
}

BOOLEAN NTAPI KeRegisterBugCheckReasonCallback(PKBUGCHECK_REASON_CALLBACK_RECORD CallbackRecord,
                                               PKBUGCHECK_REASON_CALLBACK_ROUTINE CallbackRoutine,
                                               KBUGCHECK_CALLBACK_REASON Reason, PUCHAR Component) {
  return insert(state().bugcheck.reason_callbacks, *CallbackRecord, [&](auto& record) {
    record.CallbackRoutine = CallbackRoutine;
    record.Reason = Reason;
    record.Component = Component;
  });
}

BOOLEAN NTAPI KeDeregisterBugCheckReasonCallback(PKBUGCHECK_REASON_CALLBACK_RECORD CallbackRecord) {
  return remove(*CallbackRecord);
}
