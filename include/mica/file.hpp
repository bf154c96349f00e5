// A driver's devices, as a program uses them: for tests and tools on the host.
//   Everything is called inside System::run, at PASSIVE_LEVEL, and ends there: a File closes its
//   handle, and a Request that is pending is cancelled and waited for. Built on the system services
//   (nt/zw/files.h); statuses are NTSTATUS. Data are copied to and from the System's own memory, so
//   a device with DO_DIRECT_IO can have them.
#pragma once

#include <mica/time.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

namespace mica {

enum class Caller : std::uint8_t {
  kernel,   // is trusted
  program,  // as one in user mode: needs the rights of the handle; the driver sees RequestorMode
            // UserMode. Its buffers are in system space all the same.
};

struct OpenOptions {
  std::uint32_t access = 0xC0100000;  // GENERIC_READ, GENERIC_WRITE, SYNCHRONIZE
  std::uint32_t share = 0x7;          // FILE_SHARE_*: everything
  std::uint32_t disposition = 1;      // FILE_OPEN
  std::uint32_t options = 0;          // FILE_*; with FILE_SYNCHRONOUS_IO_* no request is pending
  Caller caller = Caller::kernel;
};

// One request. It may end before it is asked about, or outlive its File.
class Request {
 public:
  Request(Request&&) noexcept;
  Request& operator=(Request&&) noexcept;
  ~Request();

  [[nodiscard]] bool pending() const;
  // STATUS_PENDING until it has ended.
  [[nodiscard]] std::int32_t status() const;
  // IO_STATUS_BLOCK.Information; 0 while it is pending, and if the call itself was refused.
  [[nodiscard]] std::size_t information() const;
  // What came: information() bytes of a read or of an answer, as far as it asked for them. Valid as
  // long as the request.
  [[nodiscard]] std::span<std::byte const> bytes() const;
  // Waits for the end; its status.
  std::int32_t wait();
  // Asks the driver to cancel it. False: it has ended.
  bool cancel();

 private:
  friend class File;
  struct State;  // in the System's nonpaged pool
  struct End {
    void operator()(State* state) const noexcept;
  };
  explicit Request(State* state) noexcept : state_{state} {}

  std::unique_ptr<State, End> state_;  // null: there was no memory for it
};

class File {
 public:
  // A file that was not opened refuses every request with STATUS_INVALID_HANDLE.
  File(std::u16string_view name, OpenOptions const& options);
  File(File&& other) noexcept;
  File& operator=(File&& other) noexcept;
  ~File();

  // What came of opening it.
  [[nodiscard]] std::int32_t status() const noexcept { return status_; }
  [[nodiscard]] explicit operator bool() const noexcept { return handle_ != nullptr; }
  [[nodiscard]] void* handle() const noexcept { return handle_; }
  void close() noexcept;

  // These come back at once, unless the file was opened to wait (FILE_SYNCHRONOUS_IO_*)...
  [[nodiscard]] Request read_async(std::size_t bytes, std::uint64_t offset = 0);
  [[nodiscard]] Request write_async(std::span<std::byte const> data, std::uint64_t offset = 0);
  [[nodiscard]] Request ioctl_async(std::uint32_t code, std::span<std::byte const> input = {},
                                    std::size_t output_bytes = 0);
  // ...and these when the request has ended.
  Request read(std::size_t bytes, std::uint64_t offset = 0);
  Request write(std::span<std::byte const> data, std::uint64_t offset = 0);
  Request ioctl(std::uint32_t code, std::span<std::byte const> input = {},
                std::size_t output_bytes = 0);

 private:
  void* handle_ = nullptr;
  std::int32_t status_ = 0;
  Caller caller_ = Caller::kernel;
};

// The device, or what is on it, of that name: open(u"\\Device\\MyDrv").
[[nodiscard]] inline File open(std::u16string_view name, OpenOptions const& options = {}) {
  return File{name, options};
}

}  // namespace mica
