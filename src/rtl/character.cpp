// Case of single characters: the simple mappings of Unicode, in no locale.
#include "rtl/case_table.hpp"

#include <nt/rtl/string.h>

#include <algorithm>
#include <iterator>
#include <span>

namespace mica::rtl {
namespace {

[[nodiscard]] WCHAR NTAPI mapped(std::span<CaseRun const> runs, WCHAR character) noexcept {
  auto const after =
      std::upper_bound(runs.begin(), runs.end(), character,
                       [](WCHAR sought, CaseRun const& run) { return sought < run.first; });
  if (after == runs.begin()) return character;
  CaseRun const& run = *std::prev(after);
  bool const inside = character <= run.last && (character - run.first) % run.step == 0;
  return inside ? static_cast<WCHAR>(character + run.delta) : character;
}

}  // namespace
}  // namespace mica::rtl

using namespace mica::rtl;

// Nearly every name is ASCII: it does not search.
WCHAR NTAPI RtlUpcaseUnicodeChar(WCHAR SourceCharacter) {
  if (SourceCharacter >= 0x80) return mapped(upcase_runs, SourceCharacter);
  bool const lower = SourceCharacter >= u'a' && SourceCharacter <= u'z';
  return lower ? static_cast<WCHAR>(SourceCharacter - 0x20) : SourceCharacter;
}

WCHAR NTAPI RtlDowncaseUnicodeChar(WCHAR SourceCharacter) {
  if (SourceCharacter >= 0x80) return mapped(downcase_runs, SourceCharacter);
  bool const upper = SourceCharacter >= u'A' && SourceCharacter <= u'Z';
  return upper ? static_cast<WCHAR>(SourceCharacter + 0x20) : SourceCharacter;
}
