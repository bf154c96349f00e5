// How ex's state begins.
#include "base/list.hpp"
#include "ex/callback.hpp"
#include "ex/event.hpp"
#include "ex/state.hpp"
#include "ob/directory_object.hpp"

namespace mica::ex {

NTSTATUS NTAPI initialize() noexcept {
  State& ex = state();
  {
    ke::SpinGuard guard{ex.lookasides.lock};
    list_initialize(ex.lookasides.active);
  }
  initialize_work(ex.work);
  initialize_uuids(ex.uuids);
  WCHAR directory[] = u"\\Callback";
  constexpr USHORT bytes = sizeof directory - sizeof(WCHAR);
  NTSTATUS status = ob::create_type(event_type_options(), &ex.event_type);
  if (NT_SUCCESS(status)) status = ob::create_type(callback_type_options(), &ex.callback_type);
  return NT_SUCCESS(status) ? ob::create_directory({bytes, bytes, directory}) : status;
}

}  // namespace mica::ex
