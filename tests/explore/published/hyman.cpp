// Mutual exclusion of two by loads and stores, published and withdrawn: who waits for the other to
// lose interest takes the turn without looking whether the other has come back meanwhile. The
// correction is Dekker's.
//   Hyman, "Comments on a problem in concurrent programming control", Communications of the ACM 9
//   (1966), page 45; the scenario is told where the address leads.
#include "parts.hpp"

using namespace mica::explore;

namespace {

struct Gate {
  std::atomic<unsigned> wants[2]{};
  std::atomic<unsigned> turn{0};

  void enter_hyman(unsigned me) noexcept {
    wants[me] = 1;
    while (turn != me) {
      spin_while(wants[1 - me], 1);
      turn = me;
    }
  }
  void enter_dekker(unsigned me) noexcept {
    wants[me] = 1;
    while (wants[1 - me] == 1) {
      if (turn == me) {
        spin_while(wants[1 - me], 1);
        return;
      }
      wants[me] = 0;
      spin_while(turn, 1 - me);
      wants[me] = 1;
    }
  }
  void leave_dekker(unsigned me) noexcept {
    turn = 1 - me;
    wants[me] = 0;
  }
};

template <bool mended>
void exclude(Window& window) {
  Gate gate;
  std::atomic<int> inside{0};
  auto program = [&](unsigned me) {
    mended ? gate.enter_dekker(me) : gate.enter_hyman(me);
    MICA_CHECK(inside.fetch_add(1) == 0);
    inside.fetch_sub(1);
    mended ? gate.leave_dekker(me) : gate.wants[me].store(0);
  };
  run_high(window, 2, program);
}

}  // namespace

MICA_PUBLISHED("Published: two are inside Hyman's mutual exclusion", exclude, .id = "hyman",
               .system = "Communications of the ACM",
               .bug = "a turn is taken without a second look at the other's flag",
               .described = "Hyman 1966",
               .address =
                   "https://www.cs.csustan.edu/~john/Classes/Previous_Semesters/"
                   "CS3750_OperatingSys_I/2002_04_Fall/hymanProb.html",
               .verdict = Verdict::assertion)
