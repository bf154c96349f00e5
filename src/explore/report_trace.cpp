#include <fmt/format.h>

#include "explore/json.hpp"
#include "explore/report.hpp"

namespace mica::explore {
namespace {

// Threads of a processor's row group.
constexpr unsigned steps_row = 0, locks_row = 1;

std::string names_of(unsigned processor) {
  std::string text;
  text += fmt::format(
      R"({{"ph":"M","name":"process_name","pid":{},"args":{{"name":"processor {}"}}}},)", processor,
      processor);
  for (auto const& [row, name] : {std::pair{steps_row, "steps"}, std::pair{locks_row, "locks"}})
    text += fmt::format(
        "\n"
        R"({{"ph":"M","name":"thread_name","pid":{},"tid":{},"args":{{"name":"{}"}}}},)",
        processor, row, name);
  return text + "\n";
}

std::string event_of(Moment const& moment, std::size_t at) {
  return fmt::format(
      R"({{"ph":"X","name":{},"cat":{},"pid":{},"tid":{},"ts":{},"dur":1,"args":{{"step":{},)"
      R"("who":{},"irql":{},"note":{},"where":{},"wrong":{}}}}},)"
      "\n",
      quoted(moment.what), quoted(name_of_level(moment.level)), moment.processor, steps_row, at,
      moment.number, quoted(moment.who), quoted(name_of_level(moment.level)), quoted(moment.note),
      quoted(moment.place), moment.wrong);
}

// Asynchronous, because holds of two locks may cross.
std::string event_of(Hold const& hold, std::size_t id) {
  auto const half = [&](char phase, std::size_t at) {
    return fmt::format(R"({{"ph":"{}","cat":"lock","name":{},"id":{},"pid":{},"tid":{},"ts":{}}},)"
                       "\n",
                       phase, quoted(hold.name), id, hold.processor, locks_row, at);
  };
  return half('b', hold.from) + half('e', hold.to);
}

std::string event_of(Arrow const& arrow, Story const& story, std::size_t id) {
  auto const half = [&](char phase, char const* more, std::size_t at) {
    return fmt::format(
        R"({{"ph":"{}"{},"cat":"flow","name":{},"id":{},"pid":{},"tid":{},"ts":{}}},)"
        "\n",
        phase, more, quoted(arrow.label), id, story.moments[at].processor, steps_row, at);
  };
  return half('s', "", arrow.from) + half('f', R"(,"bp":"e")", arrow.to);
}

}  // namespace

std::string report_trace(Story const& story) {
  std::string text = "{\"traceEvents\":[\n";
  for (unsigned i = 0; i < story.processors; ++i) text += names_of(i);
  for (std::size_t i = 0; i < story.moments.size(); ++i) text += event_of(story.moments[i], i);
  for (std::size_t i = 0; i < story.holds.size(); ++i) text += event_of(story.holds[i], i);
  for (std::size_t i = 0; i < story.arrows.size(); ++i) text += event_of(story.arrows[i], story, i);
  text +=
      fmt::format(R"({{"ph":"i","s":"g","name":{},"pid":0,"tid":{},"ts":{}}})", quoted(story.title),
                  steps_row, story.moments.empty() ? 0 : story.moments.size() - 1);
  return text + fmt::format("\n],\"otherData\":{{\"verdict\":{},\"replay\":{}}}}}\n",
                            quoted(story.verdict), quoted(story.replay));
}

}  // namespace mica::explore
