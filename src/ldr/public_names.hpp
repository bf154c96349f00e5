// The names of places in a loaded image, where its symbols are beside it.
//
// Rules
//   Any IRQL, also in a machine's fault handler: no lock, no memory. Symbols are looked through
//   each time.
//   A public symbol names what follows it, up to the end of its function: of what lies behind, code
//   that no public symbol is of, no name is said.
#pragma once

#include "ldr/loaded_image.hpp"
#include "rtl/line.hpp"

namespace mica::ldr {

struct PublicName {
  std::uint32_t begin, end;  // in the image
  std::size_t length;
  char text[200];  // what there is room for

  [[nodiscard]] std::string_view view() const noexcept { return {text, length}; }
};

// Reads the symbols of an image, and tells the debugger if they are not its own, or are no symbols:
// then it has no names. They must stay as long as the image. No symbols: it has no names either.
void NTAPI take_symbols(File const& file, std::span<std::byte const> symbols,
                        LoadedImage& image) noexcept;

// The next name, in the symbols' order; `position` begins with 0. False: there is none.
[[nodiscard]] bool NTAPI next_name(LoadedImage const& image, std::uint32_t& position,
                                   PublicName& name) noexcept;

// What names that place in the image. False: nothing does.
[[nodiscard]] bool NTAPI find_name(LoadedImage const& image, std::uint32_t at,
                                   PublicName& name) noexcept;

// IMAGE!NAME+0x10, or IMAGE+0x1010.
void NTAPI put_place(rtl::Line& line, LoadedImage const& image, std::uint32_t at) noexcept;

// ExceptionState::put_place (ke/exception.hpp).
[[nodiscard]] bool NTAPI put_place_of(rtl::Line& line, std::string_view before,
                                      std::uint64_t address) noexcept;

}  // namespace mica::ldr
