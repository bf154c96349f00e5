// The kernel options: words of the machine's command line, `name` or `name=value`.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace mica::init {

// The value of an option, "" for one that stands alone; data() is null when it is not there.
[[nodiscard]] std::string_view option(std::string_view command_line,
                                      std::string_view name) noexcept;

[[nodiscard]] inline bool has_option(std::string_view command_line,
                                     std::string_view name) noexcept {
  return option(command_line, name).data() != nullptr;
}

// The number that `text` is in decimal digits; none if it is anything else, or above 2^32 - 1.
[[nodiscard]] std::optional<std::uint32_t> number_in(std::string_view text) noexcept;

// Whether `text` matches a pattern of `*` and `?`.
[[nodiscard]] bool matches(std::string_view pattern, std::string_view text) noexcept;

}  // namespace mica::init
