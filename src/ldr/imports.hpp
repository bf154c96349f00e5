// What an image imports, in the order in which it says so; at last what it imports when it is first
// called.
#pragma once

#include "ldr/image.hpp"

namespace mica::ldr {

struct Import {
  std::string_view module;
  std::string_view name;  // empty: by ordinal
  std::uint16_t ordinal;  // where there is a name, a hint
  bool delayed;
  std::uint32_t slot;  // where the image wants its address: eight bytes behind the headers
};

class Imports {
 public:
  explicit Imports(Image const& image) noexcept;

  // False: there is none left, or the image lies. Whoever wrote into slots meanwhile is answered by
  // what is there now.
  [[nodiscard]] bool next(Import& import) noexcept;
  [[nodiscard]] Refusal const& refusal() const noexcept { return refusal_; }

 private:
  enum class Phase : std::uint8_t { imported, delayed, over };

  [[nodiscard]] bool next_module() noexcept;
  [[nodiscard]] bool read_descriptor(bool& last) noexcept;
  [[nodiscard]] bool read_delayed(bool& last) noexcept;
  [[nodiscard]] bool describe(std::uint64_t thunk, Import& import) noexcept;
  bool refuse(char const* what, std::uint64_t address) noexcept;

  Image const& image_;
  Refusal refusal_;
  Phase phase_ = Phase::imported;
  std::uint64_t descriptor_;  // the next one
  std::string_view module_;   // of the descriptor before it...
  std::uint64_t thunk_ = 0;   // ...its next thunk; 0: it has none left...
  std::uint64_t slot_ = 0;    // ...and that one's slot
  std::size_t slots_left_;    // an image has no more slots than room for them
};

}  // namespace mica::ldr
