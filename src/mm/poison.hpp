// Memory nobody may touch, told to AddressSanitizer where the build has it. Any IRQL.
//   Where memory goes and comes its owners change: the explorer's race detector forgets what the
//   former one did, as far as the header before it (a processor's cache is guarded by the level).
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
#ifdef MICA_EXPLORED
extern "C" void mica_explored_forget(void const* address, std::size_t bytes);
#endif

namespace mica::mm {

#ifdef MICA_ADDRESS_SANITIZER
inline void poison(void const* address, std::size_t bytes) noexcept {
  __asan_poison_memory_region(address, bytes);
}
inline void unpoison(void const* address, std::size_t bytes) noexcept {
  __asan_unpoison_memory_region(address, bytes);
}
#elif defined(MICA_EXPLORED)
inline void poison(void const* address, std::size_t bytes) noexcept {
  constexpr std::size_t header = 16;
  mica_explored_forget(static_cast<std::byte const*>(address) - header, bytes + header);
}
inline void unpoison(void const* address, std::size_t bytes) noexcept {
  mica_explored_forget(address, bytes);
}
#else
inline void poison(void const*, std::size_t) noexcept {}
inline void unpoison(void const*, std::size_t) noexcept {}
#endif

}  // namespace mica::mm
