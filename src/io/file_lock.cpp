#include "io/file_lock.hpp"

#include "io/file.hpp"

namespace mica::io {
namespace {

// Sequentially consistent both: who fails to take the file has counted itself before it tried, and
// who frees it looks afterwards whom that wakes.
[[nodiscard]] bool take(FILE_OBJECT& file) noexcept {
  return __atomic_exchange_n(&file.Busy, TRUE, __ATOMIC_SEQ_CST) == FALSE;
}

NTSTATUS wait_for(FILE_OBJECT& file) noexcept {
  bool const alertable = (flags_of(file) & FO_ALERTABLE_IO) != 0;
  __atomic_fetch_add(&file.Waiters, 1, __ATOMIC_SEQ_CST);
  NTSTATUS status = STATUS_SUCCESS;
  while (status == STATUS_SUCCESS && !take(file)) {
    status =
        KeWaitForSingleObject(&file.Lock, Executive, KernelMode, alertable ? TRUE : FALSE, nullptr);
  }
  __atomic_fetch_sub(&file.Waiters, 1, __ATOMIC_SEQ_CST);
  return status;
}

}  // namespace

NTSTATUS NTAPI lock_file(FILE_OBJECT& file) noexcept {
  return take(file) ? STATUS_SUCCESS : wait_for(file);
}

void NTAPI unlock_file(FILE_OBJECT& file) noexcept {
  __atomic_store_n(&file.Busy, FALSE, __ATOMIC_SEQ_CST);
  if (__atomic_load_n(&file.Waiters, __ATOMIC_SEQ_CST) != 0) KeSetEvent(&file.Lock, 0, FALSE);
}

}  // namespace mica::io
