// The statuses that <nt/ntstatus.h> names.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mica::harness {

[[nodiscard]] std::optional<std::int32_t> status_named(std::string_view name) noexcept;
// Its name, the first of several; else 0x and eight digits.
[[nodiscard]] std::string name_of_status(std::int32_t status);
// The one that takes the fewest changes.
[[nodiscard]] std::string_view nearest_status_name(std::string_view name);

}  // namespace mica::harness
