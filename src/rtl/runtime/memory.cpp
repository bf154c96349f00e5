#include <cstring>

#include "rtl/runtime/runtime.hpp"

using namespace mica::rtl;

void* NTAPI MicaRuntime_memcpy(void* to, void const* from, SIZE_T bytes) {
  return std::memmove(to, from, bytes);  // the runtime's copies areas that overlap, too
}

void* NTAPI MicaRuntime_memmove(void* to, void const* from, SIZE_T bytes) {
  return std::memmove(to, from, bytes);
}

void* NTAPI MicaRuntime_memset(void* to, int byte, SIZE_T bytes) {
  return std::memset(to, byte, bytes);
}

int NTAPI MicaRuntime_memcmp(void const* left, void const* right, SIZE_T bytes) {
  return std::memcmp(left, right, bytes);
}

void const* NTAPI MicaRuntime_memchr(void const* in, int byte, SIZE_T bytes) {
  auto const* at = static_cast<UCHAR const*>(in);
  for (; bytes > 0; --bytes, ++at)
    if (*at == static_cast<UCHAR>(byte)) return at;
  return nullptr;
}

int NTAPI MicaRuntime_memcpy_s(void* to, SIZE_T room, void const* from, SIZE_T bytes) {
  return MicaRuntime_memmove_s(to, room, from, bytes);
}

int NTAPI MicaRuntime_memmove_s(void* to, SIZE_T room, void const* from, SIZE_T bytes) {
  if (bytes == 0) return 0;
  if (to == nullptr) return invalid_argument;
  if (from == nullptr || bytes > room) {
    std::memset(to, 0, room);
    return from == nullptr ? invalid_argument : out_of_range;
  }
  std::memmove(to, from, bytes);
  return 0;
}
