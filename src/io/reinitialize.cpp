// What a driver does once more, when its entry routine has succeeded.
//                     [MSDN IoRegisterDriverReinitialization, IoRegisterBootDriverReinitialization]
#include "base/list.hpp"
#include "io/driver.hpp"
#include "ke/verifier.hpp"

namespace mica::io {
namespace {

struct Again {
  LIST_ENTRY entry;
  PDRIVER_REINITIALIZE routine;
  PVOID context;
};

void NTAPI add(DRIVER_OBJECT& object, LIST_ENTRY(Driver::*list), PDRIVER_REINITIALIZE routine,
               PVOID context) noexcept {
  MICA_REQUIRE_IRQL_AT_MOST(PASSIVE_LEVEL, &object);
  auto* const again =
      static_cast<Again*>(ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(Again), tag_registered));
  if (again == nullptr) return;
  again->routine = routine;
  again->context = context;
  ke::SpinGuard guard{state().device_lock};
  list_append(whole(object).*list, again->entry);
}

// False: there is none. `taken` is off its list.
[[nodiscard]] bool NTAPI take(Driver& driver, Again& taken) noexcept {
  LIST_ENTRY* entry;
  {
    ke::SpinGuard guard{state().device_lock};
    entry = list_pop_front(driver.boot_again);
    if (entry == nullptr) entry = list_pop_front(driver.again);
  }
  if (entry == nullptr) return false;
  Again& again = MICA_CONTAINING(*entry, Again, entry);
  taken = again;
  ExFreePoolWithTag(&again, tag_registered);
  return true;
}

}  // namespace

void NTAPI reinitialize(Driver& driver) noexcept {
  Again again;
  while (take(driver, again))
    again.routine(&driver.object, again.context, ++driver.extension.Count);
}

void NTAPI forget_reinitialization(Driver& driver) noexcept {
  Again again;
  while (take(driver, again)) continue;
}

}  // namespace mica::io

using namespace mica::io;

VOID NTAPI IoRegisterDriverReinitialization(PDRIVER_OBJECT DriverObject,
                                            PDRIVER_REINITIALIZE DriverReinitializationRoutine,
                                            PVOID Context) {
  add(*DriverObject, &Driver::again, DriverReinitializationRoutine, Context);
}

VOID NTAPI IoRegisterBootDriverReinitialization(PDRIVER_OBJECT DriverObject,
                                                PDRIVER_REINITIALIZE DriverReinitializationRoutine,
                                                PVOID Context) {
  add(*DriverObject, &Driver::boot_again, DriverReinitializationRoutine, Context);
}
