// Rules for events as objects
//   The body is a KEVENT: who has a reference may call Ke's routines on it, at their levels. The
//   services by handle are for PASSIVE_LEVEL.
#pragma once

#include "ob/type.hpp"

namespace mica::ex {

[[nodiscard]] ob::TypeOptions event_type_options() noexcept;

}  // namespace mica::ex
