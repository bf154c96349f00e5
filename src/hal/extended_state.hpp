// The extended registers of an x86 processor as XSAVE stores them: what both machines know of it.
//   An area: 512 bytes of x87 and SSE, a header of 64 that begins with the features that are not in
//   their initial state, then each other feature where the processor says (the standard format).
//   Features are the bits of XCR0.          [SDM 1, "Managing State Using the XSAVE Feature Set"]
#pragma once

#include <cstddef>
#include <cstdint>

// Of what stands between a caller's registers and their area: a sanitizer's calls are of another
// convention than NT's, and who makes them gives registers back that it has not been given.
#define MICA_KEEPS_REGISTERS \
  __attribute__((no_sanitize("thread", "address", "undefined"), no_stack_protector))

namespace mica::hal {

inline constexpr std::size_t extended_alignment = 64;
inline constexpr std::size_t legacy_area_bytes = 512, extended_header_bytes = 64;
// What an area of all that the machines offer takes at most: with AVX-512.
inline constexpr std::size_t largest_extended_area = 2752;

inline constexpr std::uint64_t legacy_features = 3;  // x87, SSE
inline constexpr std::uint64_t avx_feature = 4, avx_512_features = 0xE0;

// Of what a processor has. AVX-512 is three features, which come together and with AVX.
[[nodiscard]] constexpr std::uint64_t offered_features(std::uint64_t present) noexcept {
  std::uint64_t features = legacy_features | (present & avx_feature);
  if ((features & avx_feature) != 0 && (present & avx_512_features) == avx_512_features)
    features |= avx_512_features;
  return features;
}

// What a machine found out about its processors when it began.
struct ExtendedState {
  std::uint64_t features;  // 0: nothing is known, or not asked yet
  std::size_t area_bytes;  // of all of them
  bool has_xsave;          // else FXSAVE saves the legacy features
};

}  // namespace mica::hal
