#include "hal_host/patch.hpp"

#include "hal_host/simulation.hpp"

#if defined(__x86_64__)

#include <algorithm>
#include <cstring>

#include "hal_host/patch_code.hpp"
#include "hal_host/sanitizers.hpp"

namespace mica::hal_host {
namespace {

constexpr unsigned char jump_opcode = 0xE9;
constexpr std::int64_t farthest = INT32_MAX;

// Of a driver's code, which is not written where it is executed. A sanitizer may have seen pool in
// the memory behind it.
__attribute__((no_sanitize("address"))) void write_code(Region& region, std::uint64_t at,
                                                        unsigned char const* bytes,
                                                        std::size_t count) noexcept {
  for (std::size_t i = 0; i < count; ++i)
    *static_cast<unsigned char*>(region.direct_address(reinterpret_cast<void*>(at + i))) = bytes[i];
}

// What the emulation does nothing for. [SDM 2, "NOP"]
[[nodiscard]] bool is_passed(ZydisDecodedInstruction const& instruction) noexcept {
  switch (instruction.mnemonic) {
    case ZYDIS_MNEMONIC_CLI:
    case ZYDIS_MNEMONIC_STI:
    case ZYDIS_MNEMONIC_INVD:
    case ZYDIS_MNEMONIC_INVLPG:
    case ZYDIS_MNEMONIC_WBINVD:
      return true;
    default:
      return false;
  }
}

void write_nothing(Region& region, std::uint64_t site, std::size_t length) noexcept {
  constexpr unsigned char prefix = 0x66, nop = 0x90;
  unsigned char bytes[Patch::longest_instruction];
  std::fill_n(bytes, length, prefix);
  bytes[length - 1] = nop;
  write_code(region, site, bytes, length);
}

// Where a jump at the site may lead, if the bytes behind the instruction are its last.
struct Reach {
  std::uint64_t first, last;
};
[[nodiscard]] Reach reach_of(std::uint64_t site, Decoded const& decoded) noexcept {
  constexpr std::size_t opcode_bytes = 1;
  std::uint64_t const from = site + jump_bytes;
  std::size_t const own = std::min<std::size_t>(decoded.instruction.length, jump_bytes);
  if (own == jump_bytes) return {from - farthest, from + farthest};
  std::uint32_t fixed = 0;
  std::memcpy(&fixed, decoded.code + opcode_bytes, sizeof fixed);
  std::uint32_t const free = (std::uint32_t{1} << 8 * (own - opcode_bytes)) - 1;
  std::uint64_t const first = from + static_cast<std::uint64_t>(static_cast<std::int64_t>(
                                         static_cast<std::int32_t>(fixed & ~free)));
  return {first, first + free};
}

void write_jump(Region& region, Patch const& patch) noexcept {
  unsigned char bytes[jump_bytes] = {jump_opcode};
  auto const distance = static_cast<std::uint32_t>(reinterpret_cast<std::uint64_t>(patch.code) -
                                                   (patch.site + jump_bytes));
  std::memcpy(bytes + 1, &distance, sizeof distance);
  write_code(region, patch.site, bytes, patch.replaced());
}

void take_back(Region& region, Patch const& patch) noexcept;

// The bytes at the site are about to change: jumps of instructions before it end there.
void take_back_before(Region& region, std::uint64_t site) noexcept {
  while (Patch const* const before = region.patches().in(site - (jump_bytes - 1), site))
    take_back(region, *before);
}

void take_back(Region& region, Patch const& patch) noexcept {
  take_back_before(region, patch.site);
  write_code(region, patch.site, patch.original, patch.replaced());
  region.patches().give_back(patch);
}

}  // namespace

void patch(std::uint64_t site, Decoded const& decoded) noexcept {
  LookAway const away;
  Simulation const& simulation = *Machine::current().core.simulation;
  Region& region = simulation.region();
  std::size_t const length = decoded.instruction.length;
  auto* const code = reinterpret_cast<void const*>(site);
  if (!simulation.patches() || region.keeps_journal() || !region.executes(code, length)) return;
  PatchArea& area = region.patches();
  take_back_before(region, site);
  if (is_passed(decoded.instruction)) return write_nothing(region, site, length);
  if (page_size - site % page_size < jump_bytes) return;
  Reach const reach = reach_of(site, decoded);
  Patch* const patch = area.take(reach.first, reach.last);
  if (patch == nullptr) return;
  patch->site = site;
  patch->next = site + length;
  patch->length = static_cast<std::uint8_t>(length);
  std::copy_n(decoded.code, length, patch->original);
  bool const made = make_code(*patch, decoded);
  if (area.seal(*patch, made) && made) write_jump(region, *patch);
}

void leave_patch(mcontext_t& machine, Patch const& patch) noexcept {
  auto const at = static_cast<std::uint64_t>(machine.gregs[REG_RIP]);
  machine.gregs[REG_RSP] += static_cast<greg_t>(saved_before(patch, at));
  machine.gregs[REG_RIP] = static_cast<greg_t>(patch.site);
}

void forget_patches(Region& region, void const* page) noexcept {
  auto const begin = reinterpret_cast<std::uint64_t>(page);
  while (Patch const* const patch = region.patches().in(begin, begin + page_size))
    region.patches().give_back(*patch);
}

void take_back_patches(Region& region, void const* page) noexcept {
  auto const begin = reinterpret_cast<std::uint64_t>(page);
  while (Patch const* const patch = region.patches().in(begin, begin + page_size))
    take_back(region, *patch);
}

}  // namespace mica::hal_host

#else

namespace mica::hal_host {

void forget_patches(Region&, void const*) noexcept {}
void take_back_patches(Region&, void const*) noexcept {}

}  // namespace mica::hal_host

#endif
