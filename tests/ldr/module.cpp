// Drivers as others make them, loaded into a System; and what is refused before any of it runs.
#include "ldr/module.hpp"

#include <mica/system.hpp>
#include <mica/test.hpp>

#include <nt/ntifs.h>

#include <array>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>

#include "abi/resolve.hpp"
#include "catch.hpp"
#include "ldr/checksum.hpp"
#include "ldr/made_image.hpp"
#include "mm/state.hpp"

using namespace mica;
using test::MadeImage;

namespace {

using Bytes = std::vector<std::byte>;

// Loads it and calls while_loaded(module); without one it must be refused. No page is left behind.
ldr::Refusal load(Bytes const& file, std::function<void(ldr::Module const&)> const& while_loaded) {
  std::size_t const free_before = mm::state().pages.free_pages();
  ldr::Module module{};
  ldr::Refusal const refusal = ldr::load("made.sys", file, mica::abi::resolve, module);
  MICA_CHECK(!refusal == (while_loaded != nullptr));
  if (!refusal && while_loaded) while_loaded(module);
  if (!refusal) ldr::unload(module.base);
  MICA_CHECK(mm::state().pages.free_pages() == free_before);
  return refusal;
}

void check_refused(Bytes const& file, char const* what, NTSTATUS status) {
  System system;
  ldr::Refusal refusal;
  system.run([&] { refusal = load(file, nullptr); });
  CHECK(std::string{refusal.what} == what);
  CHECK(refusal.status == status);
}

// Imports one name, or one ordinal, of ntoskrnl.exe; its address goes to `slot`.
constexpr std::uint32_t imports = MadeImage::data + 0x400, slot = imports + 0x100;
void import(MadeImage& made, ULONGLONG thunk, std::string_view name = {}) {
  made.directory(IMAGE_DIRECTORY_ENTRY_IMPORT, imports, 40);
  made.put(imports, IMAGE_IMPORT_DESCRIPTOR{{imports + 0x80}, 0, 0, imports + 0xc0, slot});
  made.put_text(imports + 0xc0, "ntoskrnl.exe").put(imports + 0x80, thunk);
  if (!name.empty()) made.put_text(imports + 0x42, name);
}
constexpr ULONGLONG by_name = imports + 0x40;

template <class T>
T at(ldr::Module const& module, std::uint32_t address) {
  T value;
  std::memcpy(&value, module.base + address, sizeof value);
  return value;
}

bool is_writable(std::byte* address) {
  std::byte value = *address;
  return Machine::copy_guarded(address, &value, sizeof value);
}

#ifdef MICA_TEST_DRIVERS
Bytes beat() {
  std::ifstream file{MICA_TEST_DRIVERS "/beat.sys", std::ios::binary};
  std::vector<char> const text{std::istreambuf_iterator<char>{file}, {}};
  REQUIRE(!text.empty());
  auto const bytes = std::as_bytes(std::span{text});
  return {bytes.begin(), bytes.end()};
}

#endif

}  // namespace

#ifdef MICA_TEST_DRIVERS
TEST_CASE("ldr: every import that is not there is named before a driver is refused", "[ldr]") {
  std::string text(reinterpret_cast<char const*>(beat().data()), beat().size());
  for (std::string const name : {"KeSetTimerEx", "IoCreateDevice"})
    text[text.find(name + '\0')] = 'X';
  auto const bytes = std::as_bytes(std::span{text});
  System system;
  ldr::Refusal refusal;
  system.run([&] { refusal = load({bytes.begin(), bytes.end()}, nullptr); });
  CHECK(refusal.status == STATUS_DRIVER_ENTRYPOINT_NOT_FOUND);
  CHECK(std::string{refusal.what} == "it imports what is not there");
  CHECK(system.log() ==
        "mica: made.sys imports XoCreateDevice of ntoskrnl.exe, which is not there\n"
        "mica: made.sys imports XeSetTimerEx of ntoskrnl.exe, which is not there\n");
}
#endif

TEST_CASE("ldr: an image is moved to where it stands", "[ldr]") {
  MadeImage made;
  made.directory(IMAGE_DIRECTORY_ENTRY_BASERELOC, MadeImage::data, 12);
  made.put(MadeImage::data, IMAGE_BASE_RELOCATION{MadeImage::data, 12});
  made.put(MadeImage::data + 8, static_cast<USHORT>(IMAGE_REL_BASED_DIR64 << 12 | 0x800));
  made.put(MadeImage::data + 0x800, MadeImage::base + MadeImage::code);
  System system;
  SECTION("with relocations") {
    system.run([&] {
      CHECK(!load(made.bytes(), [](ldr::Module const& module) {
        MICA_CHECK(at<std::byte*>(module, MadeImage::data + 0x800) ==
                   module.base + MadeImage::code);
      }));
    });
  }
  SECTION("or not at all") {
    made.headers().FileHeader.Characteristics |= IMAGE_FILE_RELOCS_STRIPPED;
    check_refused(made.bytes(), "it cannot stand elsewhere than where it was linked for",
                  STATUS_CONFLICTING_ADDRESSES);
  }
}

TEST_CASE("ldr: what is between sections, and behind their data, is zero", "[ldr]") {
  MadeImage made;
  made.bytes()[MadeImage::header_bytes + MadeImage::code_bytes - 1] = std::byte{0xCC};
  System system;
  // The pages were somebody's before.
  system.run([&] {
    void* const memory = ExAllocatePool2(POOL_FLAG_NON_PAGED, 0x200000, 'tset');
    std::memset(memory, 0x55, 0x200000);
    ExFreePool(memory);
    CHECK(!load(made.bytes(), [](ldr::Module const& module) {
      MICA_CHECK(at<UCHAR>(module, MadeImage::code + MadeImage::code_bytes - 1) == 0xCC);
      for (std::uint32_t i = MadeImage::code + MadeImage::code_bytes; i < MadeImage::data; ++i)
        MICA_CHECK(at<UCHAR>(module, i) == 0);
      for (std::uint32_t i = MadeImage::header_bytes; i < MadeImage::code; ++i)
        MICA_CHECK(at<UCHAR>(module, i) == 0);
    }));
  });
}

TEST_CASE("ldr: pages are protected as their sections say", "[ldr]") {
  MadeImage made;
  made.section(0).Characteristics = IMAGE_SCN_MEM_READ | IMAGE_SCN_MEM_EXECUTE;
  made.bytes()[MadeImage::header_bytes] = std::byte{0xC3};  // returns
  made.section(1).Characteristics = IMAGE_SCN_MEM_READ | IMAGE_SCN_MEM_WRITE;
  System system;
  SECTION("code runs and is not written, data is written") {
    system.run([&] {
      CHECK(!load(made.bytes(), [](ldr::Module const& module) {
        reinterpret_cast<void(NTAPI*)()>(module.base + module.entry_point)();
        MICA_CHECK(!is_writable(module.base));
        MICA_CHECK(!is_writable(module.base + MadeImage::code));
        MICA_CHECK(!is_writable(module.base + MadeImage::data - 1));
        MICA_CHECK(is_writable(module.base + MadeImage::data));
        MICA_CHECK(is_writable(module.base + MadeImage::end - 1));
      }));
    });
  }
  SECTION("what is neither is only read") {
    made.section(1).Characteristics = IMAGE_SCN_MEM_READ;
    system.run([&] {
      CHECK(!load(made.bytes(), [](ldr::Module const& module) {
        MICA_CHECK(!is_writable(module.base + MadeImage::data));
      }));
    });
  }
  SECTION("what is both written and executed is so, and told") {
    made.section(1).Characteristics = IMAGE_SCN_MEM_EXECUTE | IMAGE_SCN_MEM_WRITE;
    made.section(1).Name[2] = 0xE9;
    made.put(MadeImage::data, UCHAR{0xC3});
    system.run([&] {
      CHECK(!load(made.bytes(), [](ldr::Module const& module) {
        reinterpret_cast<void(NTAPI*)()>(module.base + MadeImage::data)();
        MICA_CHECK(is_writable(module.base + MadeImage::data));
        MICA_CHECK(is_writable(module.base + MadeImage::end - 1));
        reinterpret_cast<void(NTAPI*)()>(module.base + module.entry_point)();
        MICA_CHECK(!is_writable(module.base + MadeImage::code));
      }));
    });
    CHECK(system.log() ==
          "mica: made.sys has a section that is both written and executed: .d.ta\n");
  }
}

TEST_CASE("ldr: a slot has the routine, or the cell of the System that loads", "[ldr]") {
  MadeImage made;
  System system{{.processors = 3}};
  SECTION("a routine") {
    import(made, by_name, "KeSetEvent");
    system.run([&] {
      CHECK(!load(made.bytes(), [](ldr::Module const& module) {
        auto const* const stub = at<ldr::ImportStub const*>(module, slot);
        MICA_CHECK(stub->routine == reinterpret_cast<void const*>(&KeSetEvent));
        MICA_CHECK(stub->name == "KeSetEvent" && stub->watch == nullptr);
      }));
    });
  }
  SECTION("a cell") {
    import(made, by_name, "KeNumberProcessors");
    system.run([&] {
      CHECK(!load(made.bytes(), [](ldr::Module const& module) {
        MICA_CHECK(at<CCHAR*>(module, slot) == &KeNumberProcessors && KeNumberProcessors == 3);
      }));
    });
  }
  SECTION("an ordinal is nobody's") {
    import(made, IMAGE_ORDINAL_FLAG64 | 5);
    check_refused(made.bytes(), "it imports what is not there", STATUS_DRIVER_ORDINAL_NOT_FOUND);
    system.run([&] { CHECK(load(made.bytes(), nullptr).at == slot); });
    CHECK(system.log() == "mica: made.sys imports ordinal 5 of ntoskrnl.exe, which is not there\n");
  }
  SECTION("imports that lie") {
    import(made, MadeImage::end);
    check_refused(made.bytes(), "the name of an import is outside of the image, or has no end",
                  STATUS_INVALID_IMAGE_FORMAT);
  }
}

TEST_CASE("ldr: delayed imports are bound at once, or left to the image's own helper", "[ldr]") {
  MadeImage made;
  made.section(0).Characteristics = IMAGE_SCN_MEM_READ | IMAGE_SCN_MEM_EXECUTE;
  made.directory(IMAGE_DIRECTORY_ENTRY_DELAY_IMPORT, imports,
                 2 * sizeof(IMAGE_DELAYLOAD_DESCRIPTOR));
  IMAGE_DELAYLOAD_DESCRIPTOR descriptor{};
  descriptor.Attributes.RvaBased = 1;
  descriptor.DllNameRVA = imports + 0xc0;
  descriptor.ImportNameTableRVA = imports + 0x80;
  descriptor.ImportAddressTableRVA = slot;
  made.put(imports, descriptor).put_text(imports + 0xc0, "ntoskrnl.exe");
  made.put(imports + 0x80, by_name).put(slot, MadeImage::base + MadeImage::code);
  made.directory(IMAGE_DIRECTORY_ENTRY_BASERELOC, MadeImage::data, 12);
  made.put(MadeImage::data, IMAGE_BASE_RELOCATION{MadeImage::data, 12});
  made.put(MadeImage::data + 8,
           static_cast<USHORT>(IMAGE_REL_BASED_DIR64 << 12 | (slot - MadeImage::data)));
  System system;
  SECTION("one that is there") {
    made.put_text(imports + 0x42, "KeSetEvent");
    system.run([&] {
      CHECK(!load(made.bytes(), [](ldr::Module const& module) {
        MICA_CHECK(at<ldr::ImportStub const*>(module, slot)->name == "KeSetEvent");
      }));
    });
    CHECK(system.log().empty());
  }
  SECTION("one that is not there") {
    made.put_text(imports + 0x42, "KeNobody");
    system.run([&] {
      CHECK(!load(made.bytes(), [](ldr::Module const& module) {
        MICA_CHECK(at<std::byte*>(module, slot) == module.base + MadeImage::code);
      }));
    });
    CHECK(system.log() ==
          "mica: made.sys imports KeNobody of ntoskrnl.exe when it calls it, which is not there\n");
  }
  SECTION("one that is nowhere, and for which there is no helper") {
    made.put_text(imports + 0x42, "KeNobody").put(slot, MadeImage::base + MadeImage::data);
    check_refused(made.bytes(), "a delayed import leads to no code of the image",
                  STATUS_INVALID_IMAGE_FORMAT);
  }
}

TEST_CASE("ldr: what is no driver is refused before any of it runs", "[ldr]") {
  MadeImage made;
  SECTION("a program") {
    made.optional().Subsystem = IMAGE_SUBSYSTEM_WINDOWS_CUI;
    check_refused(made.bytes(), "it is a program or a library, no driver",
                  STATUS_INVALID_IMAGE_FORMAT);
  }
  SECTION("without an entry point") {
    made.optional().AddressOfEntryPoint = 0;
    check_refused(made.bytes(), "it has no entry point", STATUS_DRIVER_ENTRYPOINT_NOT_FOUND);
  }
  SECTION("with thread-local storage") {
    made.directory(IMAGE_DIRECTORY_ENTRY_TLS, MadeImage::data, 40);
    check_refused(made.bytes(), "it has thread-local storage, which drivers cannot have",
                  STATUS_INVALID_IMAGE_FORMAT);
  }
  SECTION("of sections that share pages") {
    made.optional().SectionAlignment = made.optional().FileAlignment = 0x200;
    made.section(0).VirtualAddress = made.section(0).PointerToRawData;
    made.section(1).VirtualAddress = made.section(1).PointerToRawData;
    made.optional().SizeOfImage = static_cast<ULONG>(made.bytes().size());
    check_refused(made.bytes(), "its sections share pages", STATUS_INVALID_IMAGE_FORMAT);
  }
  SECTION("that is no image") {
    check_refused(Bytes(100), "no DOS header is at its beginning", STATUS_INVALID_IMAGE_NOT_MZ);
  }
  SECTION("for which there is no memory") {
    made.section(1).Misc.VirtualSize = 0x10000000;
    made.optional().SizeOfImage = MadeImage::data + 0x10000000;
    check_refused(made.bytes(), "there is no memory for it", STATUS_INSUFFICIENT_RESOURCES);
  }
  SECTION("for which there are no addresses") {
    made.section(1).Misc.VirtualSize = 0x40000000;
    made.optional().SizeOfImage = MadeImage::data + 0x40000000;
    check_refused(made.bytes(), "there is no memory for it", STATUS_INSUFFICIENT_RESOURCES);
  }
}

TEST_CASE("ldr: a checksum must be right, or be none", "[ldr]") {
  MadeImage made;
  ldr::File file;
  REQUIRE(!file.open(made.bytes()));
  made.optional().CheckSum = file.checksum();
  System system;
  system.run([&] { CHECK(!load(made.bytes(), [](ldr::Module const&) {})); });
  made.optional().CheckSum ^= 0x10;
  check_refused(made.bytes(), "its checksum is another one", STATUS_IMAGE_CHECKSUM_MISMATCH);
}
