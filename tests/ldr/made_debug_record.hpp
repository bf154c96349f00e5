// An image by hand that names its symbols.
#pragma once

#include "ldr/made_database.hpp"
#include "ldr/made_image.hpp"

namespace mica::test {

inline constexpr std::uint32_t debug_record_at = 0x40;  // behind the directory

// One record, in the data section at `at`.
inline void put_debug_record(MadeImage& made, std::uint32_t at,
                             ldr::SymbolsIdentity const& identity, std::string_view path) {
  std::uint32_t const record = at + debug_record_at;
  IMAGE_DEBUG_DIRECTORY entry{};
  entry.Type = IMAGE_DEBUG_TYPE_CODEVIEW;
  entry.SizeOfData = static_cast<ULONG>(24 + path.size() + 1);
  entry.AddressOfRawData = record;
  made.put(at, entry).put_text(record, "RSDS");
  made.put(record + 4, identity.guid).put(record + 20, identity.age).put_text(record + 24, path);
  made.directory(IMAGE_DIRECTORY_ENTRY_DEBUG, at, sizeof entry);
}

}  // namespace mica::test
