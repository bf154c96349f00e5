// W1: a mutant has one owner, and its release wakes one waiter.
#include "together.hpp"

using namespace mica::explore;

MICA_EXPLORE("W1-mutant", "W1: a mutex has one owner at a time, and no release is lost",
             .processors = 3) {
  KMUTEX mutex;
  KeInitializeMutex(&mutex, 0);
  int owners = 0, turns = 0;
  auto owner = [&] {
    for (int i = 0; i < 2; ++i) {
      MICA_CHECK(wait(&mutex) == STATUS_SUCCESS);
      MICA_CHECK(++owners == 1);
      point();
      if (i == 1) MICA_CHECK(wait(&mutex) == STATUS_SUCCESS);
      ++turns;
      if (i == 1) KeReleaseMutex(&mutex, FALSE);
      --owners;
      KeReleaseMutex(&mutex, FALSE);
    }
  };
  Team team{window};
  team.add(owner, {.processor = 0});
  team.add(owner, {.processor = 1});
  team.add(owner);
  team.run();
  MICA_CHECK(turns == 6);
  MICA_CHECK(KeReadStateMutex(&mutex) == 1);
}

MICA_EXPLORE("W1-abandoned", "W1: who gets an abandoned mutant is told, whenever it came to wait",
             .processors = 2, .bound = 2) {
  KMUTANT mutant;
  KeInitializeMutant(&mutant, TRUE);
  NTSTATUS status = STATUS_PENDING;
  auto program = [&](unsigned number) {
    if (number == 0) {
      MICA_CHECK(KeReleaseMutant(&mutant, 0, TRUE, FALSE) == 0);
      return;
    }
    Passive passive;
    status = wait(&mutant);
  };
  run_together(window, {2}, program);
  MICA_CHECK(status == STATUS_ABANDONED);
}
