// Formats: parses, fetches arguments, writes numbers and strings.
#include "rtl/format.hpp"

#include "rtl/ansi.hpp"
#include "rtl/characters.hpp"
#include "rtl/specification.hpp"

#include <algorithm>
#include <iterator>
#include <type_traits>

namespace mica::rtl {
namespace {

// ---- Parsing. A width of more than this is no width: text is never that long.
constexpr int widest = 0xFFFF;
constexpr CHAR other_type = 1;  // no letter of ASCII: it means nothing

template <class Character>
class Formatter {
 public:
  Formatter(BasicText<Character>& text, Character const* format, MS_VA_LIST arguments) noexcept
      : text_{text}, at_{format}, arguments_{arguments} {}

  void run() noexcept {
    while (*at_ != 0) {
      Character const character = *at_++;
      if (character != '%') {
        text_.put(character);
      } else {
        convert(parse());
      }
    }
  }

 private:
  template <class Type>
  [[nodiscard]] Type next() noexcept {
    return __builtin_va_arg(arguments_, Type);
  }

  [[nodiscard]] Specification parse() noexcept {
    Specification result;
    while (take_flag(result)) ++at_;
    result.width = count();
    if (result.width < 0) {
      result.left = true;
      result.width = -result.width;
    }
    if (*at_ == '.') {
      ++at_;
      result.precision = std::max(count(), -1);
    }
    while (take_size(result)) continue;
    result.type = static_cast<std::make_unsigned_t<Character>>(*at_) < 0x80
                      ? static_cast<CHAR>(*at_)
                      : other_type;
    if (*at_ != 0) ++at_;
    return result;
  }

  [[nodiscard]] bool take_flag(Specification& result) const noexcept {
    switch (*at_) {
      case '-':
        return result.left = true;
      case '+':
        return result.plus = true;
      case ' ':
        return result.blank = true;
      case '#':
        return result.alternate = true;
      case '0':
        return result.zero = true;
      default:
        return false;
    }
  }

  // Digits, or an argument.
  [[nodiscard]] int count() noexcept {
    if (*at_ == '*') {
      ++at_;
      return std::clamp(next<int>(), -widest, widest);
    }
    int value = 0;
    for (; *at_ >= '0' && *at_ <= '9'; ++at_) value = std::min(value * 10 + (*at_ - '0'), widest);
    return value;
  }

  [[nodiscard]] bool take_size(Specification& result) noexcept {
    switch (*at_) {
      case 'h':
        result.size = Size::half;
        break;
      case 'l':
        result.size = at_[1] == 'l' ? Size::quad : Size::wide;
        if (at_[1] == 'l') ++at_;
        break;
      case 'w':
        result.size = Size::wide;
        break;
      case 'I':
        result.size = Size::quad;  // I alone is as wide as a pointer
        if (at_[1] == '6' && at_[2] == '4') at_ += 2;
        if (at_[1] == '3' && at_[2] == '2') {
          result.size = Size::native;
          at_ += 2;
        }
        break;
      default:
        return false;
    }
    ++at_;
    return true;
  }

  void convert(Specification specification) noexcept {
    switch (specification.type) {
      case 'd':
      case 'i':
        return signed_number(specification);
      case 'u':
        return number(specification, unsigned_argument(specification), "", 10);
      case 'o':
        return number(specification, unsigned_argument(specification), "", 8);
      case 'x':
      case 'X':
        return hexadecimal(specification);
      case 'p':
        return pointer(specification);
      case 'c':
      case 'C':
        return character(specification);
      case 's':
      case 'S':
        return string(specification);
      case 'Z':
        return counted(specification);
      case 0:
        return;
      default:
        return text_.put(at_[-1]);
    }
  }

  // ---- Numbers.
  [[nodiscard]] ULONGLONG unsigned_argument(Specification const& specification) noexcept {
    if (specification.size == Size::quad) return next<ULONGLONG>();
    ULONG const value = next<ULONG>();
    return specification.size == Size::half ? static_cast<USHORT>(value) : value;
  }

  void signed_number(Specification const& specification) noexcept {
    LONGLONG value = 0;
    if (specification.size == Size::quad) {
      value = next<LONGLONG>();
    } else {
      LONG const narrow = next<LONG>();
      value = specification.size == Size::half ? static_cast<SHORT>(narrow) : narrow;
    }
    PCSTR const sign = specification.plus ? "+" : specification.blank ? " " : "";
    ULONGLONG const bits = static_cast<ULONGLONG>(value);
    number(specification, value < 0 ? 0 - bits : bits, value < 0 ? "-" : sign, 10);
  }

  void hexadecimal(Specification const& specification) noexcept {
    ULONGLONG const value = unsigned_argument(specification);
    bool const upper = specification.type == 'X';
    PCSTR const prefix = specification.alternate && value != 0 ? (upper ? "0X" : "0x") : "";
    number(specification, value, prefix, 16);
  }

  void pointer(Specification specification) noexcept {
    specification.precision = 2 * sizeof(PVOID);
    auto const value = reinterpret_cast<ULONG_PTR>(next<PVOID>());
    number(specification, value, specification.alternate ? "0X" : "", 16);
  }

  // Precision is the least number of digits; without one, the flag 0 pads behind the prefix. The
  // flag # gives an octal number a zero in front unless one is there.
  void number(Specification const& specification, ULONGLONG value, PCSTR prefix,
              unsigned base) noexcept {
    CHAR digits[22];
    CHAR* first = std::end(digits);
    PCSTR const alphabet = specification.type == 'x' ? "0123456789abcdef" : "0123456789ABCDEF";
    for (; value != 0; value /= base) *--first = alphabet[value % base];
    auto const length = static_cast<int>(std::end(digits) - first);
    auto const prefix_length = static_cast<int>(length_of(prefix));
    int least = specification.precision < 0 ? 1 : specification.precision;
    if (specification.precision < 0 && specification.zero && !specification.left) {
      least = std::max(least, specification.width - prefix_length);
    }
    int shown = std::max(length, least);
    if (base == 8 && specification.alternate && shown == length) ++shown;
    padded(specification, prefix_length + shown, ' ', [&] {
      for (; *prefix != 0; ++prefix) text_.put(static_cast<Character>(*prefix));
      text_.put('0', static_cast<std::size_t>(shown - length));
      for (; first != std::end(digits); ++first) text_.put(static_cast<Character>(*first));
    });
  }

  // ---- Characters and strings.
  [[nodiscard]] static bool is_wide(Specification const& specification) noexcept {
    if (specification.size == Size::half) return false;
    bool const capital = specification.type == 'S' || specification.type == 'C';
    return specification.size == Size::wide || capital != std::is_same_v<Character, WCHAR>;
  }

  void character(Specification const& specification) noexcept {
    auto const argument = next<int>();
    Character const shown = is_wide(specification) ? shown_as(static_cast<WCHAR>(argument))
                                                   : shown_as(static_cast<CHAR>(argument));
    padded(specification, 1, fill_of(specification), [&] { text_.put(shown); });
  }

  void string(Specification const& specification) noexcept {
    void const* const argument = next<void*>();
    if (argument == nullptr) return characters(specification, "(null)", 6);
    if (is_wide(specification)) {
      auto const* const text = static_cast<WCHAR const*>(argument);
      return characters(specification, text, length_within(text, specification.precision));
    }
    auto const* const text = static_cast<CHAR const*>(argument);
    characters(specification, text, length_within(text, specification.precision));
  }

  void counted(Specification const& specification) noexcept {
    void const* const argument = next<void*>();
    if (argument == nullptr) return characters(specification, "(null)", 6);
    if (specification.size == Size::wide) {
      auto const& text = *static_cast<UNICODE_STRING const*>(argument);
      if (text.Buffer == nullptr) return characters(specification, "(null)", 6);
      return characters(specification, text.Buffer, static_cast<int>(text.Length / sizeof(WCHAR)));
    }
    auto const& text = *static_cast<STRING const*>(argument);
    if (text.Buffer == nullptr) return characters(specification, "(null)", 6);
    characters(specification, text.Buffer, text.Length);
  }

  // With a precision nothing beyond it is read: there may be no terminating null.
  template <class Given>
  [[nodiscard]] static int length_within(Given const* text, int limit) noexcept {
    int length = 0;
    while ((limit < 0 || length < limit) && text[length] != 0) ++length;
    return length;
  }

  [[nodiscard]] static Character shown_as(CHAR character) noexcept {
    if constexpr (std::is_same_v<Character, CHAR>)
      return character;
    else
      return unicode_of(character);
  }
  [[nodiscard]] static Character shown_as(WCHAR character) noexcept {
    if constexpr (std::is_same_v<Character, CHAR>)
      return ansi_of(character);
    else
      return character;
  }
  [[nodiscard]] static CHAR fill_of(Specification const& specification) noexcept {
    return specification.zero ? '0' : ' ';
  }

  template <class Given>
  void characters(Specification const& specification, Given const* text, int length) noexcept {
    if (specification.precision >= 0) length = std::min(length, specification.precision);
    padded(specification, length, fill_of(specification), [&] {
      for (int at = 0; at < length; ++at) text_.put(shown_as(text[at]));
    });
  }

  template <class Write>
  void padded(Specification const& specification, int length, CHAR fill, Write write) noexcept {
    auto const missing = static_cast<std::size_t>(std::max(specification.width - length, 0));
    if (!specification.left) text_.put(fill, missing);
    write();
    if (specification.left) text_.put(' ', missing);
  }

  BasicText<Character>& text_;
  Character const* at_;
  MS_VA_LIST arguments_;
};

}  // namespace

void NTAPI format(Text& text, PCSTR format, MS_VA_LIST arguments) noexcept {
  Formatter<CHAR>{text, format, arguments}.run();
}

void NTAPI format(WideText& text, PCWSTR format, MS_VA_LIST arguments) noexcept {
  Formatter<WCHAR>{text, format, arguments}.run();
}

}  // namespace mica::rtl
