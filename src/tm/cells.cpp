// What ntoskrnl exports as data: cells of the current System, which macros name.
#include "tm/state.hpp"

using namespace mica;

POBJECT_TYPE* NTAPI MicaCellTmTransactionManagerObjectType() {
  return &tm::state().manager_type;
}

POBJECT_TYPE* NTAPI MicaCellTmResourceManagerObjectType() {
  return &tm::state().resource_manager_type;
}

POBJECT_TYPE* NTAPI MicaCellTmTransactionObjectType() {
  return &tm::state().transaction_type;
}

POBJECT_TYPE* NTAPI MicaCellTmEnlistmentObjectType() {
  return &tm::state().enlistment_type;
}
