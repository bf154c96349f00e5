// Memory nobody may touch, told to AddressSanitizer where the build has it. Any IRQL.
//   Allocators touch what they poisoned (links and headers of free blocks): such functions are
//   MICA_TOUCHES_POISON.
#pragma once

#include <cstddef>

#if defined(__SANITIZE_ADDRESS__)
#define MICA_ADDRESS_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define MICA_ADDRESS_SANITIZER 1
#endif
#endif

#ifdef MICA_ADDRESS_SANITIZER
extern "C" void __asan_poison_memory_region(void const volatile* address, std::size_t bytes);
extern "C" void __asan_unpoison_memory_region(void const volatile* address, std::size_t bytes);
#define MICA_TOUCHES_POISON __attribute__((no_sanitize_address))
#else
#define MICA_TOUCHES_POISON
#endif

namespace mica::mm {

#ifdef MICA_ADDRESS_SANITIZER
inline void poison(void const* address, std::size_t bytes) noexcept {
  __asan_poison_memory_region(address, bytes);
}
inline void unpoison(void const* address, std::size_t bytes) noexcept {
  __asan_unpoison_memory_region(address, bytes);
}
#else
inline void poison(void const*, std::size_t) noexcept {}
inline void unpoison(void const*, std::size_t) noexcept {}
#endif

}  // namespace mica::mm
