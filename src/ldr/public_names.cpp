#include "ldr/public_names.hpp"

#include <algorithm>

#include "ldr/unwind_info.hpp"

namespace mica::ldr {
namespace {

using rtl::Hex;
using rtl::Line;

void tell(std::string_view image, DebugRecord const& record, Refusal const& refusal) noexcept {
  Line line;
  line << "mica: " << image << " goes without the names of " << record.name << ": " << refusal.what
       << ", at " << Hex{refusal.at} << " of that file";
}

void tell_other(std::string_view image, DebugRecord const& record,
                SymbolsIdentity const& found) noexcept {
  Line{} << "mica: " << image << " goes without the names of " << record.name
         << ", which is of another build: " << IdentityText{found}.view() << ", not "
         << IdentityText{record.identity}.view();
}

// From 1. False: the image has no such section.
[[nodiscard]] bool read_section(LoadedImage const& image, unsigned number,
                                IMAGE_SECTION_HEADER& section) noexcept {
  return number != 0 && number <= image.section_count &&
         image.read(image.sections + (number - 1u) * sizeof section, section);
}

// How many functions begin there or before.
[[nodiscard]] std::uint32_t functions_until(LoadedImage const& image, std::uint32_t at) noexcept {
  std::uint32_t low = 0, high = image.function_count;
  while (low < high) {
    std::uint32_t const middle = low + (high - low) / 2;
    RUNTIME_FUNCTION function{};
    if (image.read_function(middle, function) && function.BeginAddress <= at)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

// Whether it goes on what was before it: compilers describe a function in parts.
[[nodiscard]] bool goes_on(LoadedImage const& image, RUNTIME_FUNCTION const& function) noexcept {
  UnwindInfo information{};
  return (function.UnwindData & RUNTIME_FUNCTION_INDIRECT) != 0 ||
         (image.read(function.UnwindData, information) &&
          (information.flags() & UNW_FLAG_CHAININFO) != 0);
}

// Where what begins at `at` ends: with its function, or before the next one.
[[nodiscard]] std::uint32_t end_of(LoadedImage const& image, std::uint32_t at,
                                   std::uint32_t section_end) noexcept {
  std::uint32_t index = functions_until(image, at), end = at;
  RUNTIME_FUNCTION function{};
  if (index != 0 && image.read_function(index - 1, function)) end = function.EndAddress;
  if (end <= at)
    return image.read_function(index, function) ? std::min(function.BeginAddress, section_end)
                                                : section_end;
  for (; image.read_function(index, function) && function.BeginAddress == end &&
         function.EndAddress > end && goes_on(image, function);
       ++index)
    end = function.EndAddress;
  return end;
}

}  // namespace

void NTAPI take_symbols(File const& file, std::span<std::byte const> symbols,
                        LoadedImage& image) noexcept {
  if (symbols.empty()) return;
  image.sections = static_cast<std::uint32_t>(file.section_offset(0));
  image.section_count = file.section_count();
  DebugRecord record{};
  if (Refusal const refusal = read_debug_record(file, record); refusal || !record.there) {
    Line{} << "mica: " << image.name() << " goes without names: "
           << (refusal ? refusal.what : "it does not say which symbols are its own");
    return;
  }
  ProgramDatabase found;
  if (Refusal const refusal = found.open(symbols))
    tell(image.name(), record, refusal);
  else if (!(found.identity() == record.identity))
    tell_other(image.name(), record, found.identity());
  else
    image.symbols = found;
}

bool NTAPI next_name(LoadedImage const& image, std::uint32_t& position, PublicName& name) noexcept {
  PublicSymbol symbol{};
  IMAGE_SECTION_HEADER section{};
  while (image.symbols.next(position, symbol)) {
    if (!read_section(image, symbol.section, section) || symbol.offset >= size_in_image(section))
      continue;
    name.begin = section.VirtualAddress + symbol.offset;
    name.end = end_of(image, name.begin, section.VirtualAddress + size_in_image(section));
    name.length = image.symbols.copy_name(symbol, name.text);
    return true;
  }
  return false;
}

// The nearest before it in its section, of several at one place the first.
bool NTAPI find_name(LoadedImage const& image, std::uint32_t at, PublicName& name) noexcept {
  IMAGE_SECTION_HEADER section{};
  unsigned number = 0;
  do
    if (!read_section(image, ++number, section)) return false;
  while (at - section.VirtualAddress >= size_in_image(section));
  PublicSymbol symbol{}, nearest{};
  for (std::uint32_t position = 0; image.symbols.next(position, symbol);)
    if (symbol.section == number && symbol.offset <= at - section.VirtualAddress &&
        (nearest.section == 0 || symbol.offset > nearest.offset))
      nearest = symbol;
  if (nearest.section == 0) return false;
  name.begin = section.VirtualAddress + nearest.offset;
  name.end = end_of(image, name.begin, section.VirtualAddress + size_in_image(section));
  name.length = image.symbols.copy_name(nearest, name.text);
  return at < name.end;
}

void NTAPI put_place(Line& line, LoadedImage const& image, std::uint32_t at) noexcept {
  PublicName name;
  line << image.name();
  if (find_name(image, at, name))
    line << "!" << name.view() << "+" << Hex{at - name.begin};
  else
    line << "+" << Hex{at};
}

bool NTAPI put_place_of(Line& line, std::string_view before, std::uint64_t address) noexcept {
  LoadedImage const* const image = find_image(address);
  if (image == nullptr) return false;
  line << before;
  put_place(line, *image, image->offset_of(address));
  return true;
}

}  // namespace mica::ldr
