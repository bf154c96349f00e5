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

// False: the image has no such section, or the place is not in it.
[[nodiscard]] bool place_of(LoadedImage const& image, PublicSymbol const& symbol, std::uint32_t& at,
                            std::uint32_t& section_end) noexcept {
  IMAGE_SECTION_HEADER section{};
  if (symbol.section == 0 || symbol.section > image.section_count ||
      !image.read(image.sections + (symbol.section - 1u) * sizeof section, section) ||
      symbol.offset >= size_in_image(section))
    return false;
  at = section.VirtualAddress + symbol.offset;
  section_end = section.VirtualAddress + size_in_image(section);
  return true;
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

void read_name(LoadedImage const& image, PublicSymbol const& symbol, PublicName& name) noexcept {
  name.length = image.symbols.copy_name(symbol, name.text);
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
  std::uint32_t section_end = 0;
  while (image.symbols.next(position, symbol)) {
    if (!place_of(image, symbol, name.begin, section_end)) continue;
    name.end = end_of(image, name.begin, section_end);
    read_name(image, symbol, name);
    return true;
  }
  return false;
}

// The nearest before it, of several at one place the first.
bool NTAPI find_name(LoadedImage const& image, std::uint32_t at, PublicName& name) noexcept {
  PublicSymbol symbol{}, nearest{};
  std::uint32_t end_of_nearest = 0;
  for (std::uint32_t position = 0; image.symbols.next(position, symbol);) {
    std::uint32_t begin = 0, section_end = 0;
    if (!place_of(image, symbol, begin, section_end) || begin > at) continue;
    if (end_of_nearest != 0 && begin <= name.begin) continue;
    nearest = symbol;
    name.begin = begin;
    end_of_nearest = section_end;
  }
  if (end_of_nearest == 0) return false;
  name.end = end_of(image, name.begin, end_of_nearest);
  if (at >= name.end) return false;
  read_name(image, nearest, name);
  return true;
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
