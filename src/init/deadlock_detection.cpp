#include "init/deadlock_detection.hpp"

#include <nt/ex.h>

#include "ke/lock_checks.hpp"
#include "ldr/import_stub.hpp"

namespace mica::init {
namespace {

constexpr ULONG tag = 0x6b63'6f4c;  // Lock

}  // namespace

bool detect_deadlocks() noexcept {
  void* const memory = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(ke::LockTables), tag);
  if (memory == nullptr) return false;
  auto* const tables = static_cast<ke::LockTables*>(memory);
  tables->caller_of = ldr::caller_of;
  ke::start_lock_checks(*tables);
  return true;
}

void stop_detecting_deadlocks() noexcept {
  ExFreePoolWithTag(ke::stop_lock_checks(), tag);
}

}  // namespace mica::init
