// What special pool is asked for is said as GFlags has it: a tag, in which `?` stands for any
// character and a `*` at the end for any rest.     [MSDN "Configuring Kernel Special Pool", GFlags]
#include "init/special_pool.hpp"

#include <machine.hpp>

#include <optional>

#include "init/options.hpp"
#include "init/refused_option.hpp"

namespace mica::init {
namespace {

// A tag of fewer than four characters ends in spaces; the first character is the lowest byte.
[[nodiscard]] std::optional<mm::SpecialChoice> choice_of(std::string_view pattern) noexcept {
  constexpr std::size_t length = 4;
  if (pattern.empty() || pattern.size() > length) return std::nullopt;
  mm::SpecialChoice choice;
  bool rest = false;
  for (std::size_t i = 0; i < length; ++i) {
    bool const given = i < pattern.size();
    if (given && rest) return std::nullopt;  // behind a `*`
    char const character = given ? pattern[i] : ' ';
    rest = rest || (given && character == '*');
    bool const any = rest || character == '?';
    choice.tag |= any ? 0 : ULONG{static_cast<UCHAR>(character)} << (8 * i);
    choice.ignored |= any ? ULONG{0xFF} << (8 * i) : 0;
  }
  return choice;
}

}  // namespace

void choose_special_pool(mm::State& state) noexcept {
  constexpr ULONG_PTR place = 4;
  constexpr std::string_view tag_name = "special-pool", align_name = "special-pool-align";
  std::string_view const options{Machine::command_line()};
  std::string_view const align = option(options, align_name);
  bool const at_beginning = align == "start";
  if (align.data() != nullptr && !at_beginning && align != "end")
    refuse_option(align_name, align, "start or end", place);
  std::string_view const tag = option(options, tag_name);
  if (tag.data() == nullptr) return;
  std::optional<mm::SpecialChoice> choice = choice_of(tag);
  if (!choice)
    refuse_option(tag_name, tag, "a tag of one to four characters, ? for any, * for any rest",
                  place);
  choice->at_beginning = at_beginning;
  if (!mm::choose_special_pool(state, *choice)) ke::bugcheck(PHASE0_INITIALIZATION_FAILED, 5);
}

}  // namespace mica::init
