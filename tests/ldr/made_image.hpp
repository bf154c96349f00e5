// An image made by hand: a file of headers, code and data, whose every field a test may change.
#pragma once

#include <cstddef>
#include <cstring>
#include <string_view>
#include <vector>

#include "ldr/file.hpp"
#include "ldr/image.hpp"

namespace mica::test {

class MadeImage {
 public:
  static constexpr std::uint32_t headers_at = 0x80, header_bytes = 0x400;
  static constexpr std::uint32_t code = 0x1000, code_bytes = 0x200;  // where they are in the image
  static constexpr std::uint32_t data = 0x2000, data_bytes = 0x1000;
  static constexpr std::uint32_t end = 0x3000;
  static constexpr ULONGLONG base = 0x1'4000'0000;

  MadeImage() : bytes_(header_bytes + code_bytes + data_bytes) {
    dos() = {};
    dos().e_magic = IMAGE_DOS_SIGNATURE;
    dos().e_lfanew = headers_at;
    IMAGE_NT_HEADERS64& nt = headers();
    nt.Signature = IMAGE_NT_SIGNATURE;
    nt.FileHeader.Machine = IMAGE_FILE_MACHINE_AMD64;
    nt.FileHeader.NumberOfSections = 2;
    nt.FileHeader.SizeOfOptionalHeader = sizeof nt.OptionalHeader;
    nt.FileHeader.Characteristics = IMAGE_FILE_EXECUTABLE_IMAGE;
    IMAGE_OPTIONAL_HEADER64& optional = nt.OptionalHeader;
    optional.Magic = IMAGE_NT_OPTIONAL_HDR64_MAGIC;
    optional.AddressOfEntryPoint = code;
    optional.ImageBase = base;
    optional.SectionAlignment = 0x1000;
    optional.FileAlignment = 0x200;
    optional.SizeOfImage = end;
    optional.SizeOfHeaders = header_bytes;
    optional.Subsystem = IMAGE_SUBSYSTEM_NATIVE;
    optional.NumberOfRvaAndSizes = IMAGE_NUMBEROF_DIRECTORY_ENTRIES;
    name_section(0, ".text", code, code_bytes, header_bytes);
    name_section(1, ".data", data, data_bytes, header_bytes + code_bytes);
  }

  [[nodiscard]] std::vector<std::byte>& bytes() noexcept { return bytes_; }
  [[nodiscard]] IMAGE_DOS_HEADER& dos() noexcept { return in_file<IMAGE_DOS_HEADER>(0); }
  [[nodiscard]] IMAGE_NT_HEADERS64& headers() noexcept {
    return in_file<IMAGE_NT_HEADERS64>(headers_at);
  }
  [[nodiscard]] IMAGE_OPTIONAL_HEADER64& optional() noexcept { return headers().OptionalHeader; }
  [[nodiscard]] IMAGE_SECTION_HEADER& section(unsigned index) noexcept {
    return in_file<IMAGE_SECTION_HEADER>(headers_at + sizeof(IMAGE_NT_HEADERS64) +
                                         index * sizeof(IMAGE_SECTION_HEADER));
  }
  void directory(unsigned index, std::uint32_t address, std::uint32_t bytes) noexcept {
    optional().DataDirectory[index] = {address, bytes};
  }
  // What the data section holds, by address in the image.
  template <class T>
  MadeImage& put(std::uint32_t address, T const& value) noexcept {
    std::memcpy(&bytes_[address - data + header_bytes + code_bytes], &value, sizeof value);
    return *this;
  }
  MadeImage& put_text(std::uint32_t address, std::string_view text) noexcept {
    for (char const letter : text) put(address++, letter);
    return put(address, '\0');
  }

 private:
  template <class T>
  [[nodiscard]] T& in_file(std::size_t offset) noexcept {
    return *reinterpret_cast<T*>(&bytes_[offset]);
  }
  void name_section(unsigned index, char const (&name)[6], std::uint32_t address,
                    std::uint32_t bytes, std::uint32_t offset) noexcept {
    IMAGE_SECTION_HEADER& header = section(index);
    std::memcpy(header.Name, name, sizeof name);
    header.Misc.VirtualSize = header.SizeOfRawData = bytes;
    header.VirtualAddress = address;
    header.PointerToRawData = offset;
  }

  std::vector<std::byte> bytes_;
};

// A file that is laid out; `refusal` says why it is not.
struct LaidOut {
  explicit LaidOut(std::vector<std::byte> const& bytes) : refusal{file.open(bytes)} {
    if (!refusal) memory.resize(file.image_bytes());
    if (!refusal) file.lay_out(memory);
  }
  [[nodiscard]] ldr::Image image() noexcept { return {memory, file.headers()}; }

  ldr::File file;
  ldr::Refusal refusal;
  std::vector<std::byte> memory;
};

}  // namespace mica::test
