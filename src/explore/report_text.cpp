#include <fmt/format.h>

#include <filesystem>
#include <fstream>

#include "explore/report.hpp"

namespace mica::explore {
namespace {

bool write(std::filesystem::path const& path, std::string const& text) {
  std::ofstream file{path};
  file << text;
  file.close();
  return !file.fail();
}

std::string line_of(Moment const& moment) {
  std::string const note = moment.note.empty() ? "" : " [" + moment.note + "]";
  std::string const mark = moment.wrong ? ">>" : moment.deviation ? " *" : "  ";
  return fmt::format("{} {:>5}  {:>2}  {:<9} {:<12} {:<52} {}\n", mark, moment.number,
                     moment.processor, name_of_level(moment.level) + (moment.masked ? "!" : ""),
                     moment.who, moment.what + note, moment.place);
}

}  // namespace

std::string report_text(Story const& story) {
  std::string text = fmt::format("{}\n{}\n\n{}\n", story.title, story.replay, story.ending);
  text += fmt::format(
      "   {:>5} {:>3}  {:<9} {:<12} {:<52} {}\n"
      "   (>> went wrong, * differs from the plain execution, ! interrupts are disabled)\n",
      "step", "cpu", "IRQL", "who", "what", "where");
  for (Moment const& moment : story.moments) text += line_of(moment);
  return text;
}

std::string write_reports(Story const& story, std::string const& folder, std::string const& name) {
  std::filesystem::path const base = std::filesystem::path{folder} / name;
  std::error_code ignored;
  std::filesystem::create_directories(folder, ignored);
  bool const written = write(base.string() + ".txt", report_text(story)) &&
                       write(base.string() + ".html", report_html(story)) &&
                       write(base.string() + ".json", report_trace(story));
  return written ? base.string() + ".html" : "";
}

}  // namespace mica::explore
