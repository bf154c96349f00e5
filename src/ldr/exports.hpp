// What an image exports, by name and by ordinal.
#pragma once

#include "ldr/image.hpp"

namespace mica::ldr {

struct Export {
  std::uint32_t address;       // in the image
  std::string_view forwarder;  // not empty: it is what another module exports, "MODULE.name"
};

class Exports {
 public:
  // Checks names and their order. An image without exports has none of them.
  [[nodiscard]] Refusal open(Image const& image) noexcept;

  [[nodiscard]] std::uint32_t name_count() const noexcept { return directory_.NumberOfNames; }
  [[nodiscard]] std::string_view name(std::uint32_t index) const noexcept;
  // False: there is none. `refusal` is set if the image lies about it.
  [[nodiscard]] bool find(std::string_view name, Export& found, Refusal& refusal) const noexcept;
  [[nodiscard]] bool find(std::uint16_t ordinal, Export& found, Refusal& refusal) const noexcept;

 private:
  [[nodiscard]] Refusal check() const noexcept;
  [[nodiscard]] bool at(std::uint32_t index, Export& found, Refusal& refusal) const noexcept;
  [[nodiscard]] bool read_name(std::uint32_t index, std::string_view& name) const noexcept;

  Image const* image_ = nullptr;
  IMAGE_DATA_DIRECTORY place_{};
  IMAGE_EXPORT_DIRECTORY directory_{};
};

}  // namespace mica::ldr
