// Changes what an image says of its functions for unwinding, and their epilogs.
//                                                         [MSDN "x64 exception handling"]
#include <nt/rtl/exception.h>

#include <array>

#include "edited_image.hpp"
#include "mutate.hpp"

namespace mica::fuzz {
namespace {

constexpr unsigned info_bytes = 4, slot_bytes = 2;

// One of the image's functions, and where in the file is what is said of it.
struct Function {
  std::size_t entry_at;
  RUNTIME_FUNCTION entry;
  std::size_t info_at;
  std::array<std::uint8_t, info_bytes> info;  // version and flags, prolog, slots, frame

  [[nodiscard]] std::size_t slot_at(std::size_t index) const noexcept {
    return info_at + info_bytes + slot_bytes * index;
  }
  // What follows the codes.
  [[nodiscard]] std::size_t end_at() const noexcept { return slot_at((info[2] + 1u) & ~1u); }
};

[[nodiscard]] std::optional<RUNTIME_FUNCTION> some_entry(EditedImage const& image, Choice& choice,
                                                         std::size_t& entry_at) {
  IMAGE_DATA_DIRECTORY const directory = image.directory(IMAGE_DIRECTORY_ENTRY_EXCEPTION);
  auto const at = image.offset_of(directory.VirtualAddress);
  std::size_t const count = directory.Size / sizeof(RUNTIME_FUNCTION);
  if (!at || count == 0) return std::nullopt;
  entry_at = *at + sizeof(RUNTIME_FUNCTION) * choice.below(count);
  return image.read<RUNTIME_FUNCTION>(entry_at);
}

[[nodiscard]] std::optional<Function> some_function(EditedImage const& image, Choice& choice) {
  Function function{};
  auto const entry = some_entry(image, choice, function.entry_at);
  if (!entry) return std::nullopt;
  function.entry = *entry;
  auto const info_at = image.offset_of(entry->UnwindData & ~ULONG{RUNTIME_FUNCTION_INDIRECT});
  if (!info_at) return function;
  function.info_at = *info_at;
  if (auto const info = image.read<std::array<std::uint8_t, info_bytes>>(*info_at))
    function.info = *info;
  else
    function.info_at = 0;
  return function;
}

void change_entry(EditedImage& image, Choice& choice, Function& function) {
  std::size_t other_at = 0;
  RUNTIME_FUNCTION& entry = function.entry;
  auto const other = some_entry(image, choice, other_at);
  switch (choice.below(4)) {
    case 0:
      entry.UnwindData = other->UnwindData;
      break;
    case 1: {  // leads to another entry
      IMAGE_DATA_DIRECTORY const list = image.directory(IMAGE_DIRECTORY_ENTRY_EXCEPTION);
      entry.UnwindData = RUNTIME_FUNCTION_INDIRECT |
                         (list.VirtualAddress + static_cast<ULONG>(choice.below(list.Size)));
      break;
    }
    case 2:
      entry.UnwindData = static_cast<ULONG>(image.lie(choice, entry.UnwindData));
      break;
    default:
      entry.EndAddress = static_cast<ULONG>(image.lie(choice, entry.EndAddress));
      break;
  }
  image.write(function.entry_at, entry);
}

void change_info(EditedImage& image, Choice& choice, Function& function) {
  constexpr std::uint8_t versions[] = {1, 1, 1, 2, 2, 2, 0, 3, 7};
  constexpr std::uint8_t flags[] = {0, 1, 2, 3, 4, 4, 7, 31};
  auto& [version_and_flags, prolog, slots, frame] = function.info;
  switch (choice.below(4)) {
    case 0:
      version_and_flags = static_cast<std::uint8_t>(choice.of(versions) | choice.of(flags) << 3);
      break;
    case 1:
      prolog = static_cast<std::uint8_t>(choice.any() >> choice.below(64));
      break;
    case 2:
      slots = static_cast<std::uint8_t>(choice.one_in(8) ? choice.any() : choice.below(16));
      break;
    default:
      frame = static_cast<std::uint8_t>(choice.any());
      break;
  }
  image.write(function.info_at, function.info);
}

// A code and its operand.
void change_code(EditedImage& image, Choice& choice, Function& function) {
  std::size_t const index = choice.below(function.info[2] + 1u);
  auto const code =
      static_cast<std::uint8_t>(choice.one_in(16) ? choice.below(16) : choice.below(11));
  auto const information = static_cast<std::uint8_t>(choice.below(16));
  image.write(function.slot_at(index), static_cast<std::uint8_t>(choice.below(0x20)));
  image.write(function.slot_at(index) + 1, static_cast<std::uint8_t>(code | information << 4));
  if (choice.one_in(4))
    image.change(choice, function.slot_at(index + 1), 4);
  else
    image.write(function.slot_at(index + 1), static_cast<std::uint16_t>(choice.below(0x20)));
  if (index >= function.info[2]) {
    function.info[2] = static_cast<std::uint8_t>(index + 1);
    image.write(function.info_at, function.info);
  }
}

// Goes on in what is said of another function, or of itself.
void chain(EditedImage& image, Choice& choice, Function& function) {
  std::size_t other_at = 0;
  function.info[0] = static_cast<std::uint8_t>(1 | UNW_FLAG_CHAININFO << 3);
  image.write(function.info_at, function.info);
  // What was written may have been what led to the entries.
  if (auto const other = some_entry(image, choice, other_at))
    image.write(function.end_at(), *other);
}

// A handler with a table of scopes such as that of C.
void handle(EditedImage& image, Choice& choice, Function& function) {
  std::size_t const count = 1 + choice.below(3);
  auto const& [begin, end, unused] = function.entry;
  function.info[0] = static_cast<std::uint8_t>(1 | choice.below(4) << 3);
  image.write(function.info_at, function.info);
  std::size_t at = function.end_at();
  image.write(at, image.some_address(choice));
  image.write(at += 4, static_cast<ULONG>(count));
  at += 4;
  for (std::size_t i = 0; i < count; ++i, at += 16)
    image.write(at,
                std::array<ULONG, 4>{begin, end, choice.one_in(2) ? 1 : image.some_address(choice),
                                     choice.one_in(2) ? 0 : image.some_address(choice)});
}

void change_handling(EditedImage& image, Choice& choice, Function& function) {
  image.change(choice, function.end_at() + 4 * choice.below(12), 4);
}

void write_epilog(EditedImage& image, Choice& choice, Function& function) {
  struct Instruction {
    std::uint8_t length, code[8];
  };
  constexpr Instruction middle[] = {
      {4, {0x48, 0x83, 0xC4, 0x20}},                    // add rsp, 20h
      {7, {0x48, 0x81, 0xC4, 0x00, 0x01, 0x00, 0x00}},  // add rsp, 100h
      {4, {0x48, 0x8D, 0x65, 0x10}},                    // lea rsp, [rbp+10h]
      {5, {0x49, 0x8D, 0x64, 0x24, 0x10}},              // lea rsp, [r12+10h]
      {1, {0x5B}},                                      // pop rbx
      {2, {0x41, 0x5C}},                                // pop r12
  };
  constexpr Instruction ends[] = {
      {1, {0xC3}},                                // ret
      {3, {0xC2, 0x08, 0x00}},                    // ret 8
      {2, {0xF3, 0xC3}},                          // rep ret
      {2, {0xEB, 0x70}},                          // jmp near
      {5, {0xE9, 0x00, 0x10, 0x00, 0x00}},        // jmp
      {6, {0xFF, 0x25, 0x00, 0x00, 0x00, 0x00}},  // jmp [rip]
      {3, {0x48, 0xFF, 0xE0}},                    // jmp rax
  };
  auto const from = image.offset_of(function.entry.BeginAddress);
  if (!from) return;
  std::size_t at = *from + choice.below(0x20);
  auto const put = [&](Instruction const& instruction) {
    for (unsigned i = 0; i < instruction.length; ++i) image.write(at++, instruction.code[i]);
  };
  while (!choice.one_in(3)) put(choice.of(middle));
  put(choice.of(ends));
}

using Change = void (*)(EditedImage&, Choice&, Function&);
constexpr Change changes[] = {change_entry, change_info, change_info, change_code,
                              change_code,  change_code, chain,       change_handling,
                              handle,       write_epilog};

}  // namespace

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t capacity, unsigned seed) {
  Choice choice{seed};
  EditedImage image{{data, capacity}, size};
  do {
    auto function = image.is_image() ? some_function(image, choice) : std::nullopt;
    if (!function || choice.one_in(100)) return LLVMFuzzerMutate(data, image.size(), capacity);
    Change const change = choice.of(changes);
    // Of what is said nowhere only the entry can be changed.
    (function->info_at != 0 ? change : change_entry)(image, choice, *function);
  } while (choice.one_in(2));
  return image.size();
}

}  // namespace mica::fuzz
