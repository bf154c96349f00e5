// Unwinding by data that nobody wrote on purpose: whatever it says, reads stay within image and
// stack, and it ends.
#include "ldr/virtual_unwind.hpp"

#include <rapidcheck.h>
#include <sys/mman.h>

#include <array>
#include <cstring>

#include "catch.hpp"

using namespace mica;

namespace {

constexpr std::size_t page = 0x1000;

// A page between two that are not there.
class Page {
 public:
  Page() : memory_{::mmap(nullptr, 3 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)} {
    REQUIRE(memory_ != MAP_FAILED);
    REQUIRE(::mprotect(begin(), page, PROT_READ | PROT_WRITE) == 0);
  }
  ~Page() { ::munmap(memory_, 3 * page); }
  Page(Page const&) = delete;
  Page& operator=(Page const&) = delete;

  [[nodiscard]] std::byte* begin() const noexcept {
    return static_cast<std::byte*>(memory_) + page;
  }
  [[nodiscard]] std::uint64_t address() const noexcept {
    return reinterpret_cast<std::uint64_t>(begin());
  }

 private:
  void* memory_;
};

template <class T>
void put(Page const& image, std::uint32_t at, T const& value) {
  std::memcpy(image.begin() + at, &value, sizeof value);
}

constexpr std::uint32_t functions_at = 0x10, info_at = 0x100, code_at = 0x400;
constexpr ULONG function_bytes = 0x80;

struct Made {
  Page image, stack;
  ldr::LoadedImage loaded{};

  Made() {
    loaded.base = image.begin();
    loaded.bytes = page;
    loaded.functions = functions_at;
    loaded.function_count = 2;
    put(image, functions_at, RUNTIME_FUNCTION{code_at, code_at + function_bytes, info_at});
    put(image, functions_at + 12,
        RUNTIME_FUNCTION{code_at + function_bytes, code_at + 2 * function_bytes, info_at});
  }

  // Frames from there outward, as many as there are.
  unsigned walk(std::uint32_t at, CONTEXT& context) {
    ldr::StackBounds const bounds{stack.address(), stack.address() + page};
    for (unsigned frames = 0;; ++frames) {
      std::uint64_t const before = context.Rsp;
      ldr::Frame frame{};
      KNONVOLATILE_CONTEXT_POINTERS pointers{};
      ldr::BadFrame const bad = ldr::virtual_unwind(
          {loaded, at, ldr::find_function(loaded, at), UNW_FLAG_EHANDLER, bounds, &pointers},
          context, frame);
      if (bad) return frames;
      RC_ASSERT(context.Rsp > before);
      at = static_cast<std::uint32_t>(context.Rip % page);
    }
  }
};

// Mostly what unwinding data looks like.
void scribble(Page const& to, std::size_t from, std::size_t bytes) {
  for (std::size_t i = from; i < from + bytes; ++i)
    to.begin()[i] = static_cast<std::byte>(*rc::gen::arbitrary<std::uint8_t>());
}

}  // namespace

TEST_CASE("ldr: unwinding by random data stays within image and stack, and ends", "[ldr]") {
  REQUIRE(rc::check([] {
    Made made;
    scribble(made.image, info_at, 96);
    scribble(made.image, code_at, 64);
    made.image.begin()[info_at] = static_cast<std::byte>(
        *rc::gen::element<int>(1, 2, 0x09, 0x19, 0x21, 0x22));  // versions and flags
    for (std::size_t i = 0; i < page; i += 8) {
      std::uint64_t const word = *rc::gen::oneOf(rc::gen::just(made.stack.address() + i + 64),
                                                 rc::gen::arbitrary<std::uint64_t>());
      std::memcpy(made.stack.begin() + i, &word, sizeof word);
    }
    CONTEXT context{};
    for (ULONG64* to = &context.Rax; to != &context.Rip; ++to)
      *to = made.stack.address() + *rc::gen::inRange<std::uint64_t>(0, page);
    context.Rsp &= ~std::uint64_t{7};
    std::uint32_t const at = code_at + *rc::gen::inRange<std::uint32_t>(0, 2 * function_bytes);
    RC_ASSERT(made.walk(at, context) <= page / 8);
  }));
}

TEST_CASE("ldr: unwinding by data at the image's end, or that leads to itself, is refused",
          "[ldr]") {
  Made made;
  CONTEXT context{};
  context.Rsp = made.stack.address();
  ldr::Frame frame{};
  auto const refused = [&](ULONG info) {
    put(made.image, functions_at, RUNTIME_FUNCTION{code_at, code_at + function_bytes, info});
    ldr::BadFrame const bad =
        ldr::virtual_unwind({made.loaded,
                             code_at + 40,
                             functions_at,
                             UNW_FLAG_EHANDLER,
                             {made.stack.address(), made.stack.address() + page},
                             nullptr},
                            context, frame);
    CHECK(bad.status == STATUS_BAD_FUNCTION_TABLE);
    return std::string{bad.what};
  };
  CHECK(refused(page - 2) == "unwinding data is outside of the image");
  CHECK(refused(0xFFFFFFF0) == "unwinding data is outside of the image");
  CHECK(refused(functions_at | RUNTIME_FUNCTION_INDIRECT) ==
        "entries of functions lead to each other");
  put(made.image, info_at, std::array<std::uint8_t, 4>{1 | UNW_FLAG_CHAININFO << 3, 0, 0, 0});
  put(made.image, info_at + 4, RUNTIME_FUNCTION{code_at, code_at + function_bytes, info_at});
  CHECK(refused(info_at) == "chained unwinding data has no end");
  put(made.image, info_at, std::array<std::uint8_t, 6>{1, 0, 1, 0, 0, 0x0F});
  CHECK(refused(info_at) == "there is no such unwind code");
  put(made.image, info_at, std::array<std::uint8_t, 6>{1, 0, 1, 0, 0, 0x01});
  CHECK(refused(info_at) == "there is no such unwind code");
  put(made.image, info_at, std::array<std::uint8_t, 4>{7, 0, 0, 0});
  CHECK(refused(info_at) == "unwinding data has an unknown version");
}

TEST_CASE("ldr: epilogs are where version 2 says", "[ldr]") {
  Made made;
  // pop rbx; ret, which is the end of one epilog and of what only looks like one.
  put(made.image, code_at + 0x20, std::array<std::uint8_t, 2>{0x5B, 0xC3});
  put(made.image, code_at + 0x40, std::array<std::uint8_t, 2>{0x5B, 0xC3});
  // Two slots say where; allocated are 8 bytes and rbx is pushed.
  put(made.image, info_at,
      std::array<std::uint8_t, 12>{2, 4, 4, 0, 2, 0x06, function_bytes - 0x20, 0x06, 4, 0x02, 1,
                                   0x30});
  auto const rsp_from = [&](std::uint32_t at) {
    CONTEXT context{};
    context.Rsp = made.stack.address();
    ldr::Frame frame{};
    CHECK_FALSE(ldr::virtual_unwind({made.loaded,
                                     at,
                                     functions_at,
                                     UNW_FLAG_NHANDLER,
                                     {made.stack.address(), made.stack.address() + page},
                                     nullptr},
                                    context, frame));
    return context.Rsp - made.stack.address();
  };
  CHECK(rsp_from(code_at + 0x20) == 16);
  CHECK(rsp_from(code_at + 0x40) == 24);
  made.image.begin()[info_at] = std::byte{1};
  CHECK(rsp_from(code_at + 0x40) == 16);
}
