#include "abi/kernel_image.hpp"

#include <nt/ntimage.h>

#include <algorithm>
#include <cstring>

#include "abi/exports.hpp"
#include "abi/resolve.hpp"
#include "ldr/loaded_image.hpp"
#include "mm/state.hpp"

namespace mica::abi {
namespace {

[[nodiscard]] constexpr std::size_t whole_pages(std::size_t bytes) noexcept {
  return (bytes + page_size - 1) & ~(page_size - 1);
}

// Where things are: a page of headers, the routines, the export directory with tables and names.
struct Plan {
  std::string_view module;
  ULONG routines = 0;  // how many
  ULONG text = page_size;
  ULONG exports;
  ULONG functions, names, ordinals, strings;
  ULONG end;    // of the strings
  ULONG bytes;  // of all, whole pages
};

template <class Use>
void for_each_routine(std::string_view module, Use use) noexcept {
  for (Export const& each : exports())
    if (each.kind == ExportKind::routine && exports_of(module, each)) use(each.name);
}

[[nodiscard]] Plan plan_of(std::string_view module) noexcept {
  Plan plan;
  plan.module = module;
  std::size_t name_bytes = module.size() + 1;
  for_each_routine(module, [&](std::string_view name) {
    ++plan.routines;
    name_bytes += name.size() + 1;
  });
  auto const size = [](std::size_t bytes) { return static_cast<ULONG>(bytes); };
  plan.exports = plan.text + size(whole_pages(plan.routines * sizeof(ldr::ImportStub)));
  plan.functions = plan.exports + size(sizeof(IMAGE_EXPORT_DIRECTORY));
  plan.names = plan.functions + plan.routines * size(sizeof(ULONG));
  plan.ordinals = plan.names + plan.routines * size(sizeof(ULONG));
  plan.strings = plan.ordinals + plan.routines * size(sizeof(USHORT));
  plan.end = plan.strings + size(name_bytes);
  plan.bytes = size(whole_pages(plan.end));
  return plan;
}

template <class T>
void put(std::byte* base, ULONG at, T const& value) noexcept {
  std::memcpy(base + at, &value, sizeof value);
}

void put_section(std::byte* base, unsigned index, std::string_view name, ULONG begin, ULONG end,
                 ULONG characteristics) noexcept {
  IMAGE_SECTION_HEADER section{};
  std::copy(name.begin(), name.end(), section.Name);
  section.Misc.VirtualSize = section.SizeOfRawData = end - begin;
  section.VirtualAddress = section.PointerToRawData = begin;
  section.Characteristics = characteristics | IMAGE_SCN_MEM_READ;
  put(base,
      static_cast<ULONG>(sizeof(IMAGE_DOS_HEADER) + sizeof(IMAGE_NT_HEADERS64) +
                         index * sizeof section),
      section);
}

void put_headers(std::byte* base, Plan const& plan) noexcept {
  IMAGE_DOS_HEADER dos{};
  dos.e_magic = IMAGE_DOS_SIGNATURE;
  dos.e_lfanew = sizeof dos;
  put(base, 0, dos);
  IMAGE_NT_HEADERS64 headers{};
  headers.Signature = IMAGE_NT_SIGNATURE;
  headers.FileHeader.Machine = IMAGE_FILE_MACHINE_AMD64;
  headers.FileHeader.NumberOfSections = 2;
  headers.FileHeader.SizeOfOptionalHeader = sizeof headers.OptionalHeader;
  headers.FileHeader.Characteristics = IMAGE_FILE_EXECUTABLE_IMAGE | IMAGE_FILE_DLL;
  IMAGE_OPTIONAL_HEADER64& optional = headers.OptionalHeader;
  optional.Magic = IMAGE_NT_OPTIONAL_HDR64_MAGIC;
  optional.SizeOfCode = plan.exports - plan.text;
  optional.BaseOfCode = plan.text;
  optional.ImageBase = ke::as_parameter(base);
  optional.SectionAlignment = optional.FileAlignment = page_size;
  optional.MajorOperatingSystemVersion = optional.MajorSubsystemVersion = 10;
  optional.SizeOfImage = plan.bytes;
  optional.SizeOfHeaders = page_size;
  optional.Subsystem = IMAGE_SUBSYSTEM_NATIVE;
  optional.NumberOfRvaAndSizes = IMAGE_NUMBEROF_DIRECTORY_ENTRIES;
  optional.DataDirectory[IMAGE_DIRECTORY_ENTRY_EXPORT] = {plan.exports, plan.end - plan.exports};
  put(base, sizeof dos, headers);
  put_section(base, 0, ".text", plan.text, plan.exports,
              IMAGE_SCN_CNT_CODE | IMAGE_SCN_MEM_EXECUTE);
  put_section(base, 1, ".edata", plan.exports, plan.bytes, IMAGE_SCN_CNT_INITIALIZED_DATA);
}

void put_exports(std::byte* base, Plan const& plan) noexcept {
  IMAGE_EXPORT_DIRECTORY directory{};
  directory.Name = plan.strings;
  directory.Base = 1;
  directory.NumberOfFunctions = directory.NumberOfNames = plan.routines;
  directory.AddressOfFunctions = plan.functions;
  directory.AddressOfNames = plan.names;
  directory.AddressOfNameOrdinals = plan.ordinals;
  put(base, plan.exports, directory);
  ULONG string = plan.strings;
  auto const put_string = [&](std::string_view text) {
    std::memcpy(base + string, text.data(), text.size());
    ULONG const at = string;
    string += static_cast<ULONG>(text.size() + 1);
    return at;
  };
  put_string(plan.module);
  ULONG index = 0;
  for_each_routine(plan.module, [&](std::string_view name) {
    ULONG const routine = plan.text + index * static_cast<ULONG>(sizeof(ldr::ImportStub));
    put(base, plan.functions + index * static_cast<ULONG>(sizeof(ULONG)), routine);
    put(base, plan.names + index * static_cast<ULONG>(sizeof(ULONG)), put_string(name));
    put(base, plan.ordinals + index * static_cast<ULONG>(sizeof(USHORT)),
        static_cast<USHORT>(index));
    auto& stub = *reinterpret_cast<ldr::ImportStub*>(base + routine);
    ldr::Import import{};
    import.module = plan.module;
    import.name = name;
    ldr::make_import_stub(stub, resolve(import), ldr::state().watch);
    ++index;
  });
}

void protect(std::byte* base, Plan const& plan) noexcept {
  for (ULONG at = 0; at < plan.bytes; at += page_size)
    Machine::protect(base + at, at >= plan.text && at < plan.exports ? hal::Protection::execute
                                                                     : hal::Protection::read_only);
  Machine::flush(base, plan.bytes >> page_shift);
}

// Null: no memory.
[[nodiscard]] std::byte* make(Plan const& plan) noexcept {
  std::byte* const base = mm::state().space.allocate(plan.bytes >> page_shift);
  if (base == nullptr) return nullptr;
  std::memset(base, 0, plan.bytes);
  put_headers(base, plan);
  put_exports(base, plan);
  protect(base, plan);
  return base;
}

}  // namespace

KernelImage NTAPI kernel_image(std::string_view module) noexcept {
  ldr::State& ldr = ldr::state();
  std::atomic<std::byte*>& known = module == hal_module ? ldr.hal : ldr.kernel;
  Plan const where = plan_of(module);
  std::byte* base = known.load(std::memory_order_acquire);
  if (base != nullptr) return {base, where.bytes};
  std::byte* const made = make(where);
  if (made == nullptr) return {nullptr, 0};
  if (known.compare_exchange_strong(base, made, std::memory_order_acq_rel)) base = made;
  if (base != made) mm::state().space.free(made, where.bytes >> page_shift);
  return {base, where.bytes};
}

std::byte* NTAPI routine_in_image(KernelImage image, std::string_view name) noexcept {
  std::byte* found = nullptr;
  std::byte* at = image.base + plan_of(kernel_module).text;
  for_each_routine(kernel_module, [&](std::string_view each) {
    if (each == name) found = at;
    at += sizeof(ldr::ImportStub);
  });
  return found;
}

}  // namespace mica::abi
