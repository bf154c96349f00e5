// Code page 1252, character by character. Any IRQL.
#pragma once

#include <nt/ntdef.h>

namespace mica::rtl {

[[nodiscard]] WCHAR NTAPI unicode_of(CHAR character) noexcept;
// '?' for what the code page lacks.
[[nodiscard]] CHAR NTAPI ansi_of(WCHAR character) noexcept;

}  // namespace mica::rtl
