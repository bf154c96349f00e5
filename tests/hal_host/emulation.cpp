// What is done in the place of instructions that a process may not execute: by bytes and registers,
// in no signal handler. tests/drivers/processor.c meets them as drivers do.
#include "hal_host/emulation.hpp"

#include <rapidcheck.h>
#include <catch.hpp>
#include <mica/system.hpp>
#include <mica/test.hpp>

#include <machine.hpp>

#include <cstring>
#include <initializer_list>

using namespace mica;

namespace {

constexpr std::uint64_t shared = 0xFFFFF78000000000;
constexpr std::uint64_t arithmetic_flags = 0x8D5;

// An instruction among bytes that are none of it, and the registers before and after.
struct Try {
  explicit Try(std::initializer_list<unsigned char> bytes) noexcept : length{bytes.size()} {
    std::memset(code, 0x0B, sizeof code);
    std::copy(bytes.begin(), bytes.end(), code);
    for (long long& value : machine.gregs) value = 0x1111111111111111;
    set(REG_EFL, 0x202);
  }
  void set(int index, std::uint64_t value) noexcept {
    machine.gregs[index] = static_cast<long long>(value);
  }
  [[nodiscard]] std::uint64_t get(int index) const noexcept {
    return static_cast<std::uint64_t>(machine.gregs[index]);
  }
  // Whether it was done, and the next instruction follows.
  [[nodiscard]] bool passes() noexcept {
    set(REG_RIP, reinterpret_cast<std::uint64_t>(code));
    return hal_host::emulate(machine) &&
           get(REG_RIP) == reinterpret_cast<std::uint64_t>(code) + length;
  }
  // Whether nothing was done.
  [[nodiscard]] bool is_refused() noexcept {
    set(REG_RIP, reinterpret_cast<std::uint64_t>(code));
    mcontext_t const before = machine;
    return !hal_host::emulate(machine) &&
           std::memcmp(&before.gregs, &machine.gregs, sizeof before.gregs) == 0;
  }

  unsigned char code[32];
  std::size_t length;
  mcontext_t machine{};
};

template <class Body>
void on_a_processor(Body body) {
  System system;
  system.run(body);
}

void set_block(std::uint64_t value) noexcept {
  Machine::current().pcr.UserRsp = value;  // at 0x10
}

template <class T>
std::uint64_t flags_of(T left, T right) noexcept {
  std::uint64_t flags = 0;
  asm("sub $128, %%rsp\n\tcmp %2, %1\n\tpushfq\n\tpop %0\n\tadd $128, %%rsp"
      : "=&r"(flags)
      : "r"(left), "r"(right)
      : "cc", "memory");
  return flags & arithmetic_flags;
}

}  // namespace

TEST_CASE("emulation: what changes nothing that code could see is passed", "[hal_host]") {
  on_a_processor([] {
    for (Try each :
         {Try{0xFA}, Try{0xFB}, Try{0x0F, 0x09}, Try{0x0F, 0x08}, Try{0x0F, 0x01, 0x38}}) {
      Try const before = each;
      MICA_CHECK(each.passes());
      MICA_CHECK(std::memcmp(&before.machine.gregs[REG_R8], &each.machine.gregs[REG_R8],
                             (REG_RIP - REG_R8) * sizeof(greg_t)) == 0);
    }
  });
}

TEST_CASE("emulation: a read goes to as much of a register as it is of", "[hal_host]") {
  on_a_processor([] {
    set_block(0x8899AABBCCDDEEFF);
    Try high{0x65, 0x8A, 0x24, 0x25, 0x10, 0, 0, 0},
        half{0x65, 0x44, 0x8B, 0x0C, 0x25, 0x10, 0, 0, 0};
    MICA_CHECK(high.passes() && high.get(REG_RAX) == 0x111111111111FF11);
    MICA_CHECK(half.passes() && half.get(REG_R9) == 0xCCDDEEFF);
    Try wide{0x65, 0x48, 0x0F, 0xBF, 0x51, 0x0E};  // movsx rdx, word ptr gs:[rcx+14]
    wide.set(REG_RCX, 2);
    MICA_CHECK(wide.passes() && wide.get(REG_RDX) == 0xFFFFFFFFFFFFEEFF);
    Try zeros{0x65, 0x0F, 0xB6, 0x44, 0x4B, 0x10};  // movzx eax, byte ptr gs:[rbx+rcx*2+16]
    zeros.set(REG_RBX, 3);
    zeros.set(REG_RCX, 2);
    MICA_CHECK(zeros.passes() && zeros.get(REG_RAX) == 0x88);
  });
}

TEST_CASE("emulation: the shared data ends with its page", "[hal_host]") {
  on_a_processor([] {
    Try last{0x48, 0x8B, 0x01};  // mov rax, [rcx]
    last.set(REG_RCX, shared + 4096 - 8);
    MICA_CHECK(last.passes() && last.get(REG_RAX) == 0);
    for (std::uint64_t const address : {shared + 4096 - 7, shared - 1, shared + 4096}) {
      Try beyond{0x48, 0x8B, 0x01};
      beyond.set(REG_RCX, address);
      MICA_CHECK(beyond.is_refused());
    }
    Try major{0x83, 0xB9, 0x6C, 0x02, 0, 0, 10};  // cmp dword ptr [rcx+0x26c], 10
    major.set(REG_RCX, shared);
    MICA_CHECK(major.passes() && (major.get(REG_EFL) & 0x40) != 0);
  });
}

TEST_CASE("emulation: comparisons leave the processor's flags", "[hal_host]") {
  CHECK(rc::check([](std::uint64_t block, std::uint64_t other) {
    on_a_processor([&] {
      set_block(block);
      Try bytes{0x65, 0x3A, 0x0C, 0x25, 0x10, 0, 0, 0},
          words{0x66, 0x65, 0x39, 0x0C, 0x25, 0x10, 0, 0, 0};
      Try halves{0x65, 0x39, 0x0C, 0x25, 0x10, 0, 0, 0},
          wholes{0x65, 0x48, 0x3B, 0x0C, 0x25, 0x10, 0, 0, 0};
      for (Try* each : {&bytes, &words, &halves, &wholes}) {
        each->set(REG_RCX, other);
        MICA_CHECK(each->passes());
      }
      auto const flags = [](Try const& each) { return each.get(REG_EFL) & arithmetic_flags; };
      MICA_CHECK(flags(bytes) ==
                 flags_of(static_cast<std::uint8_t>(other), static_cast<std::uint8_t>(block)));
      MICA_CHECK(flags(words) ==
                 flags_of(static_cast<std::uint16_t>(block), static_cast<std::uint16_t>(other)));
      MICA_CHECK(flags(halves) ==
                 flags_of(static_cast<std::uint32_t>(block), static_cast<std::uint32_t>(other)));
      MICA_CHECK(flags(wholes) == flags_of(other, block));
    });
  }));
}

TEST_CASE("emulation: system registers say how the processor runs", "[hal_host]") {
  on_a_processor([] {
    constexpr std::uint64_t write_protect = 1 << 16;
    Try mode{0x0F, 0x20, 0xC1}, features{0x41, 0x0F, 0x20, 0xE1};  // mov rcx, cr0; mov r9, cr4
    MICA_CHECK(mode.passes() && mode.get(REG_RCX) == 0x80050033);
    MICA_CHECK(features.passes() && (features.get(REG_R9) & 0x6F8) == 0x6F8);
    Try same{0x0F, 0x22, 0xC1}, other = same;  // mov cr0, rcx
    same.set(REG_RCX, mode.get(REG_RCX));
    other.set(REG_RCX, mode.get(REG_RCX) & ~write_protect);
    MICA_CHECK(same.passes() && other.is_refused());
    Try breakpoint{0x0F, 0x21, 0xD9}, hits{0x0F, 0x21, 0xF1}, control{0x0F, 0x21, 0xF9};
    MICA_CHECK(breakpoint.passes() && breakpoint.get(REG_RCX) == 0);
    MICA_CHECK(hits.passes() && hits.get(REG_RCX) == 0xFFFF0FF0);
    MICA_CHECK(control.passes() && control.get(REG_RCX) == 0x400);
    Try set{0x0F, 0x23, 0xC1};  // mov dr0, rcx
    MICA_CHECK(set.is_refused());
    for (unsigned char const number : {0xD0, 0xD8})  // cr2, cr3
      MICA_CHECK((Try{0x0F, 0x20, number}.is_refused()));
  });
}

TEST_CASE("emulation: model specific registers are those that there are", "[hal_host]") {
  on_a_processor([] {
    auto const value_of = [](std::uint64_t number) {
      Try read{0x0F, 0x32};
      read.set(REG_RCX, 0x5500000000 | number);
      MICA_CHECK(read.passes() && read.get(REG_RAX) >> 32 == 0 && read.get(REG_RDX) >> 32 == 0);
      return read.get(REG_RDX) << 32 | read.get(REG_RAX);
    };
    MICA_CHECK(value_of(0xC0000080) == 0xD01);
    MICA_CHECK(value_of(0xC0000101) == reinterpret_cast<std::uint64_t>(&Machine::current().pcr));
    std::uint64_t const before = value_of(0x10);
    MICA_CHECK(before != 0 && value_of(0x10) > before);
    Try same{0x0F, 0x30}, high = same, low = same, unknown = same;
    for (Try* const each : {&same, &high, &low}) {
      each->set(REG_RCX, 0xC0000080);
      each->set(REG_RAX, 0x1100000D01);
      each->set(REG_RDX, 0x1100000000);
    }
    high.set(REG_RDX, 1);
    low.set(REG_RAX, 0xD00);
    MICA_CHECK(same.passes() && high.is_refused() && low.is_refused() && unknown.is_refused());
  });
}

TEST_CASE("emulation: what is not done is left as it was", "[hal_host]") {
  on_a_processor([] {
    for (Try each : {Try{0x0F, 0x32}, Try{0x0F, 0x0B}, Try{0xF4}, Try{0x0F, 0x20, 0xD8},
                     Try{0x65, 0x48, 0x89, 0x0C, 0x25, 0x10, 0, 0, 0}, Try{0x90}})
      MICA_CHECK(each.is_refused());
    Try level{0x44, 0x0F, 0x22, 0xC0};  // mov cr8, rax
    level.set(REG_RAX, 16);
    MICA_CHECK(level.is_refused());
    Try read{0x44, 0x0F, 0x20, 0xC1};  // mov rcx, cr8
    MICA_CHECK(read.passes() && read.get(REG_RCX) == PASSIVE_LEVEL);
    Try nowhere{0xFA};
    nowhere.set(REG_RIP, 0x1000);
    MICA_CHECK(!hal_host::emulate(nowhere.machine));
  });
}
