// Names and expressions of file systems.       [MSDN FsRtlIsNameInExpression, FsRtlAreNamesEqual]
#include <nt/fsrtl.h>
#include <nt/ntstatus.h>
#include <nt/rtl/string.h>

#include <algorithm>
#include <span>

#include "ke/verifier.hpp"
#include "rtl/characters.hpp"

namespace mica::ex {
namespace {

using Characters = std::span<WCHAR const>;

constexpr WCHAR star = u'*', question_mark = u'?', dos_star = u'<', dos_question_mark = u'>',
                dos_dot = u'"', dot = u'.';

// The character of a name as it is compared.
class Fold {
 public:
  Fold(bool ignores_case, WCHAR const* table) noexcept
      : ignores_case_{ignores_case}, table_{table} {}
  [[nodiscard]] WCHAR operator()(WCHAR character) const noexcept {
    if (!ignores_case_) return character;
    return table_ != nullptr ? table_[character] : RtlUpcaseUnicodeChar(character);
  }

 private:
  bool const ignores_case_;
  WCHAR const* const table_;
};

// Follows a name through an expression: `at[i]` says that what was read may stand for the first i
// characters of the expression. So it takes no longer than both lengths multiplied.
class Matcher {
 public:
  // Both arrays have a place more than the expression has characters.
  Matcher(Characters expression, bool* at, bool* next) noexcept
      : expression_{expression}, at_{at}, next_{next} {
    std::fill_n(at_, places(), false);
    at_[0] = true;
  }

  void read(WCHAR character, bool last_dot) noexcept {
    skip_absent(character == dot);
    std::fill_n(next_, places(), false);
    for (std::size_t i = 0; i < expression_.size(); ++i)
      if (at_[i]) advance(i, character, last_dot);
    std::swap(at_, next_);
  }

  [[nodiscard]] bool matches() noexcept {
    skip_absent(true, true);
    return at_[expression_.size()];
  }

 private:
  [[nodiscard]] std::size_t places() const noexcept { return expression_.size() + 1; }

  // What may stand for nothing: here, before a period or at the end.
  void skip_absent(bool at_dot, bool at_end = false) noexcept {
    for (std::size_t i = 0; i < expression_.size(); ++i) {
      WCHAR const wild = expression_[i];
      bool const may = wild == star || wild == dos_star || (wild == dos_question_mark && at_dot) ||
                       (wild == dos_dot && at_end);
      if (at_[i] && may) at_[i + 1] = true;
    }
  }

  void advance(std::size_t i, WCHAR character, bool last_dot) noexcept {
    switch (WCHAR const wild = expression_[i]) {
      case star:
        next_[i] = true;
        break;
      case dos_star:
        next_[i] = next_[i] || !last_dot;
        break;
      case question_mark:
        next_[i + 1] = true;
        break;
      case dos_question_mark:
        next_[i + 1] = next_[i + 1] || character != dot;
        break;
      case dos_dot:
        next_[i + 1] = next_[i + 1] || character == dot;
        break;
      default:
        next_[i + 1] = next_[i + 1] || character == wild;
    }
  }

  Characters const expression_;
  bool* at_;
  bool* next_;
};

[[nodiscard]] bool match(Characters expression, Characters name, Fold fold, bool* places) noexcept {
  Matcher matcher{expression, places, places + expression.size() + 1};
  std::size_t last_dot = name.size();
  while (last_dot > 0 && name[last_dot - 1] != dot) --last_dot;  // behind it; 0: there is none
  for (std::size_t i = 0; i < name.size(); ++i) matcher.read(fold(name[i]), i + 1 == last_dot);
  return matcher.matches();
}

[[nodiscard]] bool is_wild(WCHAR character) noexcept {
  return character == star || character == question_mark || character == dos_star ||
         character == dos_question_mark || character == dos_dot;
}

constexpr ULONG match_tag = 'xEsF';

}  // namespace
}  // namespace mica::ex

using namespace mica;
using namespace mica::ex;

BOOLEAN NTAPI FsRtlDoesNameContainWildCards(PUNICODE_STRING Name) {
  auto const name = rtl::characters(*Name);
  return std::any_of(name.begin(), name.end(), is_wild) ? TRUE : FALSE;
}

BOOLEAN NTAPI FsRtlIsNameInExpression(PUNICODE_STRING Expression, PUNICODE_STRING Name,
                                      BOOLEAN IgnoreCase, PWCH UpcaseTable) {
  MICA_REQUIRE_IRQL_AT_MOST(PASSIVE_LEVEL, Expression);
  auto const expression = rtl::characters(*Expression), name = rtl::characters(*Name);
  Fold const fold{IgnoreCase != FALSE, UpcaseTable};
  constexpr std::size_t few = 64;
  if (expression.size() < few) {
    bool places[2 * few];
    return match(expression, name, fold, places) ? TRUE : FALSE;
  }
  auto* const places = static_cast<bool*>(
      ExAllocatePool2(POOL_FLAG_PAGED, 2 * (expression.size() + 1) * sizeof(bool), match_tag));
  if (places == nullptr) ExRaiseStatus(STATUS_NO_MEMORY);
  bool const matches = match(expression, name, fold, places);
  ExFreePoolWithTag(places, match_tag);
  return matches ? TRUE : FALSE;
}

BOOLEAN NTAPI FsRtlAreNamesEqual(PCUNICODE_STRING ConstantNameA, PCUNICODE_STRING ConstantNameB,
                                 BOOLEAN IgnoreCase, PCWCH UpcaseTable) {
  auto const left = rtl::characters(*ConstantNameA), right = rtl::characters(*ConstantNameB);
  Fold const fold{IgnoreCase != FALSE, UpcaseTable};
  bool const same = std::equal(left.begin(), left.end(), right.begin(), right.end(),
                               [&](WCHAR a, WCHAR b) { return fold(a) == fold(b); });
  return same ? TRUE : FALSE;
}
