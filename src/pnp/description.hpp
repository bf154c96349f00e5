// What a text says of devices. docs/pnp.md has the language.
//   Nothing is allocated: all that is found are parts of the text, which must stay. Nothing that it
//   says is believed. Any IRQL.
#pragma once

#include <nt/io/resources.h>

#include <array>
#include <string_view>

#include "pnp/registers.hpp"

namespace mica::pnp {

// A list that is never long.
template <class Item, std::size_t capacity>
class Few {
 public:
  [[nodiscard]] bool add(Item const& item) noexcept {
    if (count_ == capacity) return false;
    items_[count_++] = item;
    return true;
  }
  [[nodiscard]] Item const* begin() const noexcept { return items_.data(); }
  [[nodiscard]] Item const* end() const noexcept { return items_.data() + count_; }
  [[nodiscard]] std::size_t size() const noexcept { return count_; }
  [[nodiscard]] bool empty() const noexcept { return count_ == 0; }

 private:
  std::array<Item, capacity> items_{};
  std::size_t count_ = 0;
};

using Names = Few<std::string_view, 8>;

struct Resource {
  UCHAR type = CmResourceTypeNull;
  bool shared = false;       // interrupts
  bool latched = false;      // interrupts
  bool read_only = false;    // memory
  std::uint64_t start = 0;   // of ports and memory; an interrupt's vector; a DMA channel
  std::uint32_t length = 0;  // of ports and memory
};

// A device, or what drivers a child of a driver's bus gets. What is not said is empty.
struct Description {
  std::string_view text;  // all of it
  std::string_view name;  // of a child the hardware or compatible identifier that it has
  bool is_child;
  std::string_view description, manufacturer, friendly_name, location;
  std::string_view class_name, class_guid;  // the latter with braces
  // The service of the function driver. None: it is there, but is not plugged in.
  std::string_view driver;
  Names hardware_ids, compatible_ids;
  Names lower_filters, upper_filters;  // services, from below up
  Few<Resource, 16> resources;
  bool has_registers;  // RegisterReader tells them
  bool has_address, has_ui_number, removable;
  std::uint32_t address, ui_number;
};

struct Mistake {
  unsigned line, column;  // from 1
  char const* expected;   // null: there is no mistake
};

class DeviceReader {
 public:
  explicit DeviceReader(std::string_view text) noexcept : text_{text} {}

  // The next device or child. False: there is none, or mistake() says what is wrong.
  [[nodiscard]] bool next(Description& device) noexcept;
  [[nodiscard]] Mistake const& mistake() const noexcept { return mistake_; }

 private:
  [[nodiscard]] std::string_view line() const noexcept;
  void pass(std::string_view line) noexcept;
  bool begin_device(std::string_view kind, Words& words, Description& device) noexcept;
  bool end_device(std::size_t begin, unsigned first_line, Description& device) noexcept;
  bool refuse(unsigned line, unsigned column, char const* expected) noexcept;

  std::string_view text_;
  std::size_t at_ = 0;  // the beginning of a line
  unsigned line_ = 1;
  RegisterPlace place_;
  Mistake mistake_{};
};

}  // namespace mica::pnp
