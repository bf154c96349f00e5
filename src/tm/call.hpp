// A call of a resource manager's routine, on the stack of its thread.
#pragma once

#include "ke/thread.hpp"

namespace mica::tm {

struct Call {
  LIST_ENTRY entry;  // of its resource manager's
  ke::Thread* thread;
};

}  // namespace mica::tm
