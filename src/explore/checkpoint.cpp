#include "explore/checkpoint.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <stdexcept>

namespace mica::explore {
namespace {

using Steady = std::chrono::steady_clock;

constexpr std::string_view kind = "mica-checkpoint 1";

// Of the running program.
std::uint64_t hash_of_program() {
  std::ifstream file{"/proc/self/exe", std::ios::binary};
  std::uint64_t hash = 0xcbf29ce484222325;
  char block[1 << 16];
  while (file.read(block, sizeof block), file.gcount() > 0)
    for (std::streamsize i = 0; i < file.gcount(); ++i)
      hash = (hash ^ static_cast<unsigned char>(block[i])) * 0x100000001b3;
  return hash;
}

void write(std::ostream& file, std::unordered_set<std::uint64_t> const& set) {
  file << set.size();
  for (std::uint64_t const value : set) file << ' ' << value;
  file << '\n';
}

bool read(std::istream& file, std::unordered_set<std::uint64_t>& set) {
  std::size_t count = 0;
  file >> count;
  for (std::uint64_t value = 0; count > 0 && file >> value; --count) set.insert(value);
  return count == 0;
}

}  // namespace

Checkpoint::Checkpoint(std::string path, std::string_view identity) : path_{std::move(path)} {
  if (path_.empty()) return;
  identity_ = fmt::format("{} program {:016x}", identity, hash_of_program());
  next_ = Steady::now() + std::chrono::seconds{3};
}

std::optional<Tally> Checkpoint::load(Strategy& strategy) const {
  if (path_.empty() || !std::filesystem::exists(path_)) return {};
  std::ifstream file{path_};
  std::string first, identity, end;
  std::getline(file, first);
  std::getline(file, identity);
  if (first != kind)
    throw std::invalid_argument{fmt::format("MICA_EXPLORE: '{}' is no checkpoint", path_)};
  if (identity != identity_)
    throw std::invalid_argument{
        fmt::format("MICA_EXPLORE: the checkpoint '{}' is of another exploration: {}; here: {}",
                    path_, identity, identity_)};
  Tally tally;
  std::int64_t took = 0;
  file >> tally.executions >> tally.length >> tally.points >> tally.switches >> took;
  tally.took = std::chrono::nanoseconds{took};
  bool const whole = read(file, tally.fingerprints) && read(file, tally.states);
  if (!whole || !strategy.load(file) || !(file >> end) || end != ".")
    throw std::invalid_argument{fmt::format("MICA_EXPLORE: the checkpoint '{}' is damaged", path_)};
  return tally;
}

void Checkpoint::keep(Tally const& tally, Strategy const& strategy) {
  if (path_.empty()) return;
  auto const now = Steady::now();
  if (now < next_) return;
  save(tally, strategy);
  auto const took = Steady::now() - now;
  next_ = now + std::max<Steady::duration>(std::chrono::seconds{3}, 20 * took);
}

void Checkpoint::save(Tally const& tally, Strategy const& strategy) const {
  if (path_.empty()) return;
  std::string const state = strategy.save();
  if (state.empty()) return;
  std::string const written = path_ + ".new";
  {
    std::ofstream file{written, std::ios::trunc};
    file << kind << '\n' << identity_ << '\n';
    file << tally.executions << ' ' << tally.length << ' ' << tally.points << ' ' << tally.switches
         << ' ' << tally.took.count() << '\n';
    write(file, tally.fingerprints);
    write(file, tally.states);
    file << state << " .\n";
    if (file.flush()) {
      file.close();
      if (std::rename(written.c_str(), path_.c_str()) == 0) return;
    }
  }
  throw std::invalid_argument{
      fmt::format("MICA_EXPLORE: the checkpoint '{}' cannot be written", path_)};
}

}  // namespace mica::explore
