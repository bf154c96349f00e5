// One locked operation to take, a plain store to give back: the least a lock costs.
#pragma once

#include <atomic>
#include <cstdint>

namespace mica::bench::floor {

class Lock {
 public:
  void lock() noexcept {
    while (word_.exchange(1, std::memory_order_acquire) != 0) {
    }
  }
  void unlock() noexcept { word_.store(0, std::memory_order_release); }

 private:
  std::atomic<std::uint32_t> word_{0};
};

}  // namespace mica::bench::floor
