// A trace as text, as lines of JSON, and as Perfetto and its kin read it.
#pragma once

#include <mica/trace.hpp>

#include <cstdint>
#include <cstdio>

namespace mica::tool {

enum class TraceFormat : std::uint8_t { text, json, perfetto };

// A line says when, where, and what: a call that returns before anything else happens is one line.
void write_trace(std::FILE* file, Trace const& trace, TraceFormat format);

}  // namespace mica::tool
