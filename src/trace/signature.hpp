// What a trace knows of a routine: what its arguments are called and what they are, and its result.
#pragma once

#include <cstdint>
#include <string_view>

#include "trace/callback.hpp"

namespace mica::trace {

enum class Kind : std::uint8_t {
  none,  // there is no such parameter
  nothing,
  status,
  boolean,
  irql,
  signed_8,
  signed_16,
  signed_32,
  signed_64,
  unsigned_8,
  unsigned_16,
  unsigned_32,
  unsigned_64,
  size,
  handle,
  tag,  // of pool: four letters
  pointer,
  signed_64_at,  // a pointer to one
  unicode_string,
  ansi_string,
  text,
  wide_text,
  object_attributes,
  variadic,  // and as many as the caller likes
};

struct Parameter {
  Kind kind;
  char const* name;
};

inline constexpr unsigned most_parameters = 15;

struct Signature {
  char const* name;
  Kind result;
  Parameter parameters[most_parameters + 1];  // up to the first `none`

  [[nodiscard]] constexpr unsigned count() const noexcept {
    unsigned count = 0;
    while (parameters[count].kind != Kind::none && parameters[count].kind != Kind::variadic)
      ++count;
    return count;
  }
};

// Of a routine that drivers import; null if no header declares it.
[[nodiscard]] Signature const* find_signature(std::string_view name) noexcept;
// Of a driver's routine that is called for this reason.
[[nodiscard]] Signature const& signature_of(Callback callback) noexcept;
// Of a dispatch routine that is called for a request of this kind: its arguments, and what
// the request is about. At most three words more.
[[nodiscard]] Signature const& signature_of_request(std::uint8_t major) noexcept;

}  // namespace mica::trace
