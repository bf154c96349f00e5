// Writes an image that has every directory that is read: what a fuzzer begins with where drivers
// have less.
//   fuzz_seed FILE
#include <cstdio>
#include <fstream>

#include "ldr/load_configuration.hpp"
#include "ldr/made_debug_record.hpp"
#include "ldr/made_version.hpp"

using namespace mica;
using test::MadeImage;

namespace {

constexpr std::uint32_t exports = MadeImage::data, imports = MadeImage::data + 0x200,
                        delayed = MadeImage::data + 0x300, relocations = MadeImage::data + 0x400,
                        configuration = MadeImage::data + 0x500, cookie = MadeImage::data + 0x700,
                        resources = MadeImage::data + 0x900, debug = MadeImage::data + 0xB00;

// "Other" by ordinal 1, "Routine" by 2; the last is forwarded.
void put_exports(MadeImage& made) {
  IMAGE_EXPORT_DIRECTORY directory{};
  directory.Base = 1;
  directory.NumberOfFunctions = 3;
  directory.NumberOfNames = 2;
  directory.AddressOfFunctions = exports + 0x40;
  directory.AddressOfNames = exports + 0x60;
  directory.AddressOfNameOrdinals = exports + 0x80;
  made.put(exports, directory);
  made.put(exports + 0x40, MadeImage::code).put(exports + 0x44, MadeImage::code + 0x10);
  made.put(exports + 0x48, exports + 0xC0).put_text(exports + 0xC0, "hal.Routine");
  made.put(exports + 0x60, exports + 0xA0).put(exports + 0x64, exports + 0xB0);
  made.put(exports + 0x80, USHORT{0}).put(exports + 0x82, USHORT{1});
  made.put_text(exports + 0xA0, "Other").put_text(exports + 0xB0, "Routine");
  made.directory(IMAGE_DIRECTORY_ENTRY_EXPORT, exports, 0x100);
}

// One by name, one by ordinal.
void put_thunks(MadeImage& made, std::uint32_t at, std::uint32_t name) {
  made.put(at, ULONGLONG{name}).put(at + 8, IMAGE_ORDINAL_FLAG64 | 7);
}

void put_imports(MadeImage& made) {
  IMAGE_IMPORT_DESCRIPTOR descriptor{};
  descriptor.OriginalFirstThunk = imports + 0x40;
  descriptor.FirstThunk = imports + 0x60;
  descriptor.Name = imports + 0x80;
  made.put(imports, descriptor).put_text(imports + 0x80, "ntoskrnl.exe");
  put_thunks(made, imports + 0x40, imports + 0xA0);
  put_thunks(made, imports + 0x60, imports + 0xA0);
  made.put_text(imports + 0xA2, "DbgPrint");
  made.directory(IMAGE_DIRECTORY_ENTRY_IMPORT, imports, 2 * sizeof descriptor);

  IMAGE_DELAYLOAD_DESCRIPTOR later{};
  later.Attributes.RvaBased = 1;
  later.DllNameRVA = imports + 0x80;
  later.ImportAddressTableRVA = delayed + 0x60;
  later.ImportNameTableRVA = delayed + 0x40;
  made.put(delayed, later);
  put_thunks(made, delayed + 0x40, imports + 0xA0);
  made.directory(IMAGE_DIRECTORY_ENTRY_DELAY_IMPORT, delayed, 2 * sizeof later);
}

void put_relocations(MadeImage& made) {
  constexpr USHORT entries[] = {
      IMAGE_REL_BASED_DIR64 << 12 | 0x800, IMAGE_REL_BASED_HIGHLOW << 12 | 0x810,
      IMAGE_REL_BASED_HIGH << 12 | 0x818,  IMAGE_REL_BASED_LOW << 12 | 0x81C,
      IMAGE_REL_BASED_ABSOLUTE << 12,      IMAGE_REL_BASED_ABSOLUTE << 12};
  IMAGE_BASE_RELOCATION const block{MadeImage::data, sizeof block + sizeof entries};
  made.put(relocations, block).put(relocations + sizeof block, entries);
  made.put(MadeImage::data + 0x800, ULONGLONG{MadeImage::base + MadeImage::code});
  made.directory(IMAGE_DIRECTORY_ENTRY_BASERELOC, relocations, block.SizeOfBlock);
}

void put_load_configuration(MadeImage& made) {
  made.section(0).Characteristics = IMAGE_SCN_MEM_READ | IMAGE_SCN_MEM_EXECUTE;
  made.section(1).Characteristics = IMAGE_SCN_MEM_READ | IMAGE_SCN_MEM_WRITE;
  IMAGE_LOAD_CONFIG_DIRECTORY64 said{};
  said.Size = sizeof said;
  said.SecurityCookie = MadeImage::base + cookie;
  said.GuardCFCheckFunctionPointer = MadeImage::base + cookie + 8;
  said.GuardCFDispatchFunctionPointer = MadeImage::base + cookie + 16;
  said.GuardFlags = IMAGE_GUARD_CF_INSTRUMENTED;
  made.put(configuration, said).put(cookie, ldr::unseeded_cookie);
  made.put(cookie + 8, MadeImage::base + MadeImage::code);
  made.put(cookie + 16, MadeImage::base + MadeImage::code);
  made.directory(IMAGE_DIRECTORY_ENTRY_LOAD_CONFIG, configuration, sizeof said);
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) {
    std::fputs("usage: fuzz_seed FILE\n", stderr);
    return 64;
  }
  MadeImage made;
  put_exports(made);
  put_imports(made);
  put_relocations(made);
  put_load_configuration(made);
  test::put_version(made, resources);
  test::put_debug_record(made, debug, test::MadeDatabase::identity(), "made.pdb");
  std::ofstream file{arguments[1], std::ios::binary};
  file.write(reinterpret_cast<char const*>(made.bytes().data()),
             static_cast<std::streamsize>(made.bytes().size()));
  return file.flush() ? 0 : 1;
}
