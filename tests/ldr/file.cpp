// Files that are images: what is read of their headers, and where their bytes come to stand.
#include "ldr/file.hpp"

#include "catch.hpp"
#include "ldr/checksum.hpp"
#include "ldr/made_image.hpp"

using namespace mica;
using test::LaidOut;
using test::MadeImage;

namespace {

std::byte at(LaidOut const& laid_out, std::size_t address) {
  return laid_out.memory.at(address);
}

}  // namespace

TEST_CASE("ldr: headers and sections stand where the file says, zeros elsewhere", "[ldr]") {
  MadeImage made;
  made.put(MadeImage::data, std::uint8_t{0x11});
  made.put(MadeImage::data + 0xfff, std::uint8_t{0x22});
  made.bytes()[MadeImage::header_bytes] = std::byte{0xC3};
  LaidOut const laid_out{made.bytes()};
  REQUIRE(!laid_out.refusal);
  REQUIRE(laid_out.memory.size() == MadeImage::end);
  CHECK(at(laid_out, 0) == std::byte{'M'});
  CHECK(at(laid_out, MadeImage::code) == std::byte{0xC3});
  CHECK(at(laid_out, MadeImage::code + MadeImage::code_bytes) == std::byte{0});
  CHECK(at(laid_out, MadeImage::data) == std::byte{0x11});
  CHECK(at(laid_out, MadeImage::data + 0xfff) == std::byte{0x22});
}

TEST_CASE("ldr: a section may be longer in the image than in the file, and the other way",
          "[ldr]") {
  MadeImage made;
  made.put(MadeImage::data + 0x800, std::uint8_t{0x33});
  SECTION("zeros follow what the file has") {
    made.section(1).Misc.VirtualSize = 0x2000;
    made.optional().SizeOfImage = 0x4000;
    LaidOut const laid_out{made.bytes()};
    REQUIRE(!laid_out.refusal);
    CHECK(at(laid_out, MadeImage::data + 0x800) == std::byte{0x33});
    CHECK(at(laid_out, MadeImage::data + 0x1fff) == std::byte{0});
  }
  SECTION("what the image has no room for is left out") {
    made.section(1).Misc.VirtualSize = 0x800;
    LaidOut const laid_out{made.bytes()};
    REQUIRE(!laid_out.refusal);
    CHECK(at(laid_out, MadeImage::data + 0x800) == std::byte{0});
  }
  SECTION("it has none in the file") {
    made.section(1).SizeOfRawData = 0;
    made.section(1).PointerToRawData = 0;
    LaidOut const laid_out{made.bytes()};
    REQUIRE(!laid_out.refusal);
    CHECK(at(laid_out, MadeImage::data + 0x800) == std::byte{0});
  }
  SECTION("of no size in the image it has its size in the file") {
    made.section(1).Misc.VirtualSize = 0;
    LaidOut const laid_out{made.bytes()};
    REQUIRE(!laid_out.refusal);
    CHECK(at(laid_out, MadeImage::data + 0x800) == std::byte{0x33});
  }
}

TEST_CASE("ldr: sections of less than a page stand in the image as in the file", "[ldr]") {
  MadeImage made;
  made.optional().SectionAlignment = made.optional().FileAlignment = 0x200;
  made.section(0).VirtualAddress = made.section(0).PointerToRawData;
  made.section(1).VirtualAddress = made.section(1).PointerToRawData;
  made.optional().SizeOfImage = static_cast<ULONG>(made.bytes().size());
  made.optional().AddressOfEntryPoint = made.section(0).VirtualAddress;
  LaidOut const laid_out{made.bytes()};
  REQUIRE(!laid_out.refusal);
  CHECK(laid_out.memory == made.bytes());
}

TEST_CASE("ldr: directories that the optional header has no room for are not there", "[ldr]") {
  MadeImage made;
  made.directory(IMAGE_DIRECTORY_ENTRY_IMPORT, MadeImage::data, 0x100);
  made.directory(IMAGE_DIRECTORY_ENTRY_BASERELOC, MadeImage::data, 0x80);
  made.optional().NumberOfRvaAndSizes = 2;
  made.directory(IMAGE_DIRECTORY_ENTRY_RESOURCE, MadeImage::data, 0x40);
  made.directory(IMAGE_DIRECTORY_ENTRY_EXPORT, 0, ~ULONG{0});  // nowhere, whatever its size
  LaidOut laid_out{made.bytes()};
  REQUIRE(!laid_out.refusal);
  CHECK(laid_out.image().directory(IMAGE_DIRECTORY_ENTRY_IMPORT).Size == 0x100);
  CHECK(laid_out.image().directory(IMAGE_DIRECTORY_ENTRY_EXPORT).Size == 0);
  CHECK(laid_out.image().directory(IMAGE_DIRECTORY_ENTRY_RESOURCE).Size == 0);
  CHECK(laid_out.image().directory(IMAGE_DIRECTORY_ENTRY_BASERELOC).Size == 0);
}

TEST_CASE("ldr: what reaches its limit, and no further, is taken", "[ldr]") {
  constexpr ULONG optional_bytes = offsetof(IMAGE_OPTIONAL_HEADER64, DataDirectory);
  MadeImage made;
  IMAGE_SECTION_HEADER const sections[] = {made.section(0), made.section(1)};
  auto const taken = [&] { return !LaidOut{made.bytes()}.refusal; };
  SECTION("an optional header without directories") {
    made.headers().FileHeader.SizeOfOptionalHeader = optional_bytes;
    made.optional().NumberOfRvaAndSizes = 0;
    std::memcpy(made.optional().DataDirectory, sections, sizeof sections);
    CHECK(taken());
  }
  SECTION("headers that end with the section table") {
    made.optional().SizeOfHeaders =
        MadeImage::headers_at + sizeof(IMAGE_NT_HEADERS64) + sizeof sections;
    CHECK(taken());
  }
  SECTION("headers that are all there is") {
    made.headers().FileHeader.NumberOfSections = 0;
    made.optional().SizeOfHeaders = made.optional().SizeOfImage = 0x1000;
    made.optional().AddressOfEntryPoint = 0;
    made.bytes().resize(0x1000);
    CHECK(taken());
  }
  SECTION("a file alignment of 64 KiB") {
    made.optional().FileAlignment = made.optional().SectionAlignment = 0x10000;
    for (unsigned i : {0u, 1u}) {
      made.section(i).SizeOfRawData = 0;
      made.section(i).VirtualAddress = 0x10000 * (i + 1);
    }
    made.optional().SizeOfImage = 0x30000;
    CHECK(taken());
  }
  SECTION("96 sections") {
    constexpr unsigned most = 96;
    made.bytes().resize(0x2000);
    made.headers().FileHeader.NumberOfSections = most;
    made.optional().SizeOfHeaders = 0x2000;
    made.optional().SizeOfImage = 0x2000 + most * 0x1000;
    for (unsigned i = 0; i < most; ++i) {
      made.section(i) = {};
      made.section(i).VirtualAddress = 0x2000 + i * 0x1000;
      made.section(i).Misc.VirtualSize = 1;
    }
    CHECK(taken());
  }
  SECTION("what follows the section table is no section") {
    made.section(2) = made.section(1);
    made.section(2).VirtualAddress = MadeImage::code;
    made.put(MadeImage::data, std::uint8_t{0x11});
    LaidOut const laid_out{made.bytes()};
    REQUIRE(!laid_out.refusal);
    CHECK(at(laid_out, MadeImage::code) == std::byte{0});
  }
}

// Words of the file, its own sum as zeros, carries added in, and the size.
TEST_CASE("ldr: the checksum is the one that linkers write", "[ldr]") {
  std::vector<std::byte> file(12);
  auto const sum = [&] { return ldr::checksum(file, 4); };
  CHECK(sum() == 12);
  file[0] = std::byte{0x34};
  file[1] = std::byte{0x12};
  CHECK(sum() == 0x1234 + 12);
  file[4] = file[5] = std::byte{0x21};  // its own
  CHECK(sum() == 0x1234 + 12);
  file[8] = file[9] = std::byte{0xff};
  CHECK(sum() == 0x1234 + 12);  // 0xffff is the other zero of such sums
  file[10] = std::byte{1};
  CHECK(sum() == 0x1235 + 12);
  file.push_back(std::byte{2});  // an odd byte is a low one
  CHECK(sum() == 0x1237 + 13);
}
