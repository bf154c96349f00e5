#include "ldr/debug_record.hpp"

#include <cstring>

namespace mica::ldr {
namespace {

constexpr std::uint32_t signature = 'R' | 'S' << 8 | 'D' << 16 | 'S' << 24;

// What a record of type IMAGE_DEBUG_TYPE_CODEVIEW begins with; the path of the symbols follows.
struct CodeViewRecord {
  std::uint32_t signature;
  GUID guid;
  std::uint32_t age;
};
static_assert(sizeof(CodeViewRecord) == 24);

[[nodiscard]] std::string_view last_part(std::string_view path) noexcept {
  std::size_t begin = path.size();
  while (begin != 0 && path[begin - 1] != '\\' && path[begin - 1] != '/') --begin;
  path.remove_prefix(begin);
  return path;
}

[[nodiscard]] Refusal read_code_view(File const& file, IMAGE_DEBUG_DIRECTORY const& entry,
                                     DebugRecord& record) noexcept {
  auto const bytes = file.data(entry.AddressOfRawData, entry.SizeOfData);
  if (bytes.empty())
    return bad_image("what it says of its symbols is outside of its sections",
                     entry.AddressOfRawData);
  CodeViewRecord code_view{};
  if (bytes.size() < sizeof code_view) return {};
  std::memcpy(&code_view, bytes.data(), sizeof code_view);
  if (code_view.signature != signature) return {};  // an older form
  std::string_view path{reinterpret_cast<char const*>(bytes.data()) + sizeof code_view,
                        bytes.size() - sizeof code_view};
  std::size_t const end = path.find('\0');
  if (end == path.npos)
    return bad_image("the name of its symbols does not end", entry.AddressOfRawData);
  path.remove_suffix(path.size() - end);
  record = {true, {code_view.guid, code_view.age}, last_part(path)};
  return {};
}

}  // namespace

bool SymbolsIdentity::operator==(SymbolsIdentity const& other) const noexcept {
  return std::memcmp(&guid, &other.guid, sizeof guid) == 0 && age == other.age;
}

Refusal read_debug_record(File const& file, DebugRecord& record) noexcept {
  record = {};
  IMAGE_OPTIONAL_HEADER64 const& header = file.headers().OptionalHeader;
  if (header.NumberOfRvaAndSizes <= IMAGE_DIRECTORY_ENTRY_DEBUG) return {};
  IMAGE_DATA_DIRECTORY const& directory = header.DataDirectory[IMAGE_DIRECTORY_ENTRY_DEBUG];
  if (directory.VirtualAddress == 0 || directory.Size == 0) return {};
  auto const entries = file.data(directory.VirtualAddress, directory.Size);
  if (entries.empty())
    return bad_image("its debug directory is outside of its sections", directory.VirtualAddress);
  IMAGE_DEBUG_DIRECTORY entry{};
  for (std::size_t at = 0; entries.size() - at >= sizeof entry && !record.there;
       at += sizeof entry) {
    std::memcpy(&entry, entries.data() + at, sizeof entry);
    if (entry.Type != IMAGE_DEBUG_TYPE_CODEVIEW || entry.AddressOfRawData == 0) continue;
    if (Refusal const refusal = read_code_view(file, entry, record)) return refusal;
  }
  return {};
}

std::string_view NTAPI symbols_name(std::span<std::byte const> image) noexcept {
  File file;
  DebugRecord record{};
  if (file.open(image) || read_debug_record(file, record)) return {};
  return record.name;
}

IdentityText::IdentityText(SymbolsIdentity const& identity) noexcept {
  put(identity.guid.Data1, 8);
  put(identity.guid.Data2, 4);
  put(identity.guid.Data3, 4);
  for (UCHAR const byte : identity.guid.Data4) put(byte, 2);
  put(identity.age, 1);
}

void IdentityText::put(std::uint32_t value, unsigned digits) noexcept {
  for (unsigned left = 8; left-- != 0;)
    if (left < digits || value >> (left * 4) != 0)
      text_[length_++] = "0123456789ABCDEF"[value >> (left * 4) & 15];
}

}  // namespace mica::ldr
