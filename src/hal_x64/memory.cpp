// The functions that compilers call by themselves. Eight bytes at a time for the small, which is
// most of them; the string instructions, slow to start, for the large. [Optimization Reference
// Manual, "REP String Enhancement"]
#include <cstddef>
#include <cstdint>

namespace {

constexpr std::size_t large = 512;

// One access that may be unaligned and aliases anything.
struct [[gnu::packed, gnu::may_alias]] Word {
  std::uint64_t value;
};

void copy_upward(std::byte* to, std::byte const* from, std::size_t bytes) noexcept {
  for (; bytes >= 8; bytes -= 8, to += 8, from += 8) {
    reinterpret_cast<Word*>(to)->value = reinterpret_cast<Word const*>(from)->value;
  }
  for (; bytes != 0; --bytes) *to++ = *from++;
}

void copy_downward(std::byte* to, std::byte const* from, std::size_t bytes) noexcept {
  for (; bytes >= 8; bytes -= 8) {
    reinterpret_cast<Word*>(to + bytes - 8)->value =
        reinterpret_cast<Word const*>(from + bytes - 8)->value;
  }
  while (bytes-- != 0) to[bytes] = from[bytes];
}

}  // namespace

extern "C" {

void* memcpy(void* __restrict to, void const* __restrict from, std::size_t bytes) {
  void* const result = to;
  if (bytes < large) {
    copy_upward(static_cast<std::byte*>(to), static_cast<std::byte const*>(from), bytes);
  } else {
    asm volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(bytes)::"memory");
  }
  return result;
}

void* memmove(void* to, void const* from, std::size_t bytes) {
  auto const distance =
      reinterpret_cast<std::uintptr_t>(to) - reinterpret_cast<std::uintptr_t>(from);
  if (distance >= bytes)
    return memcpy(to, from, bytes);  // `from` is not overwritten before it is read
  copy_downward(static_cast<std::byte*>(to), static_cast<std::byte const*>(from), bytes);
  return to;
}

void* memset(void* to, int value, std::size_t bytes) {
  void* const result = to;
  if (bytes >= large) {
    asm volatile("rep stosb" : "+D"(to), "+c"(bytes) : "a"(value) : "memory");
    return result;
  }
  auto* at = static_cast<std::byte*>(to);
  std::uint64_t const pattern = static_cast<std::uint8_t>(value) * 0x0101010101010101u;
  for (; bytes >= 8; bytes -= 8, at += 8) reinterpret_cast<Word*>(at)->value = pattern;
  for (; bytes != 0; --bytes) *at++ = static_cast<std::byte>(value);
  return result;
}

int memcmp(void const* left, void const* right, std::size_t bytes) {
  auto const* a = static_cast<unsigned char const*>(left);
  auto const* b = static_cast<unsigned char const*>(right);
  for (; bytes >= 8; bytes -= 8, a += 8, b += 8) {
    if (reinterpret_cast<Word const*>(a)->value != reinterpret_cast<Word const*>(b)->value) break;
  }
  for (; bytes != 0; --bytes, ++a, ++b) {
    if (*a != *b) return *a < *b ? -1 : 1;
  }
  return 0;
}

void* memchr(void const* from, int value, std::size_t bytes) {
  auto const* at = static_cast<unsigned char const*>(from);
  for (; bytes != 0; --bytes, ++at) {
    if (*at == static_cast<unsigned char>(value)) return const_cast<unsigned char*>(at);
  }
  return nullptr;
}

std::size_t strlen(char const* text) {
  std::size_t length = 0;
  while (text[length] != '\0') ++length;
  return length;
}

// std::popcount, on a processor that need not have the instruction. [Hacker's Delight, "Counting
// Bits"]
int __popcountdi2(std::uint64_t bits) {
  bits -= bits >> 1 & 0x5555555555555555;
  bits = (bits & 0x3333333333333333) + (bits >> 2 & 0x3333333333333333);
  bits = (bits + (bits >> 4)) & 0x0f0f0f0f0f0f0f0f;
  return static_cast<int>(bits * 0x0101010101010101 >> 56);
}

}  // extern "C"
