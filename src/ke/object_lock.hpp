// Rules for the lock of a dispatcher object
//   Bit 7 of the header's first byte, an 8-bit atomic that nothing else writes while it is set: so
//   unlocking is one store.
//   Taken at DISPATCH_LEVEL. Lock order: objects by address, then a thread, then ready queues or
//   timers.
//   After the unlock a signaller never touches the object again: it may live on the stack of the
//   thread it woke.
#pragma once

#include <atomic>

#include "ke/irql.hpp"
#include "ke/object_type.hpp"
#include "ke/rank.hpp"

namespace mica::ke {

inline constexpr UCHAR object_lock_bit = 0x80;

// The type of an object, whether or not somebody holds it.
[[nodiscard]] inline UCHAR type_of(DISPATCHER_HEADER& header) noexcept {
  return std::atomic_ref<UCHAR>{header.Type}.load(std::memory_order_relaxed) &
         static_cast<UCHAR>(~object_lock_bit);
}

inline void lock_object(DISPATCHER_HEADER& header) noexcept {
  rank_acquired(Rank::object);
  std::atomic_ref<UCHAR> byte{header.Type};
  auto const held = static_cast<UCHAR>(byte.load(std::memory_order_relaxed) | object_lock_bit);
  do Machine::await(byte, held);
  while ((byte.fetch_or(object_lock_bit, std::memory_order_acquire) & object_lock_bit) != 0);
}

inline void unlock_object(DISPATCHER_HEADER& header) noexcept {
  rank_released(Rank::object);
  std::atomic_ref<UCHAR> byte{header.Type};
  byte.store(byte.load(std::memory_order_relaxed) & static_cast<UCHAR>(~object_lock_bit),
             std::memory_order_release);
}

// Changes what is signalled; the object is locked. KeReadStateEvent and its like look without the
// lock, and what was done before a set is there for who sees it set.
inline void set_state(DISPATCHER_HEADER& header, LONG state) noexcept {
  std::atomic_ref<LONG>{header.SignalState}.store(state, std::memory_order_release);
}

// Holds one object for a scope. The caller is at DISPATCH_LEVEL.
class [[nodiscard]] ObjectGuard {
 public:
  explicit ObjectGuard(DISPATCHER_HEADER& header) noexcept : header_{header} {
    lock_object(header);
  }
  ~ObjectGuard() noexcept { unlock_object(header_); }
  ObjectGuard(ObjectGuard const&) = delete;
  ObjectGuard& operator=(ObjectGuard const&) = delete;

 private:
  DISPATCHER_HEADER& header_;
};

}  // namespace mica::ke
