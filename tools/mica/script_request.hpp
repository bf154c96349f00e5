// A request of a script, made through the system services on files and not waited for.
//
// Rules
//   In a system thread at PASSIVE_LEVEL. Its buffers are pool, so that they may be locked, and stay
//   until it has ended: one that never ends keeps them.
#pragma once

#include <nt/ntifs.h>

#include <cstddef>
#include <span>

#include "script/script.hpp"

namespace mica::tool {

// What it came to. An error that came at once has no count: nothing was written to the block.
struct Came {
  NTSTATUS status;
  std::uint64_t count = 0;
  std::span<std::byte const> bytes{};  // the request's
};

class ScriptRequest {
 public:
  ScriptRequest(HANDLE file, script::Request const& asked) noexcept;
  ScriptRequest(ScriptRequest const&) = delete;
  ScriptRequest& operator=(ScriptRequest const&) = delete;

  // Gives back what it holds, unless it pends. Whoever drops it without leaves that to its System.
  void let_go() noexcept;
  // Asks for its end. STATUS_NOT_FOUND: it has ended.
  [[nodiscard]] NTSTATUS cancel() noexcept;

  // False: it has not ended within that time.
  [[nodiscard]] bool wait(script::Time patience) const noexcept;
  // It has ended.
  [[nodiscard]] Came came() const noexcept;

 private:
  [[nodiscard]] bool has_ended() const noexcept { return wait(0); }
  void make(script::Request const& asked) noexcept;

  HANDLE file_;
  NTSTATUS status_ = STATUS_INSUFFICIENT_RESOURCES;  // what making it returned
  HANDLE event_ = nullptr;
  IO_STATUS_BLOCK* result_ = nullptr;
  std::byte* input_ = nullptr;
  std::byte* output_ = nullptr;
  std::uint32_t output_bytes_;
};

// Cancels what pends of a file, asked for by whomever; or with `result` the request of that block.
// STATUS_NOT_FOUND: nothing does. Does not wait for it.
[[nodiscard]] NTSTATUS cancel(HANDLE file, IO_STATUS_BLOCK* result = nullptr) noexcept;

// A kernel handle's attributes.
[[nodiscard]] OBJECT_ATTRIBUTES kernel_handle(PUNICODE_STRING name = nullptr) noexcept;
[[nodiscard]] LARGE_INTEGER from_now(script::Time time) noexcept;

}  // namespace mica::tool
