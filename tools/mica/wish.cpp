#include "wish.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "command.hpp"

namespace mica::tool {
namespace {

Shard parse_shard(std::string const& text) {
  Shard shard;
  char rest = 0;
  if (std::sscanf(text.c_str(), "%lu/%lu%c", &shard.number, &shard.count, &rest) != 2 ||
      shard.number < 1 || shard.number > shard.count)
    throw Wrong{fmt::format("--shard {}: I/N is wanted, with I from 1 to N", text)};
  return shard;
}

// Blanks end a value in MICA_EXPLORE.
void no_blanks(std::string const& what) {
  if (what.find_first_of(" \t\n") != what.npos)
    throw Wrong{fmt::format("'{}': no blanks are possible in a name or folder", what)};
}

// Whether it begins as Windows' images do.
bool is_image(std::filesystem::path const& program) {
  std::ifstream file{program, std::ios::binary};
  return file.get() == 'M' && file.get() == 'Z';
}

void add_driver_options(CLI::App& command, DriverWish& driver) {
  static std::map<std::string, bool> const verifiers = {{"off", false}, {"standard", true}};
  static std::map<std::string, bool> const missing = {{"refuse", false}, {"trap", true}};
  command.add_option("--script", driver.script, "BINARY is a driver: what its threads ask of it")
      ->check(CLI::ExistingFile)
      ->group("Of a driver");
  command.add_option("--name", driver.name, "Its service's name; else its file's, without .sys")
      ->group("Of a driver");
  command.add_option("--processors", driver.processors, "Else one for each thread of the script")
      ->check(CLI::Range(1, 16))
      ->group("Of a driver");
  command.add_option("--points", driver.points, "Where threads may be preempted: calls or all")
      ->check(CLI::IsMember({"calls", "all"}))
      ->group("Of a driver");
  command.add_option("--verifier", driver.verifier, "Rules that are judged: off or standard")
      ->transform(CLI::CheckedTransformer(verifiers).description(""))
      ->type_name("SET")
      ->group("Of a driver");
  command.add_option("--missing", driver.traps, "Of imports that are not there: refuse or trap")
      ->transform(CLI::CheckedTransformer(missing).description(""))
      ->type_name("WHAT")
      ->group("Of a driver");
}

std::string file_name(std::string name) {
  std::ranges::replace(name, '/', '_');
  return name;
}

}  // namespace

void Wish::add_options(CLI::App& command) {
  command.add_option("BINARY", program, "A program with explorations, or a driver and --script")
      ->required()
      ->check(CLI::ExistingFile);
  command.add_option("NAME", pattern, "Only those of this name; * and ? stand for others");
  command.add_option("--strategy", strategy, "Instead of what each exploration asks for itself")
      ->check(CLI::IsMember(
          {"seeded", "random", "pct", "bounded", "dpor", "depth-first", "portfolio"}));
  command.add_option("--preemptions", preemptions, "At most so many (bounded, portfolio)");
  command.add_option("--memory", memory, "What loads may see")
      ->check(CLI::IsMember({"sequential", "x86", "cxx20"}));
  command
      .add_option("--seconds", seconds, "Wall time of all, divided among the names; by portfolio")
      ->check(CLI::PositiveNumber);
  command.add_option("--executions", executions, "Of each name, at most")
      ->check(CLI::PositiveNumber);
  command.add_option("--distinct", distinct, "Of each name: so many distinct schedules")
      ->check(CLI::PositiveNumber);
  command.add_option("--seed", seed, "The first one")->check(CLI::PositiveNumber);
  command.add_option("--shard", shard_text, "I/N: the Ith of N parts that add up to the whole");
  command.add_option("--workers", workers, "So many processes; a lone NAME is split among them")
      ->check(CLI::Range(1, 1024));
  command.add_option("--checkpoint", checkpoints, "Folder to keep in how far each came");
  command.add_flag("--resume", resume, "Go on from there");
  command.add_option("--json", json, "All results as one document, to a file or -");
  command.add_option("--report", reports, "Folder for page, text and trace of failures");
  command.add_option("--hang", patience, "Seconds without a word after which BINARY hangs")
      ->capture_default_str()
      ->check(CLI::Range(1, 1'000'000));
  command.add_flag("--no-races", no_races, "Look for no races");
  command.add_flag("--list", list, "Print the names and explore nothing");
  command.add_option("--replay", replay, "NAME:SCHEDULE of a failure: that execution and no other");
  add_driver_options(command, driver);
}

void Wish::check() {
  if (!shard_text.empty()) shard = parse_shard(shard_text);
  if (resume && checkpoints.empty()) throw Wrong{"--resume needs --checkpoint FOLDER"};
  if (preemptions && !strategy.empty() && strategy != "bounded" && strategy != "portfolio")
    throw Wrong{fmt::format("--preemptions means nothing to --strategy {}", strategy)};
  bool const driver_options = !driver.name.empty() || driver.processors || driver.verifier ||
                              driver.traps || driver.points != "calls";
  if (!of_driver() && driver_options)
    throw Wrong{
        "--name, --processors, --points, --verifier and --missing are of a driver: --script "
        "FILE says what to ask of it"};
  if (!of_driver() && is_image(program))
    throw Wrong{
        fmt::format("'{}' is a driver: --script FILE says what to ask of it", program.string())};
  if (!replay.empty() && replay.find(':') == replay.npos)
    throw Wrong{fmt::format("--replay {}: NAME:SCHEDULE is wanted", replay)};
  if (seconds && strategy.empty() && !preemptions) strategy = "portfolio";
  driver.image = program.string();
  program = std::filesystem::absolute(program);
  if (!checkpoints.empty()) checkpoints = std::filesystem::absolute(checkpoints);
  if (!reports.empty()) reports = std::filesystem::absolute(reports);
  no_blanks(checkpoints.string());
}

Command Wish::listing() const {
  std::string const keys = fmt::format("list=1 progress={}", Child::events_descriptor);
  return {program, arguments, {{"MICA_EXPLORE", keys}, {"MICA_REPLAY", ""}}};
}

Command Wish::command(Job const& job, std::optional<double> most_seconds) const {
  std::string keys = fmt::format("name={} progress={}", job.name, Child::events_descriptor);
  auto const add = [&](char const* key, auto const& value) {
    keys += fmt::format(" {}={}", key, value);
  };
  if (!strategy.empty()) add("strategy", strategy);
  if (!memory.empty()) add("memory", memory);
  if (preemptions) add("preemptions", *preemptions);
  if (most_seconds) add("seconds", fmt::format("{:.3f}", *most_seconds));
  if (executions) add("executions", *executions);
  if (distinct) add("distinct", *distinct);
  if (seed) add("seed", *seed);
  if (job.shard.count > 1) add("shard", job.shard.text());
  if (!checkpoints.empty()) add("checkpoint", checkpoint(job).string());
  if (no_races) add("races", 0);
  std::map<std::string, std::string> environment = {{"MICA_EXPLORE", keys},
                                                    {"MICA_REPLAY", replay}};
  if (!reports.empty()) environment["MICA_REPORT"] = reports.string();
  return {program, arguments, environment};
}

std::filesystem::path Wish::checkpoint(Job const& job) const {
  return checkpoints /
         fmt::format("{}.{}-of-{}", file_name(job.name), job.shard.number, job.shard.count);
}

nlohmann::ordered_json Wish::asked() const {
  nlohmann::ordered_json result = nlohmann::ordered_json::object();
  auto const add = [&](char const* key, auto const& value) {
    if (value) result[key] = *value;
  };
  if (!strategy.empty()) result["strategy"] = strategy;
  if (!memory.empty()) result["memory"] = memory;
  add("preemptions", preemptions);
  add("seconds", seconds);
  add("executions", executions);
  add("distinct", distinct);
  add("seed", seed);
  result["shard"] = shard.text();
  result["races"] = !no_races && !of_driver();
  if (of_driver()) {
    result["script"] = driver.script;
    result["points"] = driver.points;
    result["verifier"] = driver.verifier;
  }
  return result;
}

std::optional<double> Budget::share(std::size_t left) const {
  if (!wish_.seconds) return {};
  std::chrono::duration<double> const gone = std::chrono::steady_clock::now() - began_;
  double const rest = std::max(*wish_.seconds - gone.count(), 0.001);
  double const at_once = static_cast<double>(std::min<std::size_t>(wish_.workers, left));
  return rest * at_once / static_cast<double>(left);
}

void prepare_checkpoints(Wish const& wish, std::deque<Job> const& jobs) {
  for (Job const& job : jobs) no_blanks(job.name);
  if (wish.checkpoints.empty()) return;
  std::error_code error;
  std::filesystem::create_directories(wish.checkpoints, error);
  if (error) throw Wrong{fmt::format("'{}': {}", wish.checkpoints.string(), error.message())};
  bool const there = std::ranges::any_of(
      jobs, [&](Job const& job) { return std::filesystem::exists(wish.checkpoint(job)); });
  if (there && !wish.resume)
    throw Wrong{
        fmt::format("'{}' has checkpoints: --resume goes on from them", wish.checkpoints.string())};
  if (!there && wish.resume)
    throw Wrong{fmt::format("'{}' has no checkpoint of these explorations and this split",
                            wish.checkpoints.string())};
}

std::string commit() {
  std::string text;
  std::FILE* const git =
      popen("git describe --always --abbrev=12 --exclude='*' --dirty=-changed 2>/dev/null", "r");
  if (!git) return text;
  for (int letter; (letter = std::fgetc(git)) != EOF && letter != '\n';)
    text += static_cast<char>(letter);
  pclose(git);
  return text;
}

}  // namespace mica::tool
