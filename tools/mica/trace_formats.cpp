#include "trace_formats.hpp"

#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>
#include <optional>

namespace mica::tool {
namespace {

using What = TraceEvent::What;
using Document = nlohmann::ordered_json;

constexpr double units_100ns_per_microsecond = 10;

bool begins(TraceEvent const& event) noexcept {
  return event.what == What::call || event.what == What::enter;
}

bool is_access(TraceEvent const& event) noexcept {
  return event.what == What::read || event.what == What::write;
}

// Idle threads are told apart by their processor.
std::uint32_t row_of(TraceEvent const& event) noexcept {
  constexpr std::uint32_t first_idle = 1'000'000;
  return event.thread != 0 ? event.thread : first_idle + event.processor;
}

// ---- Text

class TextTrace {
 public:
  explicit TextTrace(std::FILE* file) noexcept : file_{file} {}

  void add(TraceEvent const& event) {
    if (held_ && event.what == What::result && event.number == held_->number) {
      print(*held_, call_text(*held_) + result_text(event));
      held_.reset();
      return;
    }
    flush();
    if (event.what == What::call)
      held_ = event;
    else
      tell(event);
  }

  void flush() {
    if (!held_) return;
    print(*held_, call_text(*held_) + " ...");
    ++depth_[row_of(*held_)];
    held_.reset();
  }

 private:
  void tell(TraceEvent const& event) {
    if (is_access(event)) return print(event, access_text(event));
    unsigned& depth = depth_[row_of(event)];
    if (event.what == What::enter) {
      print(event, fmt::format("> {}({}) at {}", event.name, arguments(event), event.place));
      ++depth;
      return;
    }
    if (depth != 0) --depth;
    print(event, (event.what == What::leave ? "< " : "... ") + event.name + result_text(event));
  }

  static std::string arguments(TraceEvent const& event) {
    std::string text;
    for (TraceValue const& each : event.arguments)
      text += fmt::format("{}{}={}", text.empty() ? "" : ", ", each.name, each.text);
    return text;
  }
  static std::string call_text(TraceEvent const& event) {
    return fmt::format("{}({}) {}", event.name, arguments(event),
                       event.place.empty() ? "by a jump" : "from " + event.place);
  }
  static std::string access_text(TraceEvent const& event) {
    return fmt::format("{} {} = {} ({}){}", event.what == What::read ? "read" : "write", event.name,
                       event.value, arguments(event),
                       event.place.empty() ? "" : " at " + event.place);
  }
  static std::string result_text(TraceEvent const& event) {
    return event.value.empty() ? "" : " = " + event.value;
  }

  void print(TraceEvent const& event, std::string const& text) {
    constexpr std::uint64_t second = 10'000'000;
    std::string const thread =
        event.thread == 0 ? std::string{"idle"} : fmt::format("{}", event.thread);
    fmt::print(file_, "{:5}.{:07} {:>2} {:>4} {:>2}  {:{}}{}\n", event.time_100ns / second,
               event.time_100ns % second, event.processor, thread, event.irql, "",
               2 * depth_[row_of(event)], text);
  }

  std::FILE* file_;
  std::optional<TraceEvent> held_;
  std::map<std::uint32_t, unsigned> depth_;  // by row
};

void write_text(std::FILE* file, Trace const& trace) {
  fmt::print(file, "# seconds processor thread IRQL\n");
  TextTrace text{file};
  trace.each([&](TraceEvent const& event) { text.add(event); });
  text.flush();
  if (trace.lost() != 0) fmt::print(file, "# {} more were not kept\n", trace.lost());
}

// ---- JSON

char const* name_of(What what) noexcept {
  switch (what) {
    case What::call:
      return "call";
    case What::result:
      return "result";
    case What::enter:
      return "enter";
    case What::read:
      return "read";
    case What::write:
      return "write";
    case What::leave:
      break;
  }
  return "leave";
}

Document arguments_of(TraceEvent const& event) {
  Document arguments = Document::object();
  for (TraceValue const& each : event.arguments) arguments[each.name] = each.text;
  return arguments;
}

void write_json(std::FILE* file, Trace const& trace) {
  trace.each([&](TraceEvent const& event) {
    Document line = {{"what", name_of(event.what)},
                     {"number", event.number},
                     {"name", event.name},
                     {"time_100ns", event.time_100ns},
                     {"processor", event.processor},
                     {"thread", event.thread},
                     {"irql", event.irql}};
    if (begins(event) || is_access(event)) {
      line["place"] = event.place;
      line["arguments"] = arguments_of(event);
    }
    if (!event.value.empty()) line["value"] = event.value;
    fmt::print(file, "{}\n", line.dump());
  });
  if (trace.lost() != 0)
    fmt::print(file, "{}\n", Document{{"what", "lost"}, {"count", trace.lost()}}.dump());
}

// ---- Perfetto: its "JSON trace event format"

char const* phase_of(TraceEvent const& event) noexcept {
  if (is_access(event)) return "i";
  return begins(event) ? "B" : "E";
}

Document slice_of(TraceEvent const& event) {
  Document slice = {{"ph", phase_of(event)},
                    {"name", event.name},
                    {"ts", static_cast<double>(event.time_100ns) / units_100ns_per_microsecond},
                    {"pid", 1},
                    {"tid", row_of(event)}};
  if (is_access(event)) slice["s"] = "t";  // the thread's
  if (begins(event) || is_access(event)) {
    slice["args"] = arguments_of(event);
    if (is_access(event)) slice["args"][name_of(event.what)] = event.value;
    slice["args"]["place"] = event.place;
    slice["args"]["processor"] = event.processor;
    slice["args"]["irql"] = event.irql;
  } else if (!event.value.empty()) {
    slice["args"] = {{"value", event.value}};
  }
  return slice;
}

void write_perfetto(std::FILE* file, Trace const& trace) {
  std::map<std::uint32_t, std::string> rows;
  fmt::print(file, "{{\"traceEvents\":[\n");
  trace.each([&](TraceEvent const& event) {
    rows.try_emplace(row_of(event), event.thread != 0
                                        ? fmt::format("thread {}", event.thread)
                                        : fmt::format("idle thread {}", event.processor));
    fmt::print(file, "{},\n", slice_of(event).dump());
  });
  for (auto const& [row, name] : rows)
    fmt::print(file, "{},\n",
               Document{{"ph", "M"},
                        {"name", "thread_name"},
                        {"pid", 1},
                        {"tid", row},
                        {"args", {{"name", name}}}}
                   .dump());
  Document const process = {
      {"ph", "M"}, {"name", "process_name"}, {"pid", 1}, {"args", {{"name", "mica"}}}};
  fmt::print(file, "{}\n],\"otherData\":{{\"lost\":{}}}}}\n", process.dump(), trace.lost());
}

}  // namespace

void write_trace(std::FILE* file, Trace const& trace, TraceFormat format) {
  switch (format) {
    case TraceFormat::text:
      return write_text(file, trace);
    case TraceFormat::json:
      return write_json(file, trace);
    case TraceFormat::perfetto:
      return write_perfetto(file, trace);
  }
}

}  // namespace mica::tool
