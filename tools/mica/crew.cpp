#include "crew.hpp"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <csignal>
#include "wrong.hpp"

namespace mica::tool {
namespace {

using Clock = std::chrono::steady_clock;

std::sig_atomic_t volatile interrupted = 0;

// While it stands, SIGINT and SIGTERM are noted and do nothing else.
class Interrupts {
 public:
  Interrupts() {
    interrupted = 0;
    struct sigaction action {};
    action.sa_handler = [](int) { interrupted = 1; };
    sigaction(SIGINT, &action, &old_[0]);
    sigaction(SIGTERM, &action, &old_[1]);
  }
  Interrupts(Interrupts const&) = delete;
  Interrupts& operator=(Interrupts const&) = delete;
  ~Interrupts() {
    sigaction(SIGINT, &old_[0], nullptr);
    sigaction(SIGTERM, &old_[1], nullptr);
  }

 private:
  struct sigaction old_[2];
};

void poll_for(std::vector<pollfd> descriptors, std::chrono::milliseconds most) {
  std::erase_if(descriptors, [](pollfd const& each) { return each.fd < 0; });
  poll(descriptors.data(), descriptors.size(), static_cast<int>(most.count()));
}

// The line that says most of what a program wrote: one about its settings, or the last with words.
std::string last_words(std::deque<std::string> const& lines) {
  auto const settings = [](std::string const& line) { return line.find("MICA_") != line.npos; };
  auto const words = [](std::string const& line) {
    return line.find_first_not_of("= -~.") != line.npos;
  };
  auto said = std::find_if(lines.rbegin(), lines.rend(), settings);
  if (said == lines.rend()) said = std::find_if(lines.rbegin(), lines.rend(), words);
  if (said == lines.rend()) return {};
  return "; it wrote: " + said->substr(std::min(said->find_first_not_of(' '), said->size()));
}

}  // namespace

bool Crew::run(std::deque<Job> jobs) {
  Interrupts const interrupts;
  jobs_ = std::move(jobs);
  while (!jobs_.empty() || !workers_.empty()) {
    start();
    wait();
    for (Worker& worker : workers_) hear(worker);
    std::erase_if(workers_, [&](Worker& worker) { return gone(worker); });
    orders_.watch(results_);
    if (interrupted) {
      stop_all();
      return false;
    }
  }
  return true;
}

void Crew::start() {
  while (workers_.size() < orders_.workers && !jobs_.empty()) {
    std::size_t const left = jobs_.size();
    Job const job = jobs_.front();
    jobs_.pop_front();
    workers_.emplace_back(job, orders_.command(job, left));
  }
}

void Crew::wait() {
  using namespace std::chrono_literals;
  std::vector<pollfd> descriptors;
  for (Worker const& worker : workers_)
    for (Lines const* lines : {&worker.child.events, &worker.child.output})
      descriptors.push_back({lines->descriptor(), POLLIN, 0});
  poll_for(std::move(descriptors), 100ms);
}

void Crew::hear(Worker& worker) {
  constexpr std::size_t kept = 20;
  for (std::string& line : worker.child.output.read()) {
    worker.last.push_back(std::move(line));
    if (worker.last.size() > kept) worker.last.pop_front();
  }
  for (std::string const& line : worker.child.events.read()) {
    worker.heard = Clock::now();
    if (line.empty()) continue;
    results_.take(worker.job, line);
    if (!results_.failed(worker.job.name)) continue;
    std::erase_if(jobs_, [&](Job const& job) { return job.name == worker.job.name; });
    for (Worker& other : workers_)
      if (other.job.name == worker.job.name && &other != &worker) stop(other);
  }
  if (Clock::now() - worker.heard > orders_.patience)
    throw Broken{
        fmt::format("{}: told nothing for {} s", worker.job.name, orders_.patience.count())};
}

bool Crew::gone(Worker& worker) {
  std::optional<int> const status = worker.child.ended();
  if (!status) return false;
  hear(worker);
  if (!worker.stopped) judge(worker, *status);
  return true;
}

void Crew::judge(Worker const& worker, int status) const {
  std::string const& name = worker.job.name;
  if (results_.failed(name)) return;
  if (!results_.knows(worker.job))
    throw Broken{
        fmt::format("{}: not explored: {}{}", name, end_text(status), last_words(worker.last))};
  if (!results_.complete(worker.job))
    throw Broken{fmt::format("{}: ended in the middle: {}{}", name, end_text(status),
                             last_words(worker.last))};
  if (status != 0)
    throw Broken{fmt::format("{}: nothing was found, but: {}{}", name, end_text(status),
                             last_words(worker.last))};
}

void Crew::stop(Worker& worker) {
  if (worker.stopped) return;
  worker.stopped = true;
  worker.child.signal(SIGTERM);
}

void Crew::stop_all() {
  using namespace std::chrono_literals;
  auto const last = Clock::now() + 5s;
  for (Worker& worker : workers_) stop(worker);
  while (!workers_.empty() && Clock::now() < last) {
    wait();
    std::erase_if(workers_, [&](Worker& worker) { return gone(worker); });
  }
  workers_.clear();
}

std::vector<std::string> names_in(Command const& command) {
  using namespace std::chrono_literals;
  std::vector<std::string> names;
  std::deque<std::string> written;
  Child child{command};
  auto const last = Clock::now() + 60s;
  for (bool ended = false; !ended;) {
    if (Clock::now() > last) throw Broken{"BINARY does not list its explorations within a minute"};
    poll_for({{child.events.descriptor(), POLLIN, 0}, {child.output.descriptor(), POLLIN, 0}},
             10ms);
    ended = child.ended().has_value();
    std::ranges::move(child.output.read(), std::back_inserter(written));
    for (std::string const& line : child.events.read()) names.push_back(listed_name(line));
  }
  if (names.empty() || *child.ended() != 0)
    throw Broken{fmt::format("BINARY lists {}: {}{}", names.empty() ? "no explorations" : "badly",
                             end_text(*child.ended()), last_words(written))};
  return names;
}

}  // namespace mica::tool
