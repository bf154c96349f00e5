// Assertions are for our own mistakes; a caller's mistake is a bugcheck with NT's code.
#pragma once

#include <nt/ntdef.h>

namespace mica {

// Stops the System with the place; defined in ke, because stopping is its business.
[[noreturn]] void NTAPI assertion_failed(char const* expression, char const* file,
                                         int line) noexcept;

}  // namespace mica

#ifdef NDEBUG
#define MICA_ASSERT(...) static_cast<void>(0)
#else
#define MICA_ASSERT(...)                \
  ((__VA_ARGS__) ? static_cast<void>(0) \
                 : ::mica::assertion_failed(#__VA_ARGS__, __FILE__, __LINE__))
#endif
