// What ntoskrnl exports as data: cells of the current System, which macros name.
#include "ex/state.hpp"

using namespace mica;

POBJECT_TYPE* NTAPI MicaCellExEventObjectType() {
  return &ex::state().event_type;
}
