// What ntoskrnl exports as data: cells of the current System, which macros name.
#include "tm/state.hpp"

POBJECT_TYPE* NTAPI MicaCellTmTransactionManagerObjectType() {
  return &mica::tm::state().manager_type;
}

POBJECT_TYPE* NTAPI MicaCellTmResourceManagerObjectType() {
  return &mica::tm::state().resource_manager_type;
}

POBJECT_TYPE* NTAPI MicaCellTmTransactionObjectType() {
  return &mica::tm::state().transaction_type;
}

POBJECT_TYPE* NTAPI MicaCellTmEnlistmentObjectType() {
  return &mica::tm::state().enlistment_type;
}
