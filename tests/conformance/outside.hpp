// What cases share that call as a thread that came from outside the kernel.
#pragma once

#include "init/test_inside.hpp"

namespace mica::test {

// A thread that came from outside the kernel, as the Nt names see it.
class [[nodiscard]] FromOutside {
 public:
  FromOutside() noexcept { set_previous_mode(UserMode); }
  FromOutside(FromOutside const&) = delete;
  FromOutside& operator=(FromOutside const&) = delete;
  ~FromOutside() { set_previous_mode(KernelMode); }
};

}  // namespace mica::test
