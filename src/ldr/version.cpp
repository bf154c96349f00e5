#include "ldr/version.hpp"

namespace mica::ldr {
namespace {

// The levels of an image's resources: types, names, languages.
constexpr ULONG version_type = 16;

// What a version begins with: how long it and its value are, and a name.
struct VersionHeader {
  USHORT bytes, value_bytes, type;
  USHORT key[16];
};
constexpr USHORT version_key[16] = {'V', 'S', '_', 'V', 'E', 'R', 'S', 'I',
                                    'O', 'N', '_', 'I', 'N', 'F', 'O'};
constexpr std::size_t value_at = 40;  // aligned to four bytes

class Resources {
 public:
  explicit Resources(Image const& image) noexcept
      : image_{image}, place_{image.directory(IMAGE_DIRECTORY_ENTRY_RESOURCE)} {}

  [[nodiscard]] Refusal read(Version& version) noexcept {
    if (place_.VirtualAddress == 0) return {};
    IMAGE_RESOURCE_DIRECTORY_ENTRY entry{};
    if (!find_type(entry)) return refusal_;
    if (!enter(entry) || !enter(entry)) return refusal_;
    if ((entry.OffsetToData & IMAGE_RESOURCE_DATA_IS_DIRECTORY) != 0)
      return bad("a resource is a directory of more than languages", entry.OffsetToData);
    IMAGE_RESOURCE_DATA_ENTRY data{};
    if (!read_at(entry.OffsetToData, data)) return refusal_;
    return read_value(data, version);
  }

 private:
  Refusal bad(char const* what, ULONG offset) noexcept {
    offset &= ~ULONG{IMAGE_RESOURCE_DATA_IS_DIRECTORY};
    return refusal_ = bad_image(what, std::uint64_t{place_.VirtualAddress} + offset);
  }

  // Offsets are those in the resources, and must not leave them.
  template <class T>
  [[nodiscard]] bool read_at(std::uint64_t offset, T& value) noexcept {
    if (offset + sizeof value <= place_.Size && image_.read(place_.VirtualAddress + offset, value))
      return true;
    bad("the resources go on outside of themselves", static_cast<ULONG>(offset));
    return false;
  }

  // A directory of resources, and how many entries follow it.
  [[nodiscard]] bool read_directory(ULONG offset, ULONG& count) noexcept {
    IMAGE_RESOURCE_DIRECTORY directory{};
    if (!read_at(offset, directory)) return false;
    count = ULONG{directory.NumberOfNamedEntries} + directory.NumberOfIdEntries;
    return true;
  }
  [[nodiscard]] bool read_entry(ULONG directory, ULONG index,
                                IMAGE_RESOURCE_DIRECTORY_ENTRY& entry) noexcept {
    return read_at(std::uint64_t{directory} + sizeof(IMAGE_RESOURCE_DIRECTORY) +
                       std::uint64_t{index} * sizeof entry,
                   entry);
  }

  // False: there is no version, or `refusal_` says what is wrong.
  [[nodiscard]] bool find_type(IMAGE_RESOURCE_DIRECTORY_ENTRY& entry) noexcept {
    ULONG count = 0;
    if (!read_directory(0, count)) return false;
    for (ULONG i = 0; i < count; ++i) {
      if (!read_entry(0, i, entry)) return false;
      if (entry.Name == version_type) return true;
    }
    return false;
  }

  // To the first entry of the directory that `entry` leads to.
  [[nodiscard]] bool enter(IMAGE_RESOURCE_DIRECTORY_ENTRY& entry) noexcept {
    ULONG const directory = entry.OffsetToData & ~ULONG{IMAGE_RESOURCE_DATA_IS_DIRECTORY};
    ULONG count = 0;
    if (directory == entry.OffsetToData) {
      bad("a type or a name of resources is no directory", directory);
      return false;
    }
    if (!read_directory(directory, count)) return false;
    if (count != 0) return read_entry(directory, 0, entry);
    bad("a directory of resources is empty", directory);
    return false;
  }

  [[nodiscard]] Refusal read_value(IMAGE_RESOURCE_DATA_ENTRY const& data,
                                   Version& version) noexcept {
    VersionHeader header{};
    VS_FIXEDFILEINFO value{};
    std::uint64_t const at = data.OffsetToData;
    if (!image_.has(at, data.Size)) return bad_image("a resource is outside of the image", at);
    if (data.Size < sizeof header || !image_.read(at, header) || header.bytes > data.Size ||
        header.bytes < sizeof header)
      return bad_image("a version is longer than its resource, or too short", at);
    if (std::memcmp(header.key, version_key, sizeof version_key) != 0)
      return bad_image("a version has another name", at);
    if (header.value_bytes == 0) return {};
    if (header.value_bytes < sizeof value || header.bytes < value_at + sizeof value ||
        !image_.read(at + value_at, value))
      return bad_image("a version is cut off", at);
    if (value.dwSignature != VS_FFI_SIGNATURE)
      return bad_image("a version has another signature", at + value_at);
    version = {true, number(value.dwFileVersionMS, value.dwFileVersionLS),
               number(value.dwProductVersionMS, value.dwProductVersionLS)};
    return {};
  }

  [[nodiscard]] static VersionNumber number(ULONG high, ULONG low) noexcept {
    return {static_cast<USHORT>(high >> 16), static_cast<USHORT>(high),
            static_cast<USHORT>(low >> 16), static_cast<USHORT>(low)};
  }

  Image const& image_;
  IMAGE_DATA_DIRECTORY const place_;
  Refusal refusal_;
};

}  // namespace

Refusal read_version(Image const& image, Version& version) noexcept {
  version = {};
  return Resources{image}.read(version);
}

}  // namespace mica::ldr
