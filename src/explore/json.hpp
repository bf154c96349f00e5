// A string as JSON has it.
#pragma once

#include <string>
#include <string_view>

namespace mica::explore {

// With its quotation marks. Bytes that are no UTF-8 become question marks. [RFC 8259, 7]
[[nodiscard]] std::string quoted(std::string_view text);

}  // namespace mica::explore
