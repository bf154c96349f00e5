#include "player.hpp"

#include <fmt/format.h>

#include <cstring>

#include "harness/status_names.hpp"
#include "io/driver.hpp"

namespace mica::tool {

namespace {

constexpr ULONG pool_tag = 'tpcS';

LARGE_INTEGER from_now(script::Time time) noexcept {
  LARGE_INTEGER due;
  due.QuadPart = -static_cast<LONGLONG>(time);
  return due;
}

std::string time_text(script::Time time) {
  if (time % 10'000'000 == 0) return fmt::format("{}s", time / 10'000'000);
  if (time % 10'000 == 0) return fmt::format("{}ms", time / 10'000);
  return fmt::format("{}us", time / 10);
}

// Sixteen of them at most.
std::string bytes_text(std::span<std::byte const> bytes) {
  constexpr std::size_t most = 16;
  std::string text;
  for (std::byte const each : bytes.first(std::min(bytes.size(), most)))
    text += fmt::format("{}{:02x}", text.empty() ? "" : " ", static_cast<unsigned>(each));
  if (bytes.size() > most) text += " ...";
  return text.empty() ? "no bytes" : text;
}

std::string pattern_text(script::Pattern const& pattern) {
  constexpr std::size_t most = 16;
  std::string text;
  for (std::size_t i = 0; i < std::min(pattern.bytes.size(), most); ++i) {
    auto const& each = pattern.bytes[i];
    text += i == 0 ? "" : " ";
    text += each ? fmt::format("{:02x}", static_cast<unsigned>(*each)) : std::string{"??"};
  }
  if (pattern.more || pattern.bytes.size() > most) text += " ...";
  return text;
}

bool fits(script::Pattern const& pattern, std::span<std::byte const> bytes) noexcept {
  std::size_t const length = pattern.bytes.size();
  if (pattern.more ? bytes.size() < length : bytes.size() != length) return false;
  for (std::size_t i = 0; i < length; ++i)
    if (pattern.bytes[i] && *pattern.bytes[i] != bytes[i]) return false;
  return true;
}

}  // namespace

// Its blocks are pool, as a driver's requests are.
struct Player::Request {
  HANDLE event = nullptr;
  IO_STATUS_BLOCK* result = nullptr;
  std::byte* input = nullptr;
  std::byte* output = nullptr;
  std::uint32_t output_bytes = 0;
  NTSTATUS status = STATUS_PENDING;  // what making it returned

  Request() = default;
  Request(Request const&) = delete;
  Request& operator=(Request const&) = delete;
};

struct Player::ScriptThread {
  Player* player;
  script::Thread const* script;
  HANDLE handle;
};

struct Player::Came {
  NTSTATUS status;
  std::uint64_t count = 0;
  std::span<std::byte const> bytes{};
};

Player::Player(System& system, void* driver) : system_{system}, driver_{driver} {}
Player::~Player() = default;

void Player::perform(script::Script const& script) {
  play(script.statements);
  for (auto const& [name, thread] : threads_)
    static_cast<void>(ZwWaitForSingleObject(thread->handle, FALSE, nullptr));
  close_all();
}

void Player::play(std::vector<script::Statement> const& statements) {
  for (script::Statement const& each : statements) {
    if (!failures_.empty()) return;
    last_ = each.where;
    std::visit([&](auto const& what) { do_it(each.where, what); }, each.what);
  }
}

void NTAPI Player::play_thread(void* argument) {
  auto const& thread = *static_cast<ScriptThread*>(argument);
  thread.player->play(thread.script->body);
}
