// How ex's state begins.
#include "base/list.hpp"
#include "ex/state.hpp"

#include <nt/ntstatus.h>

namespace mica::ex {

NTSTATUS NTAPI initialize() noexcept {
  State& ex = state();
  {
    ke::SpinGuard guard{ex.lookasides.lock};
    list_initialize(ex.lookasides.active);
  }
  return STATUS_SUCCESS;
}

}  // namespace mica::ex
