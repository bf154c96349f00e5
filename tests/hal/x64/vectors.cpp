// Drivers use vector registers, the kernel's compiler does not: so nothing here changes them behind
// the tests' back.
#include <cstring>

#include "pc.hpp"

namespace mica::hal_suite {

namespace {

struct alignas(16) Vectors {
  std::uint64_t word[16][2];
};

Vectors pattern(std::uint64_t seed) noexcept {
  Vectors vectors;
  for (auto& vector : vectors.word) {
    for (std::uint64_t& word : vector)
      word = seed = seed * 6364136223846793005u + 1442695040888963407u;
  }
  return vectors;
}

#define FOR_ALL(step)                                                                      \
  step(0) step(1) step(2) step(3) step(4) step(5) step(6) step(7) step(8) step(9) step(10) \
      step(11) step(12) step(13) step(14) step(15)
#define LOAD(n) "movaps " #n "*16(%0), %%xmm" #n "\n"
#define STORE(n) "movaps %%xmm" #n ", " #n "*16(%0)\n"

void load(Vectors const& from) noexcept {
  asm volatile(FOR_ALL(LOAD)::"r"(&from) : "memory");
}
void store(Vectors& to) noexcept {
  asm volatile(FOR_ALL(STORE)::"r"(&to) : "memory");
}

bool same(Vectors const& left, Vectors const& right, unsigned first) noexcept {
  return std::memcmp(left.word[first], right.word[first], (16 - first) * 16) == 0;
}

std::uint32_t float_control() noexcept {
  std::uint32_t value;
  asm volatile("stmxcsr %0" : "=m"(value));
  return value;
}
void set_float_control(std::uint32_t value) noexcept {
  asm volatile("ldmxcsr %0" ::"m"(value));
}

Count interrupts;

// As a driver's interrupt or DPC routine may: xmm0-5 are its own.
void spoil_volatile() {
  HAL_CHECK(float_control() == 0x1f80);
  asm volatile(
      "pcmpeqd %xmm0, %xmm0; movaps %xmm0, %xmm1; movaps %xmm0, %xmm2; movaps %xmm0, %xmm3;"
      "movaps %xmm0, %xmm4; movaps %xmm0, %xmm5");
  set_float_control(0x7f80);
  interrupts.fetch_add(1);
}

Machine::Context home, other;

void NTAPI spoil_all(void*) {
  for (std::uint64_t seed = 100;; ++seed) {
    Vectors const mine = pattern(seed);
    Vectors after;
    load(mine);
    Machine::switch_context(other, home);
    store(after);
    HAL_CHECK(same(mine, after, 6));
  }
}

}  // namespace

void vectors_survive_interrupts() {
  set_hooks({spoil_volatile, spoil_volatile, spoil_volatile});
  constexpr std::uint32_t rounding = 0x3f80;
  set_float_control(rounding);
  for (std::uint32_t round = 0; round < 20; ++round) {
    interrupts.store(0);
    Vectors const before = pattern(round);
    Vectors after;
    KIRQL const old = Machine::raise(HIGH_LEVEL);
    Machine::request_dispatch();
    Machine::send_ipi(Machine::processor_number());
    load(before);
    Machine::lower(old);
    store(after);
    await_at_least(interrupts, 2);
    HAL_CHECK(same(before, after, 0));
    HAL_CHECK(float_control() == rounding);
  }
  set_float_control(0x1f80);
}

void vectors_survive_switches() {
  hal::Stack const stack = spare_stack(0);
  Raised const raised{DISPATCH_LEVEL};
  Machine::make_context(other, stack, spoil_all, nullptr);
  for (std::uint64_t round = 0; round < 20; ++round) {
    Vectors const before = pattern(round);
    Vectors after;
    load(before);
    Machine::switch_context(home, other);
    store(after);
    HAL_CHECK(same(before, after, 6));
  }
  Machine::release_context(other);
}

}  // namespace mica::hal_suite
