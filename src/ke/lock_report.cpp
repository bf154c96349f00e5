#include "ke/lock_report.hpp"

#include "ke/exception.hpp"
#include "rtl/line.hpp"

namespace mica::ke {
namespace {

using rtl::Hex;
using rtl::Line;

std::string_view name_of(LockKind kind) noexcept {
  constexpr std::string_view names[] = {
      "spin lock", "queued spin lock", "reader-writer spin lock", "fast mutex", "mutex",
      "resource",  "push lock"};
  return names[static_cast<std::size_t>(kind)];
}

void put_place(Line& line, void const* at) noexcept {
  std::uint64_t const address = as_parameter(at);
  line << Hex{address};
  if (ke::put_place(line, " (", address)) line << ")";
}

void put(Line& line, LockKind kind, LockPlace const& place) noexcept {
  line << name_of(kind) << " " << Hex{as_parameter(place.lock)} << " at ";
  put_place(line, place.at);
}

void print_step(LockEdge const& step, bool now) noexcept {
  {
    Line line;
    line << "  " << (now ? "now" : "before") << ": thread " << Hex{as_parameter(step.thread)}
         << (now ? " is about to take " : " took ");
    put(line, step.inner_kind, step.inner);
  }
  Line line;
  line << "    while it held ";
  put(line, step.outer_kind, step.outer);
}

void print_order(LockReport const& report) noexcept {
  Line{} << "mica: possible deadlock: locks are taken in a circle";
  for (unsigned i = 0; i < report.count; ++i) print_step(report.steps[i], i == 0);
  if (report.left_out != 0) Line{} << "  and " << report.left_out << " more";
}

void print_levels(LockReport const& report) noexcept {
  Line{} << "mica: possible deadlock: an interrupt takes a lock that may be held by what it "
            "interrupts";
  {
    Line line;
    line << "  taken by an interrupt from IRQL " << report.taken_from << ": ";
    put(line, report.taken_kind, report.taken);
  }
  for (unsigned i = 0; i < report.count; ++i) print_step(report.steps[i], false);
  Line line;
  line << "  held at IRQL " << report.held_at << ": ";
  put(line, report.held_kind, report.held);
}

std::string_view text_of(Rule rule) noexcept {
  switch (rule) {
    case Rule::self_deadlock:
      return "a thread waits for a lock that it holds itself";
    case Rule::release_order:
      return "a lock is released, and the IRQL with it, before one that was taken later";
    case Rule::initialize_owned:
      return "a lock is initialised while somebody holds it";
    case Rule::acquire_mismatch:
      return "a lock is taken as one kind while it is held as another";
    case Rule::release_mismatch:
      return "a lock is released as another kind than it was taken as";
    case Rule::end_owning:
      return "a thread ends and holds a lock";
    case Rule::delete_owned:
      return "a lock's memory is freed while somebody holds it";
    default:
      return "a lock is misused";
  }
}

void print_misuse(LockReport const& report) noexcept {
  Line{} << "mica: " << text_of(report.rule);
  {
    Line line;
    line << "  about ";
    put(line, report.taken_kind, report.taken);
  }
  Line line;
  line << "  held: ";
  put(line, report.held_kind, report.held);
}

}  // namespace

void NTAPI LockReport::set(Rule broken, void const* second, void const* third) noexcept {
  found = true;
  rule = broken;
  parameters[0] = as_parameter(second);
  parameters[1] = as_parameter(third);
}

void NTAPI LockReport::add(LockEdge const& step) noexcept {
  if (count < most_steps)
    steps[count++] = step;
  else
    ++left_out;
}

void NTAPI tell(LockReport const& report) noexcept {
  if (report.rule == Rule::lock_order)
    print_order(report);
  else if (report.rule == Rule::lock_level)
    print_levels(report);
  else
    print_misuse(report);
  violation(report.rule, report.parameters[0], report.parameters[1], report.parameters[2]);
}

}  // namespace mica::ke
