// Extended registers: what is offered, saved and restored.
#include "hal/extended_state.hpp"
#include "suite.hpp"

namespace mica::hal_suite {

namespace {

alignas(hal::extended_alignment) std::byte areas[2][hal::largest_extended_area];

// The control word of x87, which no compiler changes. A machine of another kind has none.
#if defined(__x86_64__)
constexpr bool has_registers = true;
std::uint16_t control() noexcept {
  std::uint16_t now;
  asm volatile("fnstcw %0" : "=m"(now));
  return now;
}
void set_control(std::uint16_t to) noexcept {
  asm volatile("fldcw %0" ::"m"(to));
}
#else
constexpr bool has_registers = false;
std::uint16_t control() noexcept {
  return 0;
}
void set_control(std::uint16_t) noexcept {}
#endif

constexpr std::uint64_t x87_feature = 1;
constexpr std::uint16_t initial = 0x37F;                         // after FNINIT
constexpr std::uint16_t one = initial, other = initial ^ 0xC00;  // another rounding

void clear() noexcept {
  for (auto& area : areas)
    for (std::byte& byte : area) byte = {};
}

void offered() {
  std::uint64_t const features = Machine::extended_features();
  HAL_CHECK(Machine::extended_area_bytes() <= hal::largest_extended_area);
  if (!has_registers) return;
  HAL_CHECK((features & hal::legacy_features) == hal::legacy_features);
  HAL_CHECK(features == hal::offered_features(features));
  HAL_CHECK(Machine::extended_area_bytes() >= hal::legacy_area_bytes + hal::extended_header_bytes);
}

void offered_together() {
  constexpr std::uint64_t all = hal::legacy_features | hal::avx_feature | hal::avx_512_features;
  HAL_CHECK(hal::offered_features(~std::uint64_t{0}) == all);
  HAL_CHECK(hal::offered_features(0) == hal::legacy_features);
  HAL_CHECK(hal::offered_features(all & ~hal::avx_feature) == hal::legacy_features);
  HAL_CHECK(hal::offered_features(all & ~std::uint64_t{0x80}) == (all & ~hal::avx_512_features));
}

void restored() {
  if (!has_registers) return;
  clear();
  std::uint16_t const before = control();
  for (std::uint64_t const features : {hal::legacy_features, Machine::extended_features()}) {
    set_control(other);
    Machine::save_extended(areas[0], features);
    HAL_CHECK(control() == other);
    set_control(one);
    Machine::save_extended(areas[1], features);
    Machine::restore_extended(areas[0], features);
    HAL_CHECK(control() == other);
    Machine::restore_extended(areas[1], features);
    HAL_CHECK(control() == one);
  }
  set_control(before);
}

// Where there is AVX there is XSAVE, which knows of features.
void restored_by_feature() {
  if ((Machine::extended_features() & hal::avx_feature) == 0) return;
  clear();
  std::uint16_t const before = control();
  set_control(other);
  Machine::save_extended(areas[0], hal::legacy_features & ~x87_feature);
  Machine::save_extended(areas[1], x87_feature);
  set_control(one);
  Machine::restore_extended(areas[0], hal::legacy_features & ~x87_feature);
  HAL_CHECK(control() == one);
  Machine::restore_extended(areas[1], x87_feature);
  HAL_CHECK(control() == other);
  Machine::restore_extended(areas[0], x87_feature);  // it does not hold it: it becomes initial
  HAL_CHECK(control() == initial);
  set_control(before);
}

constexpr Case cases[] = {
    {"extended: what is offered fits an area", offered},
    {"extended: features come with those that they need", offered_together},
    {"extended: what was saved is restored", restored},
    {"extended: only what is asked for is saved and restored", restored_by_feature},
};

}  // namespace

std::span<Case const> extended_cases() noexcept {
  return cases;
}

}  // namespace mica::hal_suite
