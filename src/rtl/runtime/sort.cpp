// Sorting in place without recursion: a heap, so that no order of the elements is slow.
#include <cstddef>
#include <utility>

#include "rtl/runtime/runtime.hpp"

namespace mica::rtl {
namespace {

class Heap {
 public:
  Heap(void* base, SIZE_T bytes, MicaCompare* compare) noexcept
      : base_{static_cast<std::byte*>(base)}, bytes_{bytes}, compare_{compare} {}

  // The element at `at` goes down among the first `count` until none below it is greater.
  void sink(SIZE_T at, SIZE_T count) noexcept {
    for (SIZE_T child = 2 * at + 1; child < count; child = 2 * at + 1) {
      if (child + 1 < count && is_less(child, child + 1)) ++child;
      if (!is_less(at, child)) return;
      swap(at, child);
      at = child;
    }
  }

  void swap(SIZE_T left, SIZE_T right) noexcept {
    for (SIZE_T i = 0; i < bytes_; ++i)
      std::swap(base_[left * bytes_ + i], base_[right * bytes_ + i]);
  }

 private:
  [[nodiscard]] bool is_less(SIZE_T left, SIZE_T right) const noexcept {
    return compare_(base_ + left * bytes_, base_ + right * bytes_) < 0;
  }

  std::byte* const base_;
  SIZE_T const bytes_;
  MicaCompare* const compare_;
};

}  // namespace
}  // namespace mica::rtl

void NTAPI MicaRuntime_qsort(void* base, SIZE_T count, SIZE_T bytes, MicaCompare* compare) {
  mica::rtl::Heap heap{base, bytes, compare};
  for (SIZE_T at = count / 2; at-- > 0;) heap.sink(at, count);
  for (SIZE_T left = count; left > 1; --left) {
    heap.swap(0, left - 1);
    heap.sink(0, left - 1);
  }
}

void* NTAPI MicaRuntime_bsearch(void const* key, void const* base, SIZE_T count, SIZE_T bytes,
                                MicaCompare* compare) {
  auto const* first = static_cast<std::byte const*>(base);
  while (count > 0) {
    auto const* const middle = first + count / 2 * bytes;
    int const order = compare(key, middle);
    if (order == 0) return const_cast<std::byte*>(middle);
    if (order > 0) {
      first = middle + bytes;
      --count;
    }
    count /= 2;
  }
  return nullptr;
}
