// The floor of a context switch: assembly that saves what a switch has to save for callers in NT's
// calling convention (eight general registers, xmm6 to xmm15, both floating-point control words)
// and ends with pop and jmp.  [MSDN x64 calling convention, "Caller/callee saved registers"]
#pragma once

#include <cstddef>
#include <memory>

namespace mica::bench::floor {

// Leaves the current stack, its pointer in *from, and goes on where `to` was left.
void switch_stack(void** from, void* to) noexcept;

// A stack that runs `entry`, which never returns.
class Stack {
 public:
  explicit Stack(void (*entry)());
  void* pointer = nullptr;

 private:
  std::unique_ptr<std::byte[]> memory_;
};

}  // namespace mica::bench::floor
