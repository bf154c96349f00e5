// Environment blocks: strings NAME=value, each with a terminating null; an empty one ends them.
#pragma once

#include <nt/ntdef.h>

#include <string_view>

namespace mica::cm {

// `text` with each %NAME% that the environment has in its place; others stay. Writes what `room`
// takes to `buffer` and returns how many characters there are. Null stands for no environment.
[[nodiscard]] std::size_t NTAPI expand(std::u16string_view text, WCHAR const* environment,
                                       WCHAR* buffer, std::size_t room) noexcept;

}  // namespace mica::cm
