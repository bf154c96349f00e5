#include "ldr/module.hpp"

#include <cstring>

#include "base/mix.hpp"
#include "ldr/file.hpp"
#include "ldr/load_configuration.hpp"
#include "ldr/loaded_image.hpp"
#include "ldr/missing_import.hpp"
#include "ldr/public_names.hpp"
#include "ldr/relocations.hpp"
#include "mm/state.hpp"
#include "rtl/line.hpp"

namespace mica::ldr {
namespace {

using rtl::Line;

constexpr Refusal no_memory{STATUS_INSUFFICIENT_RESOURCES, "there is no memory for it"};

[[nodiscard]] constexpr std::size_t pages_for(std::size_t bytes) noexcept {
  return (bytes + page_size - 1) >> page_shift;
}

[[nodiscard]] bool has(IMAGE_SECTION_HEADER const& section, ULONG characteristics) noexcept {
  return (section.Characteristics & characteristics) == characteristics;
}

// What File::open lets pass, for other readers than this.
[[nodiscard]] Refusal check_driver(File const& file) noexcept {
  IMAGE_OPTIONAL_HEADER64 const& header = file.headers().OptionalHeader;
  if (header.Subsystem != IMAGE_SUBSYSTEM_NATIVE)
    return bad_file("it is a program or a library, no driver", 0);
  if (header.AddressOfEntryPoint == 0)
    return {STATUS_DRIVER_ENTRYPOINT_NOT_FOUND, "it has no entry point", Place::file, 0};
  if (header.CheckSum != 0 && header.CheckSum != file.checksum())
    return {STATUS_IMAGE_CHECKSUM_MISMATCH, "its checksum is another one", Place::file, 0};
  if (header.SectionAlignment < page_size) return bad_file("its sections share pages", 0);
  return {};
}

[[nodiscard]] Refusal move_to(Image& image, std::byte const* base, File const& file) noexcept {
  IMAGE_NT_HEADERS64 const& headers = file.headers();
  std::uint64_t const distance =
      reinterpret_cast<std::uintptr_t>(base) - headers.OptionalHeader.ImageBase;
  if (distance != 0 && (headers.FileHeader.Characteristics & IMAGE_FILE_RELOCS_STRIPPED) != 0)
    return {STATUS_CONFLICTING_ADDRESSES, "it cannot stand elsewhere than where it was linked for",
            Place::file, 0};
  return relocate(image, distance);
}

// Differs from start to start of a System, and from image to image.
[[nodiscard]] std::uint64_t secret_of(LoadedImage const& loaded) noexcept {
  return mix(Machine::boot_system_time_100ns() ^ mix(Machine::performance_counter())) ^
         loaded.start();
}

// Of an image that was moved.
[[nodiscard]] Refusal configure(File const& file, Image& image,
                                LoadedImage const& loaded) noexcept {
  LoadConfiguration configuration;
  Refusal const refusal = read_load_configuration(file, image, loaded.start(), configuration);
  if (!refusal) seed_cookie(image, configuration, secret_of(loaded));
  return refusal;
}

void tell_missing(std::string_view name, Import const& import) noexcept {
  Line line;
  line << "mica: " << name << " imports ";
  if (import.name.empty())
    line << "ordinal " << std::uint64_t{import.ordinal};
  else
    line << import.name;
  line << " of " << import.module << (import.delayed ? " when it calls it" : "")
       << ", which is not there";
}

// Not executable yet; null: no memory.
[[nodiscard]] std::byte* take_pages(std::size_t bytes) noexcept {
  return mm::state().space.allocate(pages_for(bytes));
}

void give_pages(std::byte* base, std::size_t bytes) noexcept {
  if (base != nullptr) mm::state().space.free(base, pages_for(bytes));
}

// Room for a stub for each import.
[[nodiscard]] Refusal make_room_for_stubs(Image const& image, LoadedImage& loaded) noexcept {
  std::size_t count = 0;
  Imports imports{image};
  for (Import import; imports.next(import);) ++count;
  if (imports.refusal() || count == 0) return imports.refusal();
  loaded.stub_bytes = count * sizeof(ImportStub);
  loaded.stubs = take_pages(loaded.stub_bytes);
  return loaded.stubs != nullptr ? Refusal{} : no_memory;
}

// NT's loader knows nothing of delayed imports: a slot leads to code of the image that calls a
// helper, the image's own. One that is not there is left to that.
[[nodiscard]] Refusal check_delayed(File const& file, Image const& image, LoadedImage const& loaded,
                                    Import const& import) noexcept {
  std::uint64_t code = 0;
  if (image.read(import.slot, code) && file.has(code - loaded.start(), 1, IMAGE_SCN_MEM_EXECUTE))
    return {};
  return bad_image("a delayed import leads to no code of the image", import.slot);
}

[[nodiscard]] Refusal bind(File const& file, Image& image, Find find,
                           LoadedImage const& loaded) noexcept {
  Refusal missing;
  Imports imports{image};
  auto* stub = reinterpret_cast<ImportStub*>(loaded.stubs);
  for (Import import; imports.next(import);) {
    if (ImportTarget const target = find(import); target.address != nullptr) {
      void const* address = target.address;
      if (has_stub(target.kind)) {
        make_import_stub(*stub, target, state().watch);
        address = stub++;
      }
      // It is within a section: Imports says nothing else.
      static_cast<void>(image.write(import.slot, address));
      continue;
    }
    tell_missing(loaded.name(), import);
    if (import.delayed) {
      if (Refusal const refusal = check_delayed(file, image, loaded, import)) return refusal;
      continue;
    }
    if (state().traps) {
      make_import_stub(*stub, {nullptr, import.name, ImportKind::routine}, &missing_import);
      static_cast<void>(image.write(import.slot, stub++));
      continue;
    }
    if (missing) continue;
    missing = {
        import.name.empty() ? STATUS_DRIVER_ORDINAL_NOT_FOUND : STATUS_DRIVER_ENTRYPOINT_NOT_FOUND,
        "it imports what is not there", Place::image, import.slot};
  }
  return imports.refusal() ? imports.refusal() : missing;
}

void protect_pages(std::byte* begin, std::size_t bytes, hal::Protection protection) noexcept {
  for (std::size_t i = 0; i < pages_for(bytes); ++i)
    Machine::protect(begin + (i << page_shift), protection);
}

// As on NT without code integrity: the linkers of older kits made every INIT section so.
void tell_written_code(LoadedImage const& loaded, IMAGE_SECTION_HEADER const& section) noexcept {
  Line line;
  line << "mica: " << loaded.name() << " has a section that is both written and executed: ";
  for (UCHAR const letter : section.Name) {
    char const shown = letter >= ' ' && letter <= '~' ? static_cast<char>(letter) : '.';
    if (letter != 0) line << std::string_view{&shown, 1};
  }
}

[[nodiscard]] hal::Protection protection_of(IMAGE_SECTION_HEADER const& section) noexcept {
  bool const executed = has(section, IMAGE_SCN_MEM_EXECUTE);
  if (has(section, IMAGE_SCN_MEM_WRITE))
    return executed ? hal::Protection::write_execute : hal::Protection::read_write;
  return executed ? hal::Protection::execute : hal::Protection::read_only;
}

void protect(File const& file, LoadedImage const& loaded) noexcept {
  std::byte* const base = loaded.base;
  protect_pages(base, file.headers().OptionalHeader.SizeOfHeaders, hal::Protection::read_only);
  for (unsigned i = 0; i < file.section_count(); ++i) {
    IMAGE_SECTION_HEADER const section = file.section(i);
    hal::Protection const protection = protection_of(section);
    if (protection == hal::Protection::write_execute) tell_written_code(loaded, section);
    if (protection == hal::Protection::read_write) continue;  // as it is
    protect_pages(base + section.VirtualAddress, size_in_image(section), protection);
  }
  Machine::flush(base, pages_for(file.image_bytes()));
}

// Its functions' unwinding data is where it says, whatever it may be.
[[nodiscard]] Refusal find_functions(Image const& image, LoadedImage& loaded) noexcept {
  IMAGE_DATA_DIRECTORY const functions = image.directory(IMAGE_DIRECTORY_ENTRY_EXCEPTION);
  if (!image.has(functions.VirtualAddress, functions.Size))
    return bad_image("its list of functions is not within the image", functions.VirtualAddress);
  loaded.functions = functions.VirtualAddress;
  loaded.function_count = functions.Size / sizeof(RUNTIME_FUNCTION);
  return {};
}

[[nodiscard]] Refusal fill(File const& file, Find find, LoadedImage& loaded) noexcept {
  std::span const memory{loaded.base, file.image_bytes()};
  std::memset(loaded.base, 0, memory.size());
  file.lay_out(memory);
  Image image{memory, file.headers()};
  if (image.directory(IMAGE_DIRECTORY_ENTRY_TLS).Size != 0)
    return bad_image("it has thread-local storage, which drivers cannot have",
                     image.directory(IMAGE_DIRECTORY_ENTRY_TLS).VirtualAddress);
  if (Refusal const refusal = find_functions(image, loaded)) return refusal;
  if (Refusal const refusal = move_to(image, loaded.base, file)) return refusal;
  if (Refusal const refusal = configure(file, image, loaded)) return refusal;
  if (Refusal const refusal = make_room_for_stubs(image, loaded)) return refusal;
  if (Refusal const refusal = bind(file, image, find, loaded)) return refusal;
  protect(file, loaded);
  if (loaded.stubs != nullptr)
    protect_pages(loaded.stubs, loaded.stub_bytes, hal::Protection::execute);
  Machine::flush(loaded.stubs, pages_for(loaded.stub_bytes));
  return {};
}

// Sections that follow each other are one part.
void find_discardable(File const& file, LoadedImage& loaded) noexcept {
  unsigned& count = loaded.discardable_count;
  for (unsigned i = 0; i < file.section_count(); ++i) {
    IMAGE_SECTION_HEADER const section = file.section(i);
    if (!has(section, IMAGE_SCN_MEM_DISCARDABLE)) continue;
    std::uint32_t const begin = section.VirtualAddress;
    auto const end =
        begin + static_cast<std::uint32_t>(pages_for(size_in_image(section)) << page_shift);
    if (count != 0 && loaded.discardable[count - 1].end == begin)
      loaded.discardable[count - 1].end = end;
    else if (count != LoadedImage::most_discardable)
      loaded.discardable[count++] = {begin, end};
  }
}

// Between and behind what was discarded.
void give_what_is_left(LoadedImage const& loaded) noexcept {
  mm::SystemSpace& space = mm::state().space;
  std::uint32_t begin = 0;
  for (unsigned i = 0; i < loaded.discardable_count; ++i) {
    ImagePart const& gone = loaded.discardable[i];
    space.depopulate(loaded.base + begin, pages_for(gone.begin - begin));
    begin = gone.end;
  }
  space.depopulate(loaded.base + begin, pages_for(loaded.bytes - begin));
  space.release(loaded.base, pages_for(loaded.bytes));
}

void give_back(LoadedImage const& loaded) noexcept {
  give_pages(loaded.stubs, loaded.stub_bytes);
  if (loaded.is_discarded())
    give_what_is_left(loaded);
  else
    give_pages(loaded.base, loaded.bytes);
}

}  // namespace

Refusal NTAPI load(std::string_view name, std::span<std::byte const> bytes, Find find,
                   Module& module, std::span<std::byte const> symbols) noexcept {
  File file;
  if (Refusal const refusal = file.open(bytes)) return refusal;
  if (Refusal const refusal = check_driver(file)) return refusal;
  LoadedImage loaded{};
  loaded.name_it(name);
  loaded.bytes = pages_for(file.image_bytes()) << page_shift;
  loaded.base = take_pages(loaded.bytes);
  if (loaded.base == nullptr) return no_memory;
  find_discardable(file, loaded);
  take_symbols(file, symbols, loaded);
  Refusal refusal = fill(file, find, loaded);
  if (!refusal && !add_image(loaded))
    refusal = {STATUS_INSUFFICIENT_RESOURCES, "too many images are loaded"};
  if (refusal)
    give_back(loaded);
  else
    module = {loaded.base, loaded.bytes, file.headers().OptionalHeader.AddressOfEntryPoint};
  return refusal;
}

void NTAPI discard(void const* base) noexcept {
  LoadedImage const image = discard_parts(base);
  for (unsigned i = 0; i < image.discardable_count; ++i)
    mm::state().space.depopulate(image.base + image.discardable[i].begin,
                                 pages_for(image.discardable[i].bytes()));
}

void NTAPI unload(void const* base) noexcept {
  give_back(remove_image(base));
}

}  // namespace mica::ldr
