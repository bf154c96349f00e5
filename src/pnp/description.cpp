#include "pnp/description.hpp"

#include <algorithm>

namespace mica::pnp {
namespace {

// As long as Windows allows an identifier to be, without its terminating null.
//                                                                      [MSDN "Hardware IDs"]
constexpr std::size_t longest_text = 199;
constexpr std::uint64_t all_64 = ~std::uint64_t{0}, all_32 = 0xFFFF'FFFF;
constexpr std::uint64_t first_vector = 0x30, last_vector = 0xCF, last_port = 0xFFFF,
                        last_channel = 7;

[[nodiscard]] constexpr bool is_printable(char letter) noexcept {
  return letter >= ' ' && letter <= '~';
}

[[nodiscard]] constexpr bool is_text(std::string_view text) noexcept {
  return !text.empty() && text.size() <= longest_text &&
         std::all_of(text.begin(), text.end(), is_printable);
}

// [MSDN "Hardware IDs": no spaces, no commas]
[[nodiscard]] constexpr bool is_identifier(std::string_view text) noexcept {
  return is_text(text) &&
         std::none_of(text.begin(), text.end(), [](char c) { return c == ' ' || c == ','; });
}

// {8-4-4-4-12 hexadecimal digits}
[[nodiscard]] constexpr bool is_guid(std::string_view word) noexcept {
  constexpr std::string_view form = "{xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx}";
  return std::equal(word.begin(), word.end(), form.begin(), form.end(), [](char c, char wanted) {
    bool const digit = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    return wanted == 'x' ? digit : c == wanted;
  });
}

// Each reads what follows a property's name; what was expected instead of the last word, or null.
using Read = char const* (*)(Words& words, Description& device);

constexpr char const* once = "this property once for a device";
constexpr char const* an_identifier =
    "an identifier: 1 to 199 printable ASCII letters but spaces and commas";

char const* read_text(Words& words, std::string_view& text) noexcept {
  if (!text.empty()) return once;
  text = words.next();
  return is_text(text) ? nullptr : "a text of 1 to 199 printable ASCII letters";
}

template <std::string_view Description::*text>
char const* read_text_of(Words& words, Description& device) {
  return read_text(words, device.*text);
}

char const* read_driver(Words& words, Description& device) {
  if (!device.driver.empty()) return once;
  device.driver = words.next();
  return is_name(device.driver) ? nullptr : "the name of a driver's service";
}

char const* read_class(Words& words, Description& device) {
  if (char const* const wrong = read_text(words, device.class_name)) return wrong;
  if (words.at_end()) return nullptr;
  device.class_guid = words.next();
  return is_guid(device.class_guid) ? nullptr
                                    : "the class's GUID, {xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx}";
}

// At least one, and none beyond what there is room for.
char const* read_names(Words& words, Names& names, bool (*fits)(std::string_view),
                       char const* expected) noexcept {
  do {
    std::string_view const word = words.next();
    if (!fits(word)) return expected;
    if (!names.add(word)) return "no more than 8 of them";
  } while (!words.at_end());
  return nullptr;
}

template <Names Description::*names>
char const* read_identifiers(Words& words, Description& device) {
  return read_names(words, device.*names, is_identifier, an_identifier);
}

template <Names Description::*names>
char const* read_services(Words& words, Description& device) {
  return read_names(words, device.*names, is_name, "the name of a driver's service");
}

char const* add(Description& device, Resource const& resource) noexcept {
  return device.resources.add(resource) ? nullptr : "no more than 16 resources";
}

// `start` and `length`, which stay within `last`.
char const* read_range(Words& words, std::uint64_t last, Resource& resource) noexcept {
  std::uint64_t length = 0;
  if (!number_in(words.next(), last, resource.start)) return "where it begins, a number in range";
  if (!number_in(words.next(), all_32, length) || length == 0 || length - 1 > last - resource.start)
    return "how long it is, a number in range";
  resource.length = static_cast<std::uint32_t>(length);
  return nullptr;
}

char const* read_port(Words& words, Description& device) {
  Resource resource;
  resource.type = CmResourceTypePort;
  if (char const* const wrong = read_range(words, last_port, resource)) return wrong;
  return add(device, resource);
}

char const* read_memory(Words& words, Description& device) {
  Resource resource;
  resource.type = CmResourceTypeMemory;
  if (char const* const wrong = read_range(words, all_64, resource)) return wrong;
  if (!words.at_end()) {
    if (words.next() != "read-only") return "'read-only', or the line's end";
    resource.read_only = true;
  }
  return add(device, resource);
}

char const* read_interrupt(Words& words, Description& device) {
  Resource resource;
  resource.type = CmResourceTypeInterrupt;
  if (!number_in(words.next(), last_vector, resource.start) || resource.start < first_vector)
    return "a vector, 0x30 to 0xCF";
  std::string_view const mode = words.next();
  if (mode != "level" && mode != "latched") return "'level' or 'latched'";
  resource.latched = mode == "latched";
  if (!words.at_end()) {
    if (words.next() != "shared") return "'shared', or the line's end";
    resource.shared = true;
  }
  return add(device, resource);
}

char const* read_dma(Words& words, Description& device) {
  Resource resource;
  resource.type = CmResourceTypeDma;
  if (!number_in(words.next(), last_channel, resource.start)) return "a DMA channel, 0 to 7";
  return add(device, resource);
}

char const* read_number(Words& words, bool& there, std::uint32_t& number) noexcept {
  std::uint64_t value = 0;
  if (there) return once;
  there = true;
  if (!number_in(words.next(), all_32 - 1, value)) return "a number, 0 to 0xFFFFFFFE";
  number = static_cast<std::uint32_t>(value);
  return nullptr;
}

char const* read_address(Words& words, Description& device) {
  return read_number(words, device.has_address, device.address);
}

char const* read_ui_number(Words& words, Description& device) {
  return read_number(words, device.has_ui_number, device.ui_number);
}

char const* read_removable(Words&, Description& device) {
  if (device.removable) return once;
  device.removable = true;
  return nullptr;
}

struct Property {
  std::string_view name;
  Read read;
  bool of_children;  // else their bus says it
};

constexpr Property properties[] = {
    {"description", read_text_of<&Description::description>, true},
    {"manufacturer", read_text_of<&Description::manufacturer>, true},
    {"friendly-name", read_text_of<&Description::friendly_name>, true},
    {"location", read_text_of<&Description::location>, false},
    {"class", read_class, true},
    {"hardware", read_identifiers<&Description::hardware_ids>, false},
    {"compatible", read_identifiers<&Description::compatible_ids>, false},
    {"driver", read_driver, true},
    {"lower", read_services<&Description::lower_filters>, true},
    {"upper", read_services<&Description::upper_filters>, true},
    {"port", read_port, false},
    {"memory", read_memory, false},
    {"interrupt", read_interrupt, false},
    {"dma", read_dma, false},
    {"address", read_address, false},
    {"ui-number", read_ui_number, false},
    {"removable", read_removable, false},
};

constexpr char const* any_property =
    "'device', 'child', or a property: description, manufacturer, friendly-name, location, class, "
    "hardware, "
    "compatible, driver, lower, upper, port, memory, register, ram, on, interrupt, dma, address, "
    "ui-number, removable";

constexpr char const* childs_property =
    "what a child's bus does not say: description, manufacturer, friendly-name, class, driver, "
    "lower, "
    "upper";

// A line that says something of a device.
char const* read_property(std::string_view name, Words& words, RegisterPlace& place,
                          Description& device) noexcept {
  if (is_register_line(name)) {
    if (device.is_child) return childs_property;
    RegisterLine line;
    device.has_registers = true;
    char const* const wrong = place.read(name, words, line);
    return wrong != nullptr || words.at_end() ? wrong : "the line's end";
  }
  auto const* const found =
      std::find_if(std::begin(properties), std::end(properties),
                   [name](Property const& each) { return each.name == name; });
  if (found == std::end(properties)) return any_property;
  if (device.is_child && !found->of_children) return childs_property;
  std::size_t const resources = device.resources.size();
  if (char const* const wrong = found->read(words, device)) return wrong;
  if (device.resources.size() != resources) place.take(device.resources.end()[-1]);
  return words.at_end() ? nullptr : "the line's end";
}

}  // namespace

std::string_view DeviceReader::line() const noexcept {
  std::string_view rest = text_;
  rest.remove_prefix(at_);
  return part(rest, 0, std::min(rest.find('\n'), rest.size()));
}

void DeviceReader::pass(std::string_view line) noexcept {
  at_ = std::min(at_ + line.size() + 1, text_.size());
  ++line_;
}

bool DeviceReader::refuse(unsigned line, unsigned column, char const* expected) noexcept {
  mistake_ = {line, column, expected};
  at_ = text_.size();
  return false;
}

bool DeviceReader::begin_device(std::string_view kind, Words& words, Description& device) noexcept {
  place_ = {};
  device.is_child = kind == "child";
  device.name = words.next();
  if (device.is_child && !is_identifier(device.name))
    return refuse(line_, words.column(), an_identifier);
  if (!device.is_child && !is_name(device.name))
    return refuse(line_, words.column(), "a name: 1 to 64 letters, digits, '_' and '-'");
  return words.at_end() || refuse(line_, words.column(), "the line's end");
}

bool DeviceReader::next(Description& device) noexcept {
  device = {};
  std::size_t begin = at_;
  unsigned first_line = line_;
  for (; at_ < text_.size(); pass(line())) {
    Words words{line()};
    if (words.at_end()) continue;
    std::string_view const name = words.next();
    if (name == "device" || name == "child") {
      if (!device.name.empty()) break;  // the next one
      begin = at_;
      first_line = line_;
      if (!begin_device(name, words, device)) return false;
      continue;
    }
    if (device.name.empty())
      return refuse(line_, words.column(), "'device' and a name, or 'child' and an identifier");
    char const* const wrong = read_property(name, words, place_, device);
    if (wrong != nullptr) return refuse(line_, words.column(), wrong);
  }
  return !device.name.empty() && end_device(begin, first_line, device);
}

bool DeviceReader::end_device(std::size_t begin, unsigned first_line,
                              Description& device) noexcept {
  if (device.driver.empty() && !device.has_registers)
    return refuse(first_line, 1, "a device that has a driver, or registers");
  device.text = part(text_, begin, at_ - begin);
  bool const interrupts =
      std::any_of(device.resources.begin(), device.resources.end(),
                  [](Resource const& each) { return each.type == CmResourceTypeInterrupt; });
  if (check_registers(device.text, first_line, interrupts, mistake_)) return true;
  at_ = text_.size();
  return false;
}

}  // namespace mica::pnp
