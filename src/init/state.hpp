// One System: the state of every subsystem. All zero before prepare().
#pragma once

#include "cm/state.hpp"
#include "ex/state.hpp"
#include "init/start.hpp"
#include "init/test_support.hpp"
#include "io/state.hpp"
#include "ke/processor.hpp"
#include "ldr/loaded_image.hpp"
#include "mm/state.hpp"
#include "ob/state.hpp"
#include "pnp/state.hpp"
#include "ps/state.hpp"
#include "se/token.hpp"
#include "tm/state.hpp"

namespace mica::init {

struct State {
  ke::State ke;
  mm::State mm;
  ob::State ob;
  se::State se;
  ps::State ps;
  ex::State ex;
  io::State io;
  tm::State tm;
  cm::State cm;
  ldr::State ldr;
  pnp::State pnp;
  _ETHREAD boot_thread;
  TestState tests;
  // What the first system thread calls once the executive is up. Null: the self-tests
  // (init/self_test.hpp).
  void(NTAPI* main)(void* argument);
  void* argument;
};

[[nodiscard]] inline State& state() noexcept {
  return *ke::processor_block().init;
}

}  // namespace mica::init
