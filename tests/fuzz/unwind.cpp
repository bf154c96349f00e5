// Unwinding by what an image says of its functions: whatever that is, it stays within image and
// stack, and it ends. So do the scopes of C, of which no routine is called here.
#include <nt/ntimage.h>

#include <array>
#include <cstdlib>
#include <vector>

#include "ldr/file.hpp"
#include "ldr/image.hpp"
#include "ldr/scopes.hpp"

using namespace mica;

namespace {

constexpr std::size_t most_bytes = std::size_t{1} << 20;  // zeros that are of no interest
constexpr std::size_t stack_words = 32;
constexpr unsigned most_functions = 32;

// A stack where words lead further up it and into the image's code by turns.
class Stack {
 public:
  explicit Stack(ldr::LoadedImage const& image) : words_(stack_words) {
    for (std::size_t i = 0; i < stack_words; ++i)
      words_[i] = i % 2 == 0 ? image.start() + i * 97 % image.bytes : address(i + 3);
  }
  [[nodiscard]] std::uint64_t address(std::size_t word) const noexcept {
    return ke::as_parameter(words_.data()) + word * sizeof(std::uint64_t);
  }
  [[nodiscard]] ldr::StackBounds bounds() const noexcept {
    return {address(0), address(stack_words)};
  }

 private:
  std::vector<std::uint64_t> words_;
};

[[nodiscard]] CONTEXT context_on(Stack const& stack) {
  CONTEXT context{};
  ULONG64* const registers = &context.Rax;
  for (std::size_t i = 0; i < 16; ++i) registers[i] = stack.address(2 * i + 1);
  context.Rsp = stack.address(3);
  return context;
}

void read_scopes(ldr::LoadedImage const& image, std::uint32_t table, std::uint32_t at) {
  ldr::ScopeTable scopes{image, table};
  ULONG index = 0;
  for (ldr::Scope scope; scopes.next(index, at, scope);)
    if (scope.handler >= image.bytes || scope.target >= image.bytes) std::abort();
}

// Frames outward from there, as many as there are.
void walk(ldr::LoadedImage const& image, Stack const& stack, std::uint32_t at, ULONG handler_type) {
  CONTEXT context = context_on(stack);
  for (;;) {
    std::uint64_t const before = context.Rsp;
    ldr::Frame frame{};
    KNONVOLATILE_CONTEXT_POINTERS pointers{};
    if (ldr::virtual_unwind(
            {image, at, ldr::find_function(image, at), handler_type, stack.bounds(), &pointers},
            context, frame))
      return;
    if (context.Rsp <= before) std::abort();
    if (frame.handler != 0) read_scopes(image, frame.handler_data, at);
    if (!image.contains(context.Rip)) return;
    at = image.offset_of(context.Rip);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  ldr::File file;
  if (file.open(std::as_bytes(std::span{data, size})) || file.image_bytes() > most_bytes) return 0;
  std::vector<std::byte> memory(file.image_bytes());
  file.lay_out(memory);
  IMAGE_DATA_DIRECTORY const functions =
      ldr::Image{memory, file.headers()}.directory(IMAGE_DIRECTORY_ENTRY_EXCEPTION);
  ldr::LoadedImage image{};
  image.base = memory.data();
  image.bytes = memory.size();
  image.functions = functions.VirtualAddress;
  image.function_count = functions.Size / sizeof(RUNTIME_FUNCTION);
  Stack const stack{image};
  for (unsigned i = 0; i < std::min(image.function_count, most_functions); ++i) {
    RUNTIME_FUNCTION function{};
    if (!image.read(image.functions + std::uint64_t{i} * sizeof function, function)) break;
    auto const& [begin, end, unused] = function;
    for (ULONG const at : {begin, begin + 1, begin + 8, begin + (end - begin) / 2, end - 1})
      if (at < image.bytes)
        walk(image, stack, at, i % 2 == 0 ? UNW_FLAG_EHANDLER : UNW_FLAG_UHANDLER);
  }
  return 0;
}
