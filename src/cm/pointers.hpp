// An array of pointers in order, in paged pool. Who changes it holds the lock of the tree alone.
#pragma once

#include <nt/ex.h>

#include <cstring>

#include "ob/type.hpp"

namespace mica::cm {

inline constexpr ULONG tag_array = ob::pool_tag("CmAr");

template <class Element>
class Pointers {
 public:
  [[nodiscard]] ULONG size() const noexcept { return size_; }
  [[nodiscard]] Element& operator[](ULONG index) const noexcept { return *elements_[index]; }
  [[nodiscard]] Element** begin() const noexcept { return elements_; }
  [[nodiscard]] Element** end() const noexcept { return elements_ + size_; }

  // False: there is no memory, and nothing has changed.
  [[nodiscard]] bool insert(ULONG index, Element& element) noexcept {
    if (size_ == capacity_ && !grow()) return false;
    std::memmove(elements_ + index + 1, elements_ + index, (size_ - index) * sizeof(Element*));
    elements_[index] = &element;
    ++size_;
    return true;
  }

  // The last one takes the memory along.
  void remove(ULONG index) noexcept {
    if (--size_ == 0) return destroy();
    std::memmove(elements_ + index, elements_ + index + 1, (size_ - index) * sizeof(Element*));
  }

  // The elements are their owner's.
  void destroy() noexcept {
    if (elements_ != nullptr) ExFreePoolWithTag(elements_, tag_array);
    elements_ = nullptr;
    size_ = capacity_ = 0;
  }

 private:
  [[nodiscard]] bool grow() noexcept {
    ULONG const capacity = capacity_ == 0 ? 4 : capacity_ * 2;
    auto** const larger = static_cast<Element**>(
        ExAllocatePool2(POOL_FLAG_PAGED, capacity * sizeof(Element*), tag_array));
    if (larger == nullptr) return false;
    if (elements_ != nullptr) {
      std::memcpy(larger, elements_, size_ * sizeof(Element*));
      ExFreePoolWithTag(elements_, tag_array);
    }
    elements_ = larger;
    capacity_ = capacity;
    return true;
  }

  Element** elements_ = nullptr;
  ULONG size_ = 0;
  ULONG capacity_ = 0;
};

}  // namespace mica::cm
