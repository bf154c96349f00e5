// Memory orders as the compilers number them.
#pragma once

namespace mica::explore {

[[nodiscard]] constexpr bool acquires(int order) noexcept {
  return order == __ATOMIC_CONSUME || order == __ATOMIC_ACQUIRE || order == __ATOMIC_ACQ_REL ||
         order == __ATOMIC_SEQ_CST;
}

[[nodiscard]] constexpr bool releases(int order) noexcept {
  return order == __ATOMIC_RELEASE || order == __ATOMIC_ACQ_REL || order == __ATOMIC_SEQ_CST;
}

}  // namespace mica::explore
