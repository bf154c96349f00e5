// A recorded execution for the terminal, for a browser and for a trace viewer.
#pragma once

#include <string>

#include "explore/story.hpp"

namespace mica::explore {

// A line for each step.
[[nodiscard]] std::string report_text(Story const& story);

// One page that needs nothing else: a lane for each processor, time downwards, steps coloured by
// IRQL, lock holds beside their lane, wakes and interrupts as arrows; stacks show under the
// pointer.
[[nodiscard]] std::string report_html(Story const& story);

// For chrome://tracing and ui.perfetto.dev: a process for each processor, a microsecond for each
// step. [Trace Event Format]
[[nodiscard]] std::string report_trace(Story const& story);

// All three, as NAME.txt, NAME.html and NAME.json in `folder`, which is made. The page's path; what
// cannot be written is nothing.
[[nodiscard]] std::string write_reports(Story const& story, std::string const& folder,
                                        std::string const& name);

}  // namespace mica::explore
