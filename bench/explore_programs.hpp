// The small programs that explorers are measured with, written for ours: each processor of a crew
// runs one. Instrumented, so every atomic operation is a point.
#pragma once

#include "explore/window.hpp"

namespace mica::bench {

void lock_three(explore::Window& window);         // three take a lock once each
void lock_four_by_four(explore::Window& window);  // four take it four times each
void stack(explore::Window& window);              // Treiber's: two push and pop
void auto_reset(explore::Window& window);         // an event that one sets and another takes
void set_and_wait(explore::Window& window);       // KeSetEvent meets KeWaitForSingleObject

// With a bug each.
void count_unlocked(explore::Window& window);  // two count without a lock
void stack_torn(explore::Window& window);      // as above, but a pop does not look again
void locks_crossed(explore::Window& window);   // two take two locks in opposite orders

}  // namespace mica::bench
