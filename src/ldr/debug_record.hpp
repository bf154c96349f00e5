// Which symbols are those of an image: its linker gave both an identity, and the image the name of
// their file.                                               [Microsoft "PE Format", "Debug Type"]
//   Nothing that the file says is believed. Any IRQL.
#pragma once

#include <string_view>

#include "ldr/file.hpp"

namespace mica::ldr {

// The two agree in it.
struct SymbolsIdentity {
  GUID guid;
  ULONG age;

  [[nodiscard]] bool operator==(SymbolsIdentity const& other) const noexcept;
};

struct DebugRecord {
  bool there;  // it names symbols
  SymbolsIdentity identity;
  std::string_view name;  // of their file, without its folders; in the image's file
};

// Of several the first that is in a form with a GUID.
[[nodiscard]] Refusal read_debug_record(File const& file, DebugRecord& record) noexcept;

// The name of the file that has the symbols of an image, which is a file; empty: it names none, or
// is none.
[[nodiscard]] std::string_view NTAPI symbols_name(std::span<std::byte const> image) noexcept;

// How an identity is written where symbols are kept by it: the GUID's digits, then the age's.
struct IdentityText {
  explicit IdentityText(SymbolsIdentity const& identity) noexcept;
  [[nodiscard]] std::string_view view() const noexcept { return {text_, length_}; }

 private:
  void put(std::uint32_t value, unsigned digits) noexcept;

  std::size_t length_ = 0;
  char text_[2 * sizeof(GUID) + 8];
};

}  // namespace mica::ldr
