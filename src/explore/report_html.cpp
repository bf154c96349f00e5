#include <fmt/format.h>

#include <algorithm>

#include "explore/report.hpp"

namespace mica::explore {
namespace {

// Pixels.
constexpr unsigned row_height = 19, head_height = 26, number_width = 56;
constexpr unsigned lock_width = 9, lock_columns = 4;
constexpr unsigned step_width = 470, lane_width = step_width + lock_columns * lock_width + 40;

constexpr char const* style = R"(
body { font: 14px sans-serif; margin: 16px; background: #fff; color: #1b1b1b }
h1 { font-size: 20px; margin: 0 0 6px } code, pre, svg { font-family: monospace }
code { background: #f1f1f1; padding: 3px 6px; user-select: all }
pre { background: #f7f7f7; padding: 8px; max-height: 16em; overflow: auto; font-size: 12px }
.key span { padding: 2px 8px; margin-right: 6px; border: 1px solid #999 }
text { font-size: 11px } .number { fill: #777; text-anchor: end } .lane { font-weight: bold }
rect { stroke: #999; stroke-width: .6 } .where { fill: #666; text-anchor: end; font-size: 9px }
.l0, .key .l0 { fill: #e3f1e3; background: #e3f1e3 }
.l1, .key .l1 { fill: #dbe9f7; background: #dbe9f7 }
.l2, .key .l2 { fill: #fdeec2; background: #fdeec2 }
.l3, .key .l3 { fill: #f8d5c2; background: #f8d5c2 }
.l4, .key .l4 { fill: #e9cdea; background: #e9cdea }
g:hover rect { stroke: #000; stroke-width: 1.6 }
.wrong rect, .key .wrong { stroke: #d00000; stroke-width: 3; border: 3px solid #d00000 }
.deviation rect, .key .deviation { stroke-dasharray: 4 2; stroke: #000; border: 1px dashed #000 }
.hold { fill: #8a5a00; stroke: none } .hold:hover, .key .hold { fill: #d08a00; background: #8a5a00 }
.key .hold { color: #fff }
.arrow { stroke: #0645ad; stroke-width: 1.6; fill: none; marker-end: url(#tip) }
)";

std::string escaped(std::string_view text) {
  std::string out;
  for (char const letter : text) {
    switch (letter) {
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '&':
        out += "&amp;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += letter;
    }
  }
  return out;
}

std::string clipped(std::string const& text, std::size_t most) {
  return text.size() <= most ? text : text.substr(0, most - 2) + "..";
}

// PASSIVE, APC, DISPATCH, devices, and clock and above.
unsigned shade_of(KIRQL level) noexcept {
  return level < hal_host::first_device_level ? level : level < hal_host::clock_level ? 3 : 4;
}

unsigned lane_x(unsigned processor) noexcept {
  return number_width + processor * lane_width;
}
unsigned step_x(unsigned processor) noexcept {
  return lane_x(processor) + lock_columns * lock_width + 4;
}
std::size_t row_y(std::size_t index) noexcept {
  return head_height + index * row_height;
}

std::string title_of(Moment const& moment) {
  std::string text = fmt::format("step {}: {} at {}{}\n{}\n", moment.number, moment.who,
                                 name_of_level(moment.level),
                                 moment.masked ? ", interrupts disabled" : "", moment.what);
  if (!moment.note.empty()) text += moment.note + "\n";
  for (std::string const& frame : moment.stack) text += "  " + frame + "\n";
  return escaped(text);
}

std::string step_of(Moment const& moment, std::size_t index) {
  constexpr std::size_t letters = 46;
  std::size_t const y = row_y(index);
  unsigned const x = step_x(moment.processor);
  std::string const note = moment.note.empty() ? "" : " [" + moment.note + "]";
  std::string const where = moment.place.substr(moment.place.rfind('/') + 1);
  return fmt::format(
      "<g class=\"{}{}\"><title>{}</title><rect class=\"l{}\" x=\"{}\" y=\"{}\" width=\"{}\" "
      "height=\"{}\"/><text x=\"{}\" y=\"{}\">{}</text><text class=\"where\" x=\"{}\" y=\"{}\">{}"
      "</text></g><text class=\"number\" x=\"{}\" y=\"{}\">{}</text>\n",
      moment.wrong ? "wrong" : "", moment.deviation ? " deviation" : "", title_of(moment),
      shade_of(moment.level), x, y + 1, step_width, row_height - 2, x + 5, y + 14,
      escaped(clipped(moment.what + note, letters)), x + step_width - 5, y + 13,
      escaped(clipped(where, 26)), number_width - 8, y + 14, moment.number);
}

// Holds that overlap stand beside each other.
std::string holds_of(Story const& story) {
  std::string text;
  std::vector<std::vector<std::size_t>> ends(story.processors,
                                             std::vector<std::size_t>(lock_columns, 0));
  auto holds = story.holds;
  std::sort(holds.begin(), holds.end(),
            [](Hold const& a, Hold const& b) { return a.from < b.from; });
  for (Hold const& hold : holds) {
    auto& columns = ends[hold.processor];
    auto free = std::find_if(columns.begin(), columns.end(),
                             [&](std::size_t end) { return end <= hold.from; });
    if (free == columns.end()) free = columns.end() - 1;
    *free = hold.to + 1;
    text += fmt::format(
        "<rect class=\"hold\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"><title>{} is locked"
        "</title></rect>\n",
        lane_x(hold.processor) + static_cast<unsigned>(columns.end() - 1 - free) * lock_width,
        row_y(hold.from) + 2, lock_width - 3, row_y(hold.to) - row_y(hold.from) + row_height - 4,
        escaped(hold.name));
  }
  return text;
}

std::string arrow_of(Arrow const& arrow, Story const& story) {
  Moment const& from = story.moments[arrow.from];
  Moment const& to = story.moments[arrow.to];
  bool const rightwards = to.processor > from.processor;
  unsigned const x1 = step_x(from.processor) + (to.processor < from.processor ? 0 : step_width);
  unsigned const x2 = step_x(to.processor) + (rightwards ? 0 : step_width);
  std::size_t const y1 = row_y(arrow.from) + row_height / 2;
  std::size_t const y2 = row_y(arrow.to) + row_height / 2;
  unsigned const bend = from.processor == to.processor ? 26 : 0;
  return fmt::format(
      "<path class=\"arrow\" d=\"M{} {} C{} {} {} {} {} {}\"><title>{}</title></path>\n", x1, y1,
      x1 + bend, y1, x2 + bend, y2, x2, y2, escaped(arrow.label));
}

std::string key() {
  return "<p class=\"key\"><span class=\"l0\">PASSIVE</span><span class=\"l1\">APC</span>"
         "<span class=\"l2\">DISPATCH</span><span class=\"l3\">device</span>"
         "<span class=\"l4\">clock and above</span><span class=\"hold\">lock held</span>"
         "<span class=\"deviation\">differs from the plain execution</span>"
         "<span class=\"wrong\">went wrong</span></p>\n";
}

}  // namespace

std::string report_html(Story const& story) {
  std::string page = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>{}</title>\n"
      "<style>{}</style></head>\n<body>\n<h1>{}</h1>\n<p><code>{}</code></p>\n<pre>{}</pre>\n{}",
      escaped(story.title), style, escaped(story.title), escaped(story.replay),
      escaped(story.ending), key());
  page += fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{}\" height=\"{}\">\n"
      "<defs><marker id=\"tip\" markerWidth=\"8\" markerHeight=\"8\" refX=\"7\" refY=\"4\" "
      "orient=\"auto\"><path d=\"M0 0 L8 4 L0 8 z\" fill=\"#0645ad\"/></marker></defs>\n",
      lane_x(story.processors), row_y(story.moments.size() + 1));
  for (unsigned i = 0; i < story.processors; ++i)
    page +=
        fmt::format("<text class=\"lane\" x=\"{}\" y=\"16\">processor {}</text>\n", step_x(i), i);
  page += holds_of(story);
  for (std::size_t i = 0; i < story.moments.size(); ++i) page += step_of(story.moments[i], i);
  for (Arrow const& arrow : story.arrows) page += arrow_of(arrow, story);
  return page + "</svg>\n</body>\n</html>\n";
}

}  // namespace mica::explore
