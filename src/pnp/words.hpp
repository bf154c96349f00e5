// The words of one line of a description: between spaces, or between quotation marks; `#` begins a
// comment. Any IRQL.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace mica::pnp {

// Part of a text that has so many letters from `from` on.
[[nodiscard]] constexpr std::string_view part(std::string_view text, std::size_t from,
                                              std::size_t length) noexcept {
  return {text.data() + from, length};
}

class Words {
 public:
  explicit Words(std::string_view line) noexcept : line_{line} {}

  // The next one; of a text in quotation marks what is between them. Null data(): there is none, or
  // it is a text that does not end.
  [[nodiscard]] std::string_view next() noexcept;
  [[nodiscard]] bool at_end() noexcept;
  // Where the last word begins, from 1; behind the last word where none was found.
  [[nodiscard]] unsigned column() const noexcept { return static_cast<unsigned>(begin_ + 1); }

 private:
  void pass_spaces() noexcept;

  std::string_view line_;
  std::size_t at_ = 0;
  std::size_t begin_ = 0;
};

// Decimal digits, or 0x and hexadecimal ones. False: it is anything else, or more than `most`.
[[nodiscard]] bool number_in(std::string_view word, std::uint64_t most,
                             std::uint64_t& number) noexcept;

// Letters, digits, '_' and '-', 64 at most: of a device, a service, a register.
[[nodiscard]] bool is_name(std::string_view word) noexcept;

}  // namespace mica::pnp
