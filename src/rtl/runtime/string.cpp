// Strings, narrow and wide: one template for both.
#include <nt/rtl/string.h>

#include <algorithm>
#include <type_traits>

#include "rtl/characters.hpp"
#include "rtl/runtime/runtime.hpp"

namespace mica::rtl {
namespace {

template <class Character>
[[nodiscard]] int code_of(Character character) noexcept {
  return static_cast<std::make_unsigned_t<Character>>(character);
}

[[nodiscard]] CHAR lower(CHAR character) noexcept {
  return static_cast<CHAR>(MicaRuntime_tolower(code_of(character)));
}
[[nodiscard]] WCHAR lower(WCHAR character) noexcept {
  return MicaRuntime_towlower(character);
}
[[nodiscard]] CHAR upper(CHAR character) noexcept {
  return static_cast<CHAR>(MicaRuntime_toupper(code_of(character)));
}
[[nodiscard]] WCHAR upper(WCHAR character) noexcept {
  return MicaRuntime_towupper(character);
}

template <class Character>
[[nodiscard]] SIZE_T length_within(Character const* text, SIZE_T most) noexcept {
  SIZE_T length = 0;
  while (length < most && text[length] != 0) ++length;
  return length;
}

// At most `count` characters, and a null behind them. What follows them.
template <class Character>
Character* append(Character* to, Character const* from, SIZE_T count) noexcept {
  for (; count > 0 && *from != 0; --count) *to++ = *from++;
  *to = 0;
  return to;
}

// Fills up with nulls, and has none if `count` characters are there.
template <class Character>
Character* copy_padded(Character* to, Character const* from, SIZE_T count) noexcept {
  SIZE_T const length = length_within(from, count);
  std::copy_n(from, length, to);
  std::fill(to + length, to + count, Character{0});
  return to;
}

template <class Character, class Fold>
[[nodiscard]] int compare(Character const* left, Character const* right, SIZE_T count,
                          Fold fold) noexcept {
  for (; count > 0; --count, ++left, ++right) {
    int const one = code_of(fold(*left)), other = code_of(fold(*right));
    if (one != other) return one < other ? -1 : 1;
    if (one == 0) break;
  }
  return 0;
}
template <class Character>
[[nodiscard]] Character itself(Character character) noexcept {
  return character;
}
template <class Character>
[[nodiscard]] Character lowered(Character character) noexcept {
  return lower(character);
}

// The terminating null is found, too.
template <class Character>
[[nodiscard]] Character const* first_of(Character const* text, Character character) noexcept {
  while (*text != character && *text != 0) ++text;
  return *text == character ? text : nullptr;
}
template <class Character>
[[nodiscard]] Character const* last_of(Character const* text, Character character) noexcept {
  Character const* at = text + length_of(text);
  while (at != text && *at != character) --at;
  return *at == character ? at : nullptr;
}
template <class Character>
[[nodiscard]] Character const* find(Character const* text, Character const* part) noexcept {
  SIZE_T const length = length_of(part);
  for (;; ++text) {
    if (compare(text, part, length, itself<Character>) == 0) return text;
    if (*text == 0) return nullptr;
  }
}
// How many characters from the beginning on are in the set, or are not.
template <class Character>
[[nodiscard]] SIZE_T span(Character const* text, Character const* set, bool in_it) noexcept {
  SIZE_T length = 0;
  while (text[length] != 0 && (first_of(set, text[length]) != nullptr) == in_it) ++length;
  return length;
}

template <class Character, class Change>
Character* change_each(Character* text, Change change) noexcept {
  for (Character* at = text; *at != 0; ++at) *at = change(*at);
  return text;
}

constexpr int truncated = 80;             // STRUNCATE
constexpr SIZE_T longest = truncating - 1;  // a count that no string reaches

// How much of its buffer a string has; all of it: it has no end.
template <class Character>
[[nodiscard]] SIZE_T used_of(Character const* text, SIZE_T room) noexcept {
  return text == nullptr ? 0 : length_within(text, room);
}

// At most `count` characters of `from`, behind the first `used` of `to`. The string is empty if
// they do not fit, but with `truncating` it has what does.
template <class Character>
[[nodiscard]] int append_checked(Character* to, SIZE_T room, SIZE_T used, Character const* from,
                                 SIZE_T count) noexcept {
  if (to == nullptr || room == 0) return invalid_argument;
  if (from == nullptr || used == room) {
    to[0] = 0;
    return invalid_argument;
  }
  SIZE_T const left = room - used - 1;
  SIZE_T const length = length_within(from, count);
  if (length > left && count != truncating) {
    to[0] = 0;
    return out_of_range;
  }
  append(to + used, from, std::min(length, left));
  return length > left ? truncated : 0;
}

// One part of the text, up to a delimiter; the context goes on behind it.
template <class Character>
[[nodiscard]] Character* next_token(Character* text, Character const* delimiters,
                                    Character** context) noexcept {
  if (text == nullptr) text = *context;
  text += span(text, delimiters, true);
  Character* const end = text + span(text, delimiters, false);
  *context = *end == 0 ? end : end + 1;
  if (end == text) return nullptr;
  *end = 0;
  return text;
}

}  // namespace
}  // namespace mica::rtl

using namespace mica::rtl;

SIZE_T NTAPI MicaRuntime_strlen(CHAR const* text) {
  return length_of(text);
}
SIZE_T NTAPI MicaRuntime_strnlen(CHAR const* text, SIZE_T most) {
  return length_within(text, most);
}
CHAR* NTAPI MicaRuntime_strcpy(CHAR* to, CHAR const* from) {
  append(to, from, truncating);
  return to;
}
CHAR* NTAPI MicaRuntime_strncpy(CHAR* to, CHAR const* from, SIZE_T count) {
  return copy_padded(to, from, count);
}
CHAR* NTAPI MicaRuntime_strcat(CHAR* to, CHAR const* from) {
  append(to + length_of(to), from, truncating);
  return to;
}
CHAR* NTAPI MicaRuntime_strncat(CHAR* to, CHAR const* from, SIZE_T count) {
  append(to + length_of(to), from, count);
  return to;
}
int NTAPI MicaRuntime_strcmp(CHAR const* left, CHAR const* right) {
  return compare(left, right, truncating, itself<CHAR>);
}
int NTAPI MicaRuntime_strncmp(CHAR const* left, CHAR const* right, SIZE_T count) {
  return compare(left, right, count, itself<CHAR>);
}
int NTAPI MicaRuntime__stricmp(CHAR const* left, CHAR const* right) {
  return compare(left, right, truncating, lowered<CHAR>);
}
int NTAPI MicaRuntime__strnicmp(CHAR const* left, CHAR const* right, SIZE_T count) {
  return compare(left, right, count, lowered<CHAR>);
}
CHAR const* NTAPI MicaRuntime_strchr(CHAR const* text, int character) {
  return first_of(text, static_cast<CHAR>(character));
}
CHAR const* NTAPI MicaRuntime_strrchr(CHAR const* text, int character) {
  return last_of(text, static_cast<CHAR>(character));
}
CHAR const* NTAPI MicaRuntime_strstr(CHAR const* text, CHAR const* part) {
  return find(text, part);
}
SIZE_T NTAPI MicaRuntime_strspn(CHAR const* text, CHAR const* set) {
  return span(text, set, true);
}
CHAR* NTAPI MicaRuntime__strlwr(CHAR* text) {
  return change_each(text, [](CHAR character) { return lower(character); });
}
CHAR* NTAPI MicaRuntime__strupr(CHAR* text) {
  return change_each(text, [](CHAR character) { return upper(character); });
}
int NTAPI MicaRuntime_strcpy_s(CHAR* to, SIZE_T room, CHAR const* from) {
  return append_checked(to, room, 0, from, longest);
}
int NTAPI MicaRuntime_strcat_s(CHAR* to, SIZE_T room, CHAR const* from) {
  return append_checked(to, room, used_of(to, room), from, longest);
}
int NTAPI MicaRuntime_strncpy_s(CHAR* to, SIZE_T room, CHAR const* from, SIZE_T count) {
  return append_checked(to, room, 0, from, count);
}
int NTAPI MicaRuntime_strncat_s(CHAR* to, SIZE_T room, CHAR const* from, SIZE_T count) {
  return append_checked(to, room, used_of(to, room), from, count);
}
CHAR* NTAPI MicaRuntime_strtok_s(CHAR* text, CHAR const* delimiters, CHAR** context) {
  return next_token(text, delimiters, context);
}

SIZE_T NTAPI MicaRuntime_wcslen(WCHAR const* text) {
  return length_of(text);
}
SIZE_T NTAPI MicaRuntime_wcsnlen(WCHAR const* text, SIZE_T most) {
  return length_within(text, most);
}
WCHAR* NTAPI MicaRuntime_wcscpy(WCHAR* to, WCHAR const* from) {
  append(to, from, truncating);
  return to;
}
WCHAR* NTAPI MicaRuntime_wcsncpy(WCHAR* to, WCHAR const* from, SIZE_T count) {
  return copy_padded(to, from, count);
}
WCHAR* NTAPI MicaRuntime_wcscat(WCHAR* to, WCHAR const* from) {
  append(to + length_of(to), from, truncating);
  return to;
}
WCHAR* NTAPI MicaRuntime_wcsncat(WCHAR* to, WCHAR const* from, SIZE_T count) {
  append(to + length_of(to), from, count);
  return to;
}
int NTAPI MicaRuntime_wcscmp(WCHAR const* left, WCHAR const* right) {
  return compare(left, right, truncating, itself<WCHAR>);
}
int NTAPI MicaRuntime_wcsncmp(WCHAR const* left, WCHAR const* right, SIZE_T count) {
  return compare(left, right, count, itself<WCHAR>);
}
int NTAPI MicaRuntime__wcsicmp(WCHAR const* left, WCHAR const* right) {
  return compare(left, right, truncating, lowered<WCHAR>);
}
int NTAPI MicaRuntime__wcsnicmp(WCHAR const* left, WCHAR const* right, SIZE_T count) {
  return compare(left, right, count, lowered<WCHAR>);
}
WCHAR const* NTAPI MicaRuntime_wcschr(WCHAR const* text, WCHAR character) {
  return first_of(text, character);
}
WCHAR const* NTAPI MicaRuntime_wcsrchr(WCHAR const* text, WCHAR character) {
  return last_of(text, character);
}
WCHAR const* NTAPI MicaRuntime_wcsstr(WCHAR const* text, WCHAR const* part) {
  return find(text, part);
}
SIZE_T NTAPI MicaRuntime_wcsspn(WCHAR const* text, WCHAR const* set) {
  return span(text, set, true);
}
WCHAR* NTAPI MicaRuntime__wcslwr(WCHAR* text) {
  return change_each(text, [](WCHAR character) { return lower(character); });
}
WCHAR* NTAPI MicaRuntime__wcsupr(WCHAR* text) {
  return change_each(text, [](WCHAR character) { return upper(character); });
}
int NTAPI MicaRuntime_wcscpy_s(WCHAR* to, SIZE_T room, WCHAR const* from) {
  return append_checked(to, room, 0, from, longest);
}
int NTAPI MicaRuntime_wcscat_s(WCHAR* to, SIZE_T room, WCHAR const* from) {
  return append_checked(to, room, used_of(to, room), from, longest);
}
int NTAPI MicaRuntime_wcsncpy_s(WCHAR* to, SIZE_T room, WCHAR const* from, SIZE_T count) {
  return append_checked(to, room, 0, from, count);
}
int NTAPI MicaRuntime_wcsncat_s(WCHAR* to, SIZE_T room, WCHAR const* from, SIZE_T count) {
  return append_checked(to, room, used_of(to, room), from, count);
}
SIZE_T NTAPI MicaRuntime_wcscspn(WCHAR const* text, WCHAR const* set) {
  return span(text, set, false);
}
