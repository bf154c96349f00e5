// Functions leave as the convention says: the stack pointer to where registers are, pops, and a
// return or a jump to another function. So from any instruction on one sees whether it is such an
// end.                                        [MSDN "x64 prolog and epilog", "Unwind procedure"]
#pragma once

#include "ldr/unwind_info.hpp"

namespace mica::ldr {

// What is left of an epilog.
struct Epilog {
  bool sets_stack;            // rsp becomes...
  unsigned base;              // ...this register...
  std::int64_t displacement;  // ...and so much more
  unsigned pop_count;
  std::uint8_t pops[16];         // registers, in their order
  std::uint32_t returned_bytes;  // that `ret` takes off beyond the address
};

// Whether what follows `at` is one, of the function that is [begin, end) in the image.
[[nodiscard]] bool NTAPI read_epilog(LoadedImage const& image, std::uint32_t at,
                                     RUNTIME_FUNCTION const& function, unsigned frame_register,
                                     Epilog& epilog) noexcept;

}  // namespace mica::ldr
