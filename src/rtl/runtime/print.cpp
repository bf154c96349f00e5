// Formats into buffers, narrow and wide: one template for both.
#include "rtl/format.hpp"
#include "rtl/runtime/runtime.hpp"

namespace mica::rtl {
namespace {

// No buffer ends there. An address is not added to it.
constexpr std::size_t endless = 0x7FFF'FFFF;

// As much as `count` takes, and a null if there is room for it.
template <class Character>
[[nodiscard]] int print(Character* to, SIZE_T count, Character const* pattern,
                        MS_VA_LIST arguments) noexcept {
  BasicText<Character> text{to, count};
  format(text, pattern, arguments);
  if (text.length() < count) to[text.length()] = 0;
  bool const measured = to == nullptr && count == 0;
  return text.length() <= count || measured ? static_cast<int>(text.length()) : -1;
}

// At most `count` characters and a null into `room`. Nothing but the null if they do not fit,
// unless `count` says to cut them.
template <class Character>
[[nodiscard]] int print_checked(Character* to, SIZE_T room, SIZE_T count, Character const* pattern,
                                MS_VA_LIST arguments) noexcept {
  if (to == nullptr || room == 0 || pattern == nullptr) {
    if (to != nullptr && room != 0) to[0] = 0;
    return -1;
  }
  SIZE_T const most = count < room ? count : room - 1;
  BasicText<Character> text{to, most};
  format(text, pattern, arguments);
  bool const fits = text.length() <= most;
  bool const cut = !fits && (count < room || count == truncating);
  to[fits || cut ? text.stored() : 0] = 0;
  return fits ? static_cast<int>(text.length()) : -1;
}

}  // namespace
}  // namespace mica::rtl

using namespace mica::rtl;

// `call` with the arguments that follow `format`.
#define MICA_PRINT(call)          \
  MS_VA_LIST arguments;           \
  MS_VA_START(arguments, format); \
  int const written = call;       \
  MS_VA_END(arguments);           \
  return written

int NTAPI MicaRuntime_sprintf(CHAR* to, CHAR const* format, ...) {
  MICA_PRINT(print(to, endless, format, arguments));
}
int NTAPI MicaRuntime_vsprintf(CHAR* to, CHAR const* format, MS_VA_LIST arguments) {
  return print(to, endless, format, arguments);
}
int NTAPI MicaRuntime__snprintf(CHAR* to, SIZE_T count, CHAR const* format, ...) {
  MICA_PRINT(print(to, count, format, arguments));
}
int NTAPI MicaRuntime__vsnprintf(CHAR* to, SIZE_T count, CHAR const* format, MS_VA_LIST arguments) {
  return print(to, count, format, arguments);
}
int NTAPI MicaRuntime_sprintf_s(CHAR* to, SIZE_T room, CHAR const* format, ...) {
  MICA_PRINT(print_checked(to, room, room, format, arguments));
}
int NTAPI MicaRuntime_vsprintf_s(CHAR* to, SIZE_T room, CHAR const* format, MS_VA_LIST arguments) {
  return print_checked(to, room, room, format, arguments);
}
int NTAPI MicaRuntime__snprintf_s(CHAR* to, SIZE_T room, SIZE_T count, CHAR const* format, ...) {
  MICA_PRINT(print_checked(to, room, count, format, arguments));
}
int NTAPI MicaRuntime__vsnprintf_s(CHAR* to, SIZE_T room, SIZE_T count, CHAR const* format,
                                   MS_VA_LIST arguments) {
  return print_checked(to, room, count, format, arguments);
}

int NTAPI MicaRuntime_swprintf(WCHAR* to, WCHAR const* format, ...) {
  MICA_PRINT(print(to, endless, format, arguments));
}
int NTAPI MicaRuntime__snwprintf(WCHAR* to, SIZE_T count, WCHAR const* format, ...) {
  MICA_PRINT(print(to, count, format, arguments));
}
int NTAPI MicaRuntime__vsnwprintf(WCHAR* to, SIZE_T count, WCHAR const* format,
                                  MS_VA_LIST arguments) {
  return print(to, count, format, arguments);
}
int NTAPI MicaRuntime_swprintf_s(WCHAR* to, SIZE_T room, WCHAR const* format, ...) {
  MICA_PRINT(print_checked(to, room, room, format, arguments));
}
int NTAPI MicaRuntime_vswprintf_s(WCHAR* to, SIZE_T room, WCHAR const* format,
                                  MS_VA_LIST arguments) {
  return print_checked(to, room, room, format, arguments);
}
int NTAPI MicaRuntime__snwprintf_s(WCHAR* to, SIZE_T room, SIZE_T count, WCHAR const* format, ...) {
  MICA_PRINT(print_checked(to, room, count, format, arguments));
}
