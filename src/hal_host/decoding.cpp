#if defined(__x86_64__)
#include "hal_host/decoding.hpp"

#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>

#include "hal_host/sanitizers.hpp"

namespace mica::hal_host {

namespace {

[[nodiscard]] bool decode(Decoded& decoded) noexcept {
  ZydisDecoder decoder;
  return ZYAN_SUCCESS(
             ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64)) &&
         ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder, decoded.code, decoded.code_bytes,
                                             &decoded.instruction, decoded.operands));
}

}  // namespace

bool find_register(ZydisRegister number, RegisterPlace& place) noexcept {
  ZydisRegister const whole = ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64, number);
  if (whole < ZYDIS_REGISTER_RAX || whole > ZYDIS_REGISTER_R15) return false;
  bool const high = number >= ZYDIS_REGISTER_AH && number <= ZYDIS_REGISTER_BH;
  place = {static_cast<unsigned>(whole - ZYDIS_REGISTER_RAX), high ? 8u : 0u,
           ZydisRegisterGetWidth(ZYDIS_MACHINE_MODE_LONG_64, number)};
  return true;
}

std::uint64_t merged(RegisterPlace const& place, std::uint64_t before,
                     std::uint64_t value) noexcept {
  std::uint64_t const changed = low_bits(~std::uint64_t{0}, place.bits) << place.first;
  std::uint64_t const kept = place.bits >= 32 ? 0 : before & ~changed;
  return kept | low_bits(value, place.bits) << place.first;
}

// Whichever thread faults: what is decoded stands on the one stack that an OS thread takes signals
// on.
bool decode(unsigned char const* code, std::size_t bytes, Decoded& decoded) noexcept {
  LookAway const away;
  decoded.code_bytes = std::min(bytes, sizeof decoded.code);
  std::copy_n(code, decoded.code_bytes, decoded.code);
  return decode(decoded);
}

bool decode(std::uint64_t address, Decoded& decoded) noexcept {
  LookAway const away;
  // As far as there is code: it may be the last of its page.
  constexpr std::uint64_t page = 4096;
  std::uint64_t const all = sizeof decoded.code, here = std::min(all, page - address % page);
  iovec const local{decoded.code, all};
  iovec const remote[2] = {{reinterpret_cast<void*>(address), here},
                           {reinterpret_cast<void*>(address + here), all - here}};
  ssize_t const read = ::process_vm_readv(::getpid(), &local, 1, remote, 2, 0);
  decoded.code_bytes = read > 0 ? static_cast<std::size_t>(read) : 0;
  return read > 0 && decode(decoded);
}

}  // namespace mica::hal_host

#endif
