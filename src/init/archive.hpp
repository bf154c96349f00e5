// The files of a ustar archive, as `tar --format=ustar` writes it. [POSIX pax, "ustar Interchange
// Format"]
//   Nothing that the archive says is believed. It must stay while its files are used.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace mica::init {

struct ArchivedFile {
  std::string_view name;  // as the archive has it, with its folders
  std::span<std::byte const> bytes;
};

class Archive {
 public:
  explicit Archive(std::span<std::byte const> bytes) noexcept : bytes_{bytes} {}

  // The next file. False: there is none, or refusal() says what is wrong. Folders are passed over.
  [[nodiscard]] bool next(ArchivedFile& file) noexcept;

  // A sentence without its full stop, of what stands at position(); null: nothing is wrong.
  [[nodiscard]] char const* refusal() const noexcept { return refusal_; }
  [[nodiscard]] std::size_t position() const noexcept { return position_; }

 private:
  [[nodiscard]] bool refuse(char const* why) noexcept;

  std::span<std::byte const> bytes_;
  std::size_t position_ = 0;
  char const* refusal_ = nullptr;
};

// The name's last part.
[[nodiscard]] std::string_view base_name(std::string_view path) noexcept;

}  // namespace mica::init
