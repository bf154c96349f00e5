#include <fmt/format.h>

#include "litmus.hpp"

namespace mica::explore {
namespace {

constexpr char const* names[] = {"relaxed", "release, acquire", "seq_cst", "acq_rel fences",
                                 "seq_cst fences"};

constexpr char const* head = R"(# Litmus tests

What comes of small programs under each memory model of the explorer. `script/litmus` writes this
page from what ran: every execution that conflicts tell apart, of every program, in five styles,
under the three models. A test compares it with what the run gives.

- Words are 0 at first; processors are separated by `|`; what stands after the last one is read when
  all have ended.
- *relaxed* to *seq_cst* say how the operations are ordered; with *fences*, they are relaxed and a
  fence of that order stands between any two of a processor. `relaxed` in a program holds in every
  style, and no fence stands before such a store.
- An outcome is what was read, in the order of the text, then the final values. Only outcomes that
  sequential consistency forbids are listed. All others come under each model, and none but these:
  the tests compare whole sets.
- *C++20 allows* is the standard. Where it says more than *cxx20* the model is stricter, and the
  last column says why. It never shows what the standard forbids, and on *x86* nothing comes that
  store buffers do not make.

| test | program | outcome | style | C++20 allows | sequential | x86 | cxx20 | |
|---|---|---|---|---|---|---|---|---|
)";

char const* mark(char shown) {
  return shown == 'y' ? "yes" : "";
}

}  // namespace

std::string litmus_page(std::map<std::string, std::string> const& shown) {
  std::string page = head;
  for (Litmus const& test : litmus_tests()) {
    std::string text;
    for (char const letter : std::string_view{test.text}) {
      if (letter == '|') text += '\\';
      text += letter;
    }
    for (WeakOutcome const& weak : test.weak)
      for (std::size_t i = 0; i < styles.size(); ++i) {
        std::string const came = shown.at(std::string{test.name} + weak.outcome).substr(3 * i, 3);
        bool const stricter = weak.allowed[i] == 'y' && came[2] != 'y';
        page += fmt::format("| {} | `{}` | {} | {} | {} | {} | {} | {} | {} |\n", test.name, text,
                            weak.outcome, names[i], mark(weak.allowed[i]), mark(came[0]),
                            mark(came[1]), mark(came[2]), stricter ? test.why : "");
      }
  }
  return page;
}

}  // namespace mica::explore
