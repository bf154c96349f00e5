// What ntoskrnl exports as data: cells of the current System, which macros name.
#include "cm/state.hpp"

POBJECT_TYPE* NTAPI MicaCellCmKeyObjectType() {
  return &mica::cm::state().key_type;
}
