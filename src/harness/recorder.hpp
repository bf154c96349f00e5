// What a Trace keeps.
//
// Rules
//   Written inside of runs, at any IRQL, by the OS thread that steps the processor. Nothing here is
//   a scheduling point, and what a driver points to is looked at only where it may be read.
#pragma once

#include <mica/trace.hpp>

#include <cstdlib>
#include <deque>
#include <map>
#include <mutex>
#include <span>

#include "harness/named_places.hpp"
#include "trace/callback.hpp"
#include "trace/signature.hpp"

namespace mica::harness {

// An event. Its words follow, then for some of them a Captured with what they pointed to.
struct Record {
  std::uint32_t bytes;  // with what follows, whole words
  TraceEvent::What what;
  std::uint8_t irql;
  std::uint8_t processor;
  std::uint8_t words;                 // arguments, or the result
  trace::Signature const* signature;  // null: of the call or entry of the same number
  std::uint64_t place;                // an address; 0 when it ends
  std::uint64_t number;
  std::uint64_t time_100ns;
  std::uint32_t thread;
  std::uint32_t captures;
};

struct Captured {
  std::uint32_t word;
  std::uint32_t bytes;  // that follow, up to the next word of memory
};

// An access of a device.
struct AccessRecord {
  bool is_port, is_write;
  std::uint8_t bytes;
  std::uint64_t address, value;
  std::uint64_t place;  // of the instruction
};

struct ImageRange {
  std::string name;
  std::uintptr_t begin, end;
  std::vector<NamedPlace> places;
};

}  // namespace mica::harness

namespace mica {

struct Trace::Recorder : trace::Listener {
  Recorder(std::string_view names, std::size_t most_bytes);

  [[nodiscard]] bool wants(std::string_view name) const;
  // Of an import, whether a header declares it or not; lives as long as this does.
  [[nodiscard]] trace::Signature const& signature(std::string_view name);
  // A driver's image is there from now on.
  void add_image(std::string_view name, ldr::LoadedImage const& image);

  // Arguments: those in registers, and those on the stack. Returns the call's number.
  std::uint64_t begin_call(trace::Signature const& signature, std::uint64_t caller,
                           ULONG64 const* in_registers, ULONG64 const* on_stack) noexcept;
  // A driver's routine is called. 0 if that is not recorded.
  std::uint64_t begin_entry(trace::Signature const& signature, void const* routine,
                            std::uint64_t const* words) noexcept;
  // What has that name was read or written.
  void access(harness::AccessRecord const& access, std::string const& name) noexcept;
  // Of the call or entry of that number.
  void end(TraceEvent::What what, std::uint64_t number, std::uint64_t result) noexcept;
  // The call was left by an exception.
  void end_by_exception(std::uint64_t number) noexcept;

  void each(std::function<void(TraceEvent const&)> const& what) const;
  // MODULE!NAME+0xOFFSET, or MODULE+0xOFFSET; empty if it is of no image.
  [[nodiscard]] std::string place_of(std::uint64_t address) const;

  std::uint64_t lost = 0;

 private:
  struct Free {
    void operator()(std::byte* memory) const noexcept { std::free(memory); }
  };
  struct Block {
    std::unique_ptr<std::byte, Free> memory;
    std::size_t used;
  };

  [[nodiscard]] trace::Signature const& access_signature(std::string const& name, bool is_port);
  [[nodiscard]] harness::ImageRange const* image_at(std::uint64_t address) const noexcept;
  [[nodiscard]] std::byte* take(std::size_t bytes) noexcept;
  void write(TraceEvent::What what, trace::Signature const* signature, std::uint64_t place,
             std::uint64_t number, std::span<std::uint64_t const> words) noexcept;

  std::vector<std::string> names_;
  std::deque<harness::ImageRange> images_;  // the newest first
  std::deque<std::pair<std::string, trace::Signature>> others_;
  // By name, and whether it is of ports.
  std::map<std::pair<std::string, bool>, trace::Signature> accesses_;
  std::mutex mutex_;           // parallel mode
  std::vector<Block> blocks_;  // has room for all that there may be
  std::uint64_t numbers_ = 0;
};

}  // namespace mica
