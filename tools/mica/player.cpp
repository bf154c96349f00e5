#include "player.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "hal_host/simulation.hpp"
#include "harness/device.hpp"
#include "harness/status_names.hpp"
#include "io/driver.hpp"

namespace mica::tool {
namespace {

constexpr std::size_t most_shown = 16;  // bytes

std::string text_of(script::Time time) {
  if (time % 10'000'000 == 0) return fmt::format("{}s", time / 10'000'000);
  if (time % 10'000 == 0) return fmt::format("{}ms", time / 10'000);
  return fmt::format("{}us", time / 10);
}

std::string text_of(std::span<std::byte const> bytes) {
  std::string text = bytes.empty() ? "no bytes" : "";
  for (std::byte const each : bytes.first(std::min(bytes.size(), most_shown)))
    text += fmt::format("{}{:02x}", text.empty() ? "" : " ", static_cast<unsigned>(each));
  return bytes.size() > most_shown ? fmt::format("{} ... ({} bytes)", text, bytes.size()) : text;
}

std::string text_of(script::Pattern const& pattern) {
  std::string text;
  for (std::size_t i = 0; i < std::min(pattern.bytes.size(), most_shown); ++i) {
    auto const& each = pattern.bytes[i];
    text += i == 0 ? "" : " ";
    text += each ? fmt::format("{:02x}", static_cast<unsigned>(*each)) : std::string{"?\?"};
  }
  if (pattern.bytes.size() > most_shown)
    return fmt::format("{} ... ({} bytes{})", text, pattern.bytes.size(),
                       pattern.more ? " or more" : "");
  return pattern.more ? text + (text.empty() ? "..." : " ...") : text;
}

std::string text_of(std::vector<std::int32_t> const& statuses) {
  std::string text = statuses.empty() ? "success" : "";
  for (std::int32_t const each : statuses)
    text += (text.empty() ? "" : " or ") + harness::name_of_status(each);
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

void Player::perform(script::Script const& script) {
  play({}, script.statements);
  for (auto const& [name, thread] : threads_)
    static_cast<void>(ZwWaitForSingleObject(thread->handle, FALSE, nullptr));
  close_all();
}

void Player::play(std::string const& thread, std::vector<script::Statement> const& statements) {
  if (audience_ != nullptr) audience_->thread_begins(thread);
  for (script::Statement const& each : statements) {
    if (!failures_.empty()) break;
    current_[thread] = each.where;
    if (audience_ != nullptr) audience_->begins(each);
    last_ = each.where;
    std::visit([&](auto const& what) { act(each.where, what); }, each.what);
  }
  current_.erase(thread);
}

void NTAPI Player::play_thread(void* argument) {
  auto const& thread = *static_cast<ScriptThread*>(argument);
  thread.player->play(thread.script->name, thread.script->body);
}

// Closed first: what still pends is cancelled by that, and may go then.
void Player::close_all() {
  for (auto const& [name, file] : files_)
    if (file != nullptr) static_cast<void>(ZwClose(file));
  files_.clear();
  for (auto const& [name, request] : requests_) request->let_go();
  requests_.clear();
  for (auto const& [name, thread] : threads_) static_cast<void>(ZwClose(thread->handle));
  threads_.clear();
}

// ---- Statements

void Player::act(script::Place where, script::Open const& open) {
  auto const bytes = static_cast<USHORT>(open.path.size() * sizeof(WCHAR));
  UNICODE_STRING path{bytes, bytes, const_cast<WCHAR*>(open.path.data())};
  OBJECT_ATTRIBUTES attributes = kernel_handle(&path);
  IO_STATUS_BLOCK result{};
  HANDLE file = nullptr;
  NTSTATUS const status = ZwCreateFile(
      &file, FILE_READ_DATA | FILE_WRITE_DATA, &attributes, &result, nullptr, FILE_ATTRIBUTE_NORMAL,
      FILE_SHARE_READ | FILE_SHARE_WRITE, FILE_OPEN, 0, nullptr, 0);
  if (NT_SUCCESS(status)) files_[open.file] = file;
  judge(where, open.expected, {status, NT_SUCCESS(status) ? result.Information : 0});
}

void Player::act(script::Place where, script::Request const& asked) {
  HANDLE const handle = file(where, asked.file);
  if (handle == nullptr) return;
  auto request = std::make_unique<ScriptRequest>(handle, asked);
  if (asked.name.empty()) end(where, *request, asked.patience, asked.expected);
  // One that did not end is kept, until what is open has been closed.
  requests_[asked.name.empty() ? fmt::format("{}:{}", where.line, where.column) : asked.name] =
      std::move(request);
}

void Player::act(script::Place where, script::Wait const& wait) {
  if (auto const thread = threads_.find(wait.name); thread != threads_.end())
    return end_thread(where, thread->second->handle, wait.patience);
  if (ScriptRequest const* const made = request(where, wait.name))
    end(where, *made, wait.patience, wait.expected);
}

void Player::act(script::Place where, script::Cancel const& cancel) {
  if (!cancel.of_file) {
    if (ScriptRequest* const made = request(where, cancel.name))
      judge(where, cancel.expected, {made->cancel()});
  } else if (HANDLE const handle = file(where, cancel.name); handle != nullptr) {
    judge(where, cancel.expected, {tool::cancel(handle)});
  }
}

void Player::act(script::Place where, script::ExpectPending const& expected) {
  auto const request = requests_.find(expected.request);
  bool const made = request != requests_.end();
  bool const pends = made && !request->second->wait(0);
  expect(pends, where, fmt::format("'{}' to pend", expected.request),
         !made   ? "that it has not been made"
         : pends ? ""
                 : harness::name_of_status(request->second->came().status));
}

void Player::act(script::Place where, script::ExpectLog const& expected) {
  bool const there =
      Machine::current().core.simulation->log().find(expected.text) != std::string::npos;
  expect(there != expected.absent, where,
         fmt::format("{}\"{}\" in the log", expected.absent ? "no " : "", expected.text),
         expected.absent ? "it" : "none");
}

void Player::act(script::Place where, script::ExpectRegister const& expected) {
  Registers* const there = registers(where, expected.which);
  if (there == nullptr) return;
  std::uint64_t const value = *there->get(expected.which.name);
  expect(value == expected.value, where, fmt::format("{:#x}", expected.value),
         fmt::format("{:#x}", value));
}

void Player::act(script::Place where, script::SetRegister const& set) {
  Registers* const there = registers(where, set.which);
  if (there != nullptr && !there->set(set.which.name, set.value)) expect_narrower(where, set.value);
}

void Player::act(script::Place where, script::PutRegister const& put) {
  Registers* const there = registers(where, put.which);
  if (there == nullptr) return;
  for (std::uint64_t const each : put.values)
    if (!there->put(put.which.name, each)) return expect_narrower(where, each);
}

void Player::act(script::Place where, script::Interrupt const& interrupt) {
  if (!harness::interrupt(interrupt.device))
    expect(false, where, fmt::format("'{}', with registers and an interrupt", interrupt.device),
           "none");
}

void Player::act(script::Place, script::Advance const& advance) {
  LARGE_INTEGER due = from_now(advance.by);
  static_cast<void>(KeDelayExecutionThread(KernelMode, FALSE, &due));
}

void Player::act(script::Place where, script::Close const& close) {
  HANDLE const handle = file(where, close.file);
  if (handle == nullptr) return;
  files_[close.file] = nullptr;
  judge(where, close.expected, {ZwClose(handle)});
}

void Player::act(script::Place where, script::Unplug const& unplug) {
  judge(
      where, unplug.expected,
      {unplug.asks ? harness::remove_device(unplug.device) : harness::lose_device(unplug.device)});
}

void Player::act(script::Place where, script::Unload const& unload) {
  NTSTATUS const status = unloaded_ ? STATUS_INVALID_DEVICE_REQUEST
                                    : io::unload_driver(*static_cast<PDRIVER_OBJECT>(driver_));
  if (NT_SUCCESS(status)) unloaded_ = true;
  judge(where, unload.expected, {status});
}

void Player::act(script::Place where, script::Thread const& thread) {
  auto& made = threads_[thread.name] =
      std::make_unique<ScriptThread>(ScriptThread{this, &thread, nullptr});
  OBJECT_ATTRIBUTES attributes = kernel_handle();
  NTSTATUS const status = PsCreateSystemThread(&made->handle, THREAD_ALL_ACCESS, &attributes,
                                               nullptr, nullptr, play_thread, made.get());
  if (NT_SUCCESS(status)) return;
  threads_.erase(thread.name);
  expect(false, where, "a thread", harness::name_of_status(status));
}

// ---- What is expected

HANDLE Player::file(script::Place where, std::string const& name) {
  auto const at = files_.find(name);
  if (at != files_.end() && at->second != nullptr) return at->second;
  expect(false, where, fmt::format("'{}', open by now", name),
         at == files_.end() ? "that it is not" : "that it is closed");
  return nullptr;
}

ScriptRequest* Player::request(script::Place where, std::string const& name) {
  auto const at = requests_.find(name);
  if (at != requests_.end()) return at->second.get();
  expect(false, where, fmt::format("'{}', begun by now", name), "that it is not");
  return nullptr;
}

Registers* Player::registers(script::Place where, script::RegisterName const& which) {
  Registers* const there = harness::registers(which.device);
  if (there != nullptr && there->get(which.name)) return there;
  expect(false, where, fmt::format("a register '{}' of '{}'", which.name, which.device),
         there == nullptr ? "no such device with registers" : "none");
  return nullptr;
}

void Player::expect_narrower(script::Place where, std::uint64_t value) {
  expect(false, where, "a value as wide as the register", fmt::format("{:#x}", value));
}

void Player::end(script::Place where, ScriptRequest const& request, script::Time patience,
                 script::Expectation const& expected) {
  if (request.wait(patience)) return judge(where, expected, request.came());
  expect(false, where, fmt::format("an end within {}", text_of(patience)), "that it pends");
}

void Player::end_thread(script::Place where, HANDLE thread, script::Time patience) {
  LARGE_INTEGER due = from_now(patience);
  if (ZwWaitForSingleObject(thread, FALSE, &due) != STATUS_SUCCESS)
    expect(false, where, fmt::format("an end within {}", text_of(patience)), "that it runs");
}

// All that is expected of a request is one expectation: what is told is the first that is not so.
void Player::judge(script::Place where, script::Expectation const& expected, Came const& came) {
  auto const& statuses = expected.statuses;
  bool const fits_status = statuses.empty()
                               ? NT_SUCCESS(came.status)
                               : std::ranges::find(statuses, came.status) != statuses.end();
  if (!fits_status)
    return expect(false, where, text_of(statuses), harness::name_of_status(came.status));
  if (!statuses.empty() && came.status != statuses.front()) return expect(true, where, {}, {});
  if (expected.count && *expected.count != came.count)
    return expect(false, where, fmt::format("a count of {}", *expected.count),
                  fmt::format("{}", came.count));
  if (expected.bytes && !fits(*expected.bytes, came.bytes))
    return expect(false, where, text_of(*expected.bytes), text_of(came.bytes));
  expect(true, where, {}, {});
}

void Player::expect(bool holds, script::Place where, std::string expected, std::string found) {
  if (holds) {
    ++held_;
    return;
  }
  failures_.push_back({where, std::move(expected), std::move(found)});
  if (audience_ != nullptr) audience_->failed(failures_.back());
}

}  // namespace mica::tool
