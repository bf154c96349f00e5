// What a driver is called: \\Driver\\NAME, and the path of its service's key.
#pragma once

#include <nt/ex.h>

#include <string_view>

#include "io/state.hpp"

namespace mica::io {

inline constexpr std::u16string_view driver_folder = u"\\Driver\\";
inline constexpr std::u16string_view service_folder =
    u"\\Registry\\Machine\\System\\CurrentControlSet\\Services\\";

// A prefix and a name, in a block of the pool with a zero behind. False: there is no memory, or it
// is too long for a counted string. IRQL <= DISPATCH_LEVEL.
[[nodiscard]] bool NTAPI join(std::u16string_view prefix, UNICODE_STRING const& name,
                              UNICODE_STRING& joined) noexcept;

// Frees what join() made; nothing is freed of an empty one.
void NTAPI discard(UNICODE_STRING const& text) noexcept;

// A string that joins two, while the scope lasts.
class Joined {
 public:
  Joined(std::u16string_view prefix, UNICODE_STRING const& name) noexcept
      : there_{join(prefix, name, text_)} {}
  Joined(Joined const&) = delete;
  Joined& operator=(Joined const&) = delete;
  ~Joined() { discard(text_); }

  explicit operator bool() const noexcept { return there_; }
  [[nodiscard]] UNICODE_STRING& get() noexcept { return text_; }

 private:
  UNICODE_STRING text_{};
  bool there_;
};

}  // namespace mica::io
