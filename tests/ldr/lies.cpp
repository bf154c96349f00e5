// Files that say of themselves what is not so: each is refused, and told what and where.
#include "ldr/made_image.hpp"

#include <rapidcheck.h>

#include <cstddef>

#include "catch.hpp"
#include "ldr/check_refusal.hpp"
#include "ldr/walk.hpp"

using namespace mica;
using test::LaidOut;
using test::MadeImage;

namespace {

constexpr std::size_t nt = MadeImage::headers_at;
constexpr std::size_t file_header = nt + offsetof(IMAGE_NT_HEADERS64, FileHeader);
constexpr std::size_t optional = nt + offsetof(IMAGE_NT_HEADERS64, OptionalHeader);
constexpr std::size_t section = nt + sizeof(IMAGE_NT_HEADERS64);
constexpr std::size_t second = section + sizeof(IMAGE_SECTION_HEADER);

#define IN_FILE(field) (file_header + offsetof(IMAGE_FILE_HEADER, field))
#define IN_OPTIONAL(field) (optional + offsetof(IMAGE_OPTIONAL_HEADER64, field))
#define IN_SECOND(field) (second + offsetof(IMAGE_SECTION_HEADER, field))

struct Lie {
  void (*tell)(MadeImage&);
  char const* what;
  std::size_t where;
  NTSTATUS status = STATUS_INVALID_IMAGE_FORMAT;
};

Lie const lies[] = {
    {[](MadeImage& made) { made.bytes().resize(sizeof(IMAGE_DOS_HEADER) - 1); },
     "no DOS header is at its beginning", 0, STATUS_INVALID_IMAGE_NOT_MZ},
    {[](MadeImage& made) { made.bytes().resize(sizeof(IMAGE_DOS_HEADER)); },
     "the PE header is outside of the file", 0x3c},
    {[](MadeImage& made) { made.bytes().clear(); }, "no DOS header is at its beginning", 0,
     STATUS_INVALID_IMAGE_NOT_MZ},
    {[](MadeImage& made) { made.dos().e_magic = 0x4D5A; }, "no DOS header is at its beginning", 0,
     STATUS_INVALID_IMAGE_NOT_MZ},
    {[](MadeImage& made) { made.dos().e_lfanew += 2; }, "the PE header is not aligned to 4 bytes",
     0x3c},
    {[](MadeImage& made) { made.dos().e_lfanew = 0x40000000; },
     "the PE header is outside of the file", 0x3c},
    {[](MadeImage& made) { made.dos().e_lfanew = -4; }, "the PE header is outside of the file",
     0x3c},
    {[](MadeImage& made) { made.headers().Signature = 0x454E; }, "no PE signature is there", nt},
    {[](MadeImage& made) { made.bytes().resize(IN_FILE(Characteristics)); },
     "the file header is cut off", file_header},
    {[](MadeImage& made) { made.headers().FileHeader.Machine = IMAGE_FILE_MACHINE_I386; },
     "it is for 32-bit processors", file_header, STATUS_INVALID_IMAGE_WIN_32},
    {[](MadeImage& made) { made.headers().FileHeader.Machine = 0xAA64; },
     "it is for another processor than x64", file_header},
    {[](MadeImage& made) { made.headers().FileHeader.Characteristics = 0; },
     "it is no executable image", file_header},
    {[](MadeImage& made) { made.headers().FileHeader.SizeOfOptionalHeader = 111; },
     "the optional header is too short", IN_FILE(SizeOfOptionalHeader)},
    {[](MadeImage& made) { made.bytes().resize(optional + 200); }, "the optional header is cut off",
     optional},
    {[](MadeImage& made) { made.bytes().resize(section); },
     "the headers are larger than the file, or the image", IN_OPTIONAL(SizeOfHeaders)},
    {[](MadeImage& made) { made.optional().Magic = IMAGE_NT_OPTIONAL_HDR32_MAGIC; },
     "the optional header is not that of PE32+", IN_OPTIONAL(Magic)},
    {[](MadeImage& made) { made.optional().NumberOfRvaAndSizes = 17; },
     "there are more directories than the optional header has room for",
     IN_OPTIONAL(NumberOfRvaAndSizes)},
    {[](MadeImage& made) { made.headers().FileHeader.SizeOfOptionalHeader = 112 + 15 * 8; },
     "there are more directories than the optional header has room for",
     IN_OPTIONAL(NumberOfRvaAndSizes)},
    {[](MadeImage& made) { made.optional().ImageBase += 0x1000; },
     "the image's base is not aligned to 64 KiB", IN_OPTIONAL(ImageBase)},
    {[](MadeImage& made) { made.optional().FileAlignment = 0; },
     "the file alignment is no power of two up to 64 KiB", IN_OPTIONAL(FileAlignment)},
    {[](MadeImage& made) { made.optional().FileAlignment = 0x300; },
     "the file alignment is no power of two up to 64 KiB", IN_OPTIONAL(FileAlignment)},
    {[](MadeImage& made) {
       made.optional().FileAlignment = made.optional().SectionAlignment = 0x20000;
     },
     "the file alignment is no power of two up to 64 KiB", IN_OPTIONAL(FileAlignment)},
    {[](MadeImage& made) { made.optional().SectionAlignment = 0x3000; },
     "the section alignment is no power of two above that of the file",
     IN_OPTIONAL(SectionAlignment)},
    {[](MadeImage& made) { made.optional().FileAlignment = 0x2000; },
     "the section alignment is no power of two above that of the file",
     IN_OPTIONAL(SectionAlignment)},
    {[](MadeImage& made) { made.optional().SectionAlignment = 0x800; },
     "sections of less than a page are aligned otherwise than the file",
     IN_OPTIONAL(SectionAlignment)},
    {[](MadeImage& made) { made.optional().SizeOfImage = 0; },
     "the size of the image is no multiple of the section alignment", IN_OPTIONAL(SizeOfImage)},
    {[](MadeImage& made) { made.optional().SizeOfImage += 0x200; },
     "the size of the image is no multiple of the section alignment", IN_OPTIONAL(SizeOfImage)},
    {[](MadeImage& made) { made.optional().SizeOfImage = 0x80000000; },
     "the image is larger than 2 GiB", IN_OPTIONAL(SizeOfImage)},
    {[](MadeImage& made) { made.optional().SizeOfHeaders = 0x10000; },
     "the headers are larger than the file, or the image", IN_OPTIONAL(SizeOfHeaders)},
    {[](MadeImage& made) {
       made.bytes().resize(0x4000);
       made.optional().SizeOfHeaders = 0x3200;
     },
     "the headers are larger than the file, or the image", IN_OPTIONAL(SizeOfHeaders)},
    {[](MadeImage& made) { made.optional().SizeOfHeaders = second; },
     "the section table is not within the headers", IN_OPTIONAL(SizeOfHeaders)},
    {[](MadeImage& made) { made.optional().AddressOfEntryPoint = MadeImage::end; },
     "the entry point is outside of the image", IN_OPTIONAL(AddressOfEntryPoint)},
    {[](MadeImage& made) {
       made.bytes().resize(0x3000);
       made.optional().SizeOfHeaders = 0x2000;
       made.headers().FileHeader.NumberOfSections = 97;
     },
     "there are more than 96 sections", IN_FILE(NumberOfSections)},
    {[](MadeImage& made) { made.section(1).VirtualAddress = 0x3000; },
     "a section does not follow the one before it", IN_SECOND(VirtualAddress)},
    {[](MadeImage& made) { made.section(0).Misc.VirtualSize = 0x1001; },
     "a section does not follow the one before it", IN_SECOND(VirtualAddress)},
    {[](MadeImage& made) { made.section(0).Misc.VirtualSize = 0xFFFFFFFF; },
     "a section ends outside of the image", section + offsetof(IMAGE_SECTION_HEADER, Misc)},
    {[](MadeImage& made) {
       made.section(1).Misc.VirtualSize = 0;
       made.section(1).SizeOfRawData = 0;
     },
     "a section is empty", IN_SECOND(Misc)},
    {[](MadeImage& made) { made.section(1).Misc.VirtualSize = 0x1001; },
     "a section ends outside of the image", IN_SECOND(Misc)},
    {[](MadeImage& made) { made.section(1).PointerToRawData += 4; },
     "a section's data is not aligned in the file", IN_SECOND(PointerToRawData)},
    {[](MadeImage& made) { made.section(1).PointerToRawData = 0x200; },
     "a section's data overlaps the headers", IN_SECOND(PointerToRawData)},
    {[](MadeImage& made) { made.section(1).SizeOfRawData += 1; },
     "a section's data ends outside of the file", IN_SECOND(PointerToRawData)},
    {[](MadeImage& made) { made.section(1).PointerToRawData = 0xFFFFFE00; },
     "a section's data ends outside of the file", IN_SECOND(PointerToRawData)},
    {[](MadeImage& made) {
       made.optional().SectionAlignment = 0x200;
       made.section(0).VirtualAddress = made.section(0).PointerToRawData;
       made.section(1).VirtualAddress = made.section(1).PointerToRawData;
       made.section(1).PointerToRawData = MadeImage::header_bytes;
     },
     "a section of less than a page is elsewhere in the image than in the file",
     IN_SECOND(PointerToRawData)},
    {[](MadeImage& made) { made.directory(IMAGE_DIRECTORY_ENTRY_IMPORT, 0x2FF0, 0x11); },
     "a directory ends outside of the image", IN_OPTIONAL(DataDirectory[1])},
    {[](MadeImage& made) { made.directory(IMAGE_DIRECTORY_ENTRY_DEBUG, 0xFFFFFFF0, 0x20); },
     "a directory ends outside of the image", IN_OPTIONAL(DataDirectory[6])},
    {[](MadeImage& made) { made.directory(IMAGE_DIRECTORY_ENTRY_SECURITY, 0x1500, 0x101); },
     "the signature ends outside of the file", IN_OPTIONAL(DataDirectory[4])},
};

}  // namespace

TEST_CASE("ldr: a file that lies is refused, and told what and where", "[ldr]") {
  for (Lie const& lie : lies) {
    MadeImage made;
    lie.tell(made);
    LaidOut const laid_out{made.bytes()};
    test::check_refusal(laid_out.refusal, lie.what, ldr::Place::file, lie.where);
    CHECK(laid_out.refusal.status == lie.status);
  }
}

// The sanitizers see what goes where it must not.
TEST_CASE("ldr: whatever bytes a file has, it is read or refused", "[ldr]") {
  CHECK(rc::check([] {
    MadeImage made;
    made.directory(IMAGE_DIRECTORY_ENTRY_EXPORT, MadeImage::data, 0x100);
    made.directory(IMAGE_DIRECTORY_ENTRY_IMPORT, MadeImage::data + 0x100, 0x100);
    made.directory(IMAGE_DIRECTORY_ENTRY_BASERELOC, MadeImage::data + 0x200, 0x100);
    made.directory(IMAGE_DIRECTORY_ENTRY_DELAY_IMPORT, MadeImage::data + 0x300, 0x100);
    for (int changes = *rc::gen::inRange(0, 40); changes > 0; --changes) {
      auto const data = MadeImage::data + *rc::gen::inRange(0u, 0x400u) / 4 * 4;
      made.put(data, ULONG{MadeImage::data + *rc::gen::inRange(0u, 0x400u)});
    }
    for (int changes = *rc::gen::inRange(0, 3); changes > 0; --changes)
      made.bytes()[*rc::gen::inRange(0u, 0x400u)] = std::byte(*rc::gen::arbitrary<std::uint8_t>());
    LaidOut laid_out{made.bytes()};
    if (laid_out.refusal) return;
    ldr::Image image = laid_out.image();
    RC_ASSERT(test::walk(image));
  }));
}
