#include "init/archive.hpp"

#include <cstdint>
#include <cstring>

namespace mica::init {
namespace {

constexpr std::size_t block_bytes = 512;

struct Header {
  char name[100];
  char mode[8];
  char owner[8];
  char group[8];
  char bytes[12];
  char changed[12];
  char checksum[8];
  char kind;
  char link[100];
  char magic[6];
  char version[2];
  char owner_name[32];
  char group_name[32];
  char device[2][8];
  char prefix[155];
  char unused[12];
};
static_assert(sizeof(Header) == block_bytes);

// A field of octal digits, which a zero or a blank may end. False: something else stands in it.
template <std::size_t Capacity>
[[nodiscard]] bool read_octal(char const (&field)[Capacity], std::uint64_t& number) noexcept {
  number = 0;
  std::size_t digits = 0;
  while (digits < Capacity && field[digits] >= '0' && field[digits] <= '7')
    number = number * 8 + static_cast<std::uint64_t>(field[digits++] - '0');
  return digits != 0 && (digits == Capacity || field[digits] == '\0' || field[digits] == ' ');
}

// The sum of its bytes, the checksum itself taken as blanks.
[[nodiscard]] std::uint64_t sum_of(Header const& header) noexcept {
  constexpr std::size_t at = offsetof(Header, checksum);
  constexpr std::size_t end = at + sizeof header.checksum;
  auto const* const bytes = reinterpret_cast<unsigned char const*>(&header);
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < sizeof header; ++i) sum += i >= at && i < end ? ' ' : bytes[i];
  return sum;
}

[[nodiscard]] bool is_empty(Header const& header) noexcept {
  auto const* const bytes = reinterpret_cast<unsigned char const*>(&header);
  for (std::size_t i = 0; i < sizeof header; ++i)
    if (bytes[i] != 0) return false;
  return true;
}

[[nodiscard]] std::string_view name_of(std::byte const* header) noexcept {
  auto const* const text = reinterpret_cast<char const*>(header);
  std::size_t length = 0;
  while (length < sizeof Header::name && text[length] != '\0') ++length;
  return {text, length};
}

}  // namespace

bool Archive::refuse(char const* why) noexcept {
  refusal_ = why;
  return false;
}

bool Archive::next(ArchivedFile& file) noexcept {
  while (refusal_ == nullptr) {
    Header header;
    std::size_t const left = bytes_.size() - position_;
    if (left < sizeof header) return refuse("it ends before its last block");
    std::byte const* const place = bytes_.data() + position_;
    std::memcpy(&header, place, sizeof header);
    if (is_empty(header)) return false;
    std::uint64_t sum = 0;
    std::uint64_t bytes = 0;
    if (std::memcmp(header.magic, "ustar", sizeof header.magic) != 0)
      return refuse("a header is none of a ustar archive");
    if (!read_octal(header.checksum, sum) || sum != sum_of(header))
      return refuse("a header's checksum is another one");
    if (!read_octal(header.bytes, bytes) || bytes > left - sizeof header)
      return refuse("a file ends outside of it");
    if (header.prefix[0] != '\0') return refuse("a name has more than 100 letters");
    std::size_t const whole = (bytes + block_bytes - 1) & ~(block_bytes - 1);
    if (whole > left - sizeof header) return refuse("a file's last block ends outside of it");
    if (header.kind != '0' && header.kind != '5')
      return refuse("it holds something else than files and folders");
    position_ += sizeof header + whole;
    if (header.kind == '5') continue;
    file = {name_of(place), {place + sizeof header, bytes}};
    return true;
  }
  return false;
}

std::string_view base_name(std::string_view path) noexcept {
  std::size_t const slash = path.rfind('/');
  if (slash != std::string_view::npos) path.remove_prefix(slash + 1);
  return path;
}

}  // namespace mica::init
