// Strings as they are handed out: of 16 bits a letter, terminated, in a block of the pool.
//   IRQL <= APC_LEVEL.
#pragma once

#include <nt/ex.h>

#include <initializer_list>

#include "ob/type.hpp"
#include "pnp/description.hpp"

namespace mica::pnp {

inline constexpr ULONG tag_text = ob::pool_tag("PpTx");

class [[nodiscard]] Text {
 public:
  // The parts one behind the other.
  Text(std::initializer_list<std::string_view> parts) noexcept;
  // The names each terminated, and an empty one behind them.
  explicit Text(Names const& names) noexcept;
  Text(Text const&) = delete;
  Text& operator=(Text const&) = delete;
  ~Text() {
    if (start_ != nullptr) ExFreePoolWithTag(start_, tag_text);
  }

  // False: there is no memory.
  explicit operator bool() const noexcept { return start_ != nullptr; }
  [[nodiscard]] WCHAR* get() const noexcept { return start_; }
  [[nodiscard]] ULONG bytes() const noexcept { return letters_ * ULONG{sizeof(WCHAR)}; }
  // Without the terminating null.
  [[nodiscard]] UNICODE_STRING string() const noexcept {
    auto const bytes_before_null = static_cast<USHORT>(bytes() - sizeof(WCHAR));
    return {bytes_before_null, static_cast<USHORT>(bytes()), start_};
  }
  // It is the caller's: to be freed by ExFreePool.
  [[nodiscard]] WCHAR* release() noexcept;

 private:
  void allocate(std::size_t letters) noexcept;
  void put(std::string_view text) noexcept;

  WCHAR* start_ = nullptr;
  ULONG letters_ = 0;  // with terminating nulls
};

}  // namespace mica::pnp
