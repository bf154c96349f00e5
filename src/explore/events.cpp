#include "explore/events.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <stdexcept>

#include "explore/json.hpp"

namespace mica::explore {
namespace {

double seconds(std::chrono::nanoseconds time) noexcept {
  return static_cast<double>(time.count()) * 1e-9;
}

template <class Number>
std::string or_null(std::optional<Number> const& number) {
  return number ? fmt::format("{}", *number) : "null";
}

std::string or_null(std::optional<std::string> const& text) {
  return text ? quoted(*text) : "null";
}

std::string rounded(std::optional<double> const& number) {
  return number ? fmt::format("{:.0f}", *number) : "null";
}

}  // namespace

Events::Events(std::string const& where) {
  if (where.empty()) return;
  bool const number = where.size() < 6 && std::all_of(where.begin(), where.end(), [](char letter) {
                        return std::isdigit(static_cast<unsigned char>(letter)) != 0;
                      });
  ours_ = !number;
  descriptor_ = number ? std::stoi(where)
                       : ::open(where.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (descriptor_ < 0 || ::fcntl(descriptor_, F_GETFD) < 0)
    throw std::invalid_argument{
        fmt::format("MICA_EXPLORE: 'progress={}' cannot be written to", where)};
}

Events::~Events() {
  if (ours_ && descriptor_ >= 0) ::close(descriptor_);
}

void Events::write(std::string line) const {
  if (!wanted()) return;
  line += '\n';
  for (std::string_view left = line; !left.empty();) {
    ssize_t const written = ::write(descriptor_, left.data(), left.size());
    if (written < 0 && errno != EINTR) return;  // nobody watches any more
    left.remove_prefix(static_cast<std::size_t>(std::max<ssize_t>(written, 0)));
  }
}

void Events::begin(Beginning const& what) const {
  write(fmt::format(R"({{"event":"begin","name":{},"strategy":{},"processors":{},)"
                    R"("preemptions":{},"memory":{},"shard":"{}/{}","seed":{}}})",
                    quoted(what.id), quoted(what.strategy), what.processors,
                    or_null(what.preemptions), quoted(what.memory), what.shard.number,
                    what.shard.count, or_null(what.seed)));
}

void Events::progress(std::string_view id, Tally const& tally, Reach const& reach) const {
  write(fmt::format(R"({{"event":"progress","name":{},"executions":{},"distinct":{},"longest":{},)"
                    R"("depth":{},"left":{},"points":{},"seconds":{:.3f}}})",
                    quoted(id), tally.executions, tally.fingerprints.size(), tally.length,
                    reach.depth, rounded(reach.left), tally.points, seconds(tally.took)));
}

void Events::end(Ending const& what, Tally const& tally) const {
  write(fmt::format(R"({{"event":"end","name":{},"verdict":{},"exhausted":{},"executions":{},)"
                    R"("distinct":{},"final_states":{},"longest":{},"points":{},"switches":{},)"
                    R"("seconds":{:.3f},"replay":{},"report":{},"text":{}}})",
                    quoted(what.id), quoted(what.verdict), what.exhausted, tally.executions,
                    tally.fingerprints.size(), or_null(tally.final_states()), tally.length,
                    tally.points, tally.switches, seconds(tally.took), or_null(what.replay),
                    or_null(what.report), quoted(what.text)));
}

void Events::listed(std::string_view id) const {
  write(fmt::format(R"({{"event":"listed","name":{}}})", quoted(id)));
}

}  // namespace mica::explore
