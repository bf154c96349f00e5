// What the drivers of a System call, and where they are called; of one System at a time.
//   A Trace that Config::trace names records while drivers are loaded and run: every import they
//   call, with its arguments and its result, every routine of theirs that is called, and every
//   access of a port or of a device's memory. It changes
//   nothing of the run: the same choices are made, and the same time goes by. A System without one
//   runs as fast as if there were none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace mica {

struct TraceValue {
  std::string name;  // of the parameter
  std::string text;  // STATUS_SUCCESS, 42, 0x7e9000001000, "text", beat.sys+0x1000
};

struct TraceEvent {
  enum class What : std::uint8_t {
    call,    // a driver calls an import
    result,  // and it returned
    enter,   // a driver's routine is called
    leave,   // and it returned
    read,    // a driver reads what a device has
    write,
  };
  What what;
  // Of the import; of a driver's routine what it is: DriverEntry, IRP_MJ_READ; of an access
  // DEVICE.REGISTER, DEVICE.OFFSET, or where nobody is `port 0x61`.
  std::string name;
  std::vector<TraceValue> arguments;  // call, enter; of read and write where it is, and how wide
  std::string value;                  // result, leave: empty if there is none; read, write
  // MODULE!NAME+0xOFFSET, or MODULE+0xOFFSET where the module's symbols have no name for it. Call:
  // what it returns to, empty if that is no driver's code: the driver jumped there as the last
  // thing that a routine of its does. Enter: the routine. Read, write: the instruction, empty if
  // it is of no driver.
  std::string place;
  std::uint64_t number;  // of the call or entry, from 1; its end has the same
  std::uint64_t time_100ns;
  std::uint32_t thread;  // its identifier; 0: an idle one
  unsigned processor;
  unsigned irql;
};

class Trace {
 public:
  // Records what has a name that one of `names` fits; * and ? stand for any letters, commas
  // separate. At most `most_bytes` are kept: what comes later is counted.
  explicit Trace(std::string_view names = "*", std::size_t most_bytes = std::size_t{256} << 20);
  ~Trace();
  Trace(Trace&&) noexcept;
  Trace& operator=(Trace&&) noexcept;

  // In the order in which it happened. While no run is on.
  void each(std::function<void(TraceEvent const&)> const& what) const;
  // How many events there was no room for.
  [[nodiscard]] std::uint64_t lost() const noexcept;

  struct Recorder;  // src/harness
  [[nodiscard]] Recorder& recorder() const noexcept { return *recorder_; }

 private:
  std::unique_ptr<Recorder> recorder_;
};

}  // namespace mica
