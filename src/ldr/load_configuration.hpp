// What an image asks of its loader: a cookie that guards its stacks, and pointers that its calls
// are checked through.                              [MSDN IMAGE_LOAD_CONFIG_DIRECTORY64]
//   Any IRQL at which the memory is there.
#pragma once

#include "ldr/file.hpp"
#include "ldr/image.hpp"

namespace mica::ldr {

// What stands in a cookie until somebody seeds it. [MSDN "/GS", __security_init_cookie]
inline constexpr std::uint64_t unseeded_cookie = 0x2B99'2DDF'A232;

struct LoadConfiguration {
  std::uint32_t cookie;  // where it is in the image; 0: it has none
};

// Reads that of an image whose pointers are those of one that begins at `base`. Pointers that calls
// are checked through are the image's own as long as nobody checks: that they lead to code of it is
// all that is asked of them. [MSDN "Control Flow Guard for platform security"]
[[nodiscard]] Refusal read_load_configuration(File const& file, Image const& image,
                                              std::uint64_t base,
                                              LoadConfiguration& configuration) noexcept;

// Gives an image its cookie, which nobody can guess who does not know `secret`: of 48 bits, as the
// code that looks at it wants. One that is no more as linked is left alone.
void seed_cookie(Image& image, LoadConfiguration const& configuration,
                 std::uint64_t secret) noexcept;

}  // namespace mica::ldr
