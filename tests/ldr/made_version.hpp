// A version resource in an image made by hand, whose every field a test may change.
#pragma once

#include "ldr/made_image.hpp"

namespace mica::test {

// Where things are in the resources.
inline constexpr ULONG type_at = 0x10, names_at = 0x18, languages_at = 0x30, data_at = 0x48,
                       version_at = 0x58, version_bytes = 92,
                       resource_bytes = version_at + version_bytes;

// File version 1.2.3.4, product version 5.6.7.8.
inline void put_version(MadeImage& made, std::uint32_t at) noexcept {
  constexpr IMAGE_RESOURCE_DIRECTORY one{0, 0, 0, 0, 0, 1};
  auto const put_directory = [&](ULONG where, ULONG name, ULONG leads_to) {
    made.put(at + where, one);
    made.put(at + where + sizeof one, IMAGE_RESOURCE_DIRECTORY_ENTRY{name, leads_to});
  };
  put_directory(0, 16, IMAGE_RESOURCE_DATA_IS_DIRECTORY | names_at);
  put_directory(names_at, 1, IMAGE_RESOURCE_DATA_IS_DIRECTORY | languages_at);
  put_directory(languages_at, 0x409, data_at);
  made.put(at + data_at, IMAGE_RESOURCE_DATA_ENTRY{at + version_at, version_bytes, 0, 0});
  constexpr USHORT lengths[] = {version_bytes, sizeof(VS_FIXEDFILEINFO), 0};
  made.put(at + version_at, lengths);
  for (std::uint32_t place = at + version_at + sizeof lengths;
       char const letter : std::string_view{"VS_VERSION_INFO"}) {
    made.put(place, static_cast<USHORT>(letter));
    place += sizeof(USHORT);
  }
  VS_FIXEDFILEINFO value{};
  value.dwSignature = VS_FFI_SIGNATURE;
  value.dwFileVersionMS = 0x10002;
  value.dwFileVersionLS = 0x30004;
  value.dwProductVersionMS = 0x50006;
  value.dwProductVersionLS = 0x70008;
  made.put(at + version_at + 40, value);
  made.directory(IMAGE_DIRECTORY_ENTRY_RESOURCE, at, resource_bytes);
}

}  // namespace mica::test
