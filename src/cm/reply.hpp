// What a query answers, into a buffer that may be too small for it.
//   Less than the structure's fixed part: nothing is written, STATUS_BUFFER_TOO_SMALL. Less than
//   all: as much as fits, STATUS_BUFFER_OVERFLOW.                [MSDN ZwQueryKey; ZwQueryValueKey]
#pragma once

#include <nt/cm/key.h>
#include <nt/ntstatus.h>

#include <algorithm>
#include <cstddef>
#include <cstring>

namespace mica::cm {

// Where in an answer something stands that is not there.
inline constexpr ULONG nowhere = MAXULONG;

class Reply {
 public:
  Reply(void* buffer, ULONG length, ULONG* result_length) noexcept
      : buffer_{static_cast<std::byte*>(buffer)}, length_{length}, result_length_{result_length} {}

  // The fixed part, of so many bytes, before an answer of `total`. False: it does not fit.
  [[nodiscard]] bool begin(void const* fixed, ULONG bytes, ULONG total) noexcept {
    *result_length_ = total_ = total;
    if (length_ < bytes) return false;
    std::memcpy(buffer_, fixed, bytes);
    return true;
  }

  // What of it fits.
  void put(ULONG offset, void const* from, ULONG bytes) noexcept {
    if (bytes == 0 || offset >= length_) return;
    std::memcpy(buffer_ + offset, from, std::min(bytes, length_ - offset));
  }
  void put(ULONG offset, UNICODE_STRING const& text) noexcept {
    put(offset, text.Buffer, text.Length);
  }

  [[nodiscard]] NTSTATUS end() const noexcept {
    return total_ <= length_ ? STATUS_SUCCESS : STATUS_BUFFER_OVERFLOW;
  }

  // The whole of an answer that is nothing but its fixed part.
  template <class Fixed>
  [[nodiscard]] NTSTATUS answer(Fixed const& fixed) noexcept {
    return begin(&fixed, sizeof fixed, sizeof fixed) ? end() : STATUS_BUFFER_TOO_SMALL;
  }

 private:
  std::byte* const buffer_;
  ULONG const length_;
  ULONG* const result_length_;
  ULONG total_ = 0;
};

[[nodiscard]] constexpr ULONG aligned(ULONG offset, ULONG alignment) noexcept {
  return (offset + alignment - 1) & ~(alignment - 1);
}

}  // namespace mica::cm
