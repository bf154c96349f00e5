// One call of a system service on a file.
//   In this order: open(), the right, lock(), make(), the buffers, send(). What it holds goes with
//   it, whatever ends it; what is the request's goes with the request. IRQL PASSIVE_LEVEL.
#pragma once

#include "io/file.hpp"

namespace mica::io {

// How the caller wants to be told of the end.
struct Notice {
  HANDLE event;
  PIO_APC_ROUTINE routine;
  PVOID context;
  PIO_STATUS_BLOCK result;
};

class [[nodiscard]] FileCall {
 public:
  explicit FileCall(KPROCESSOR_MODE mode) noexcept : mode_{mode} {}
  FileCall(FileCall const&) = delete;
  FileCall& operator=(FileCall const&) = delete;
  ~FileCall();

  [[nodiscard]] NTSTATUS NTAPI open(HANDLE handle) noexcept;
  [[nodiscard]] FILE_OBJECT& file() const noexcept { return *file_; }
  [[nodiscard]] DEVICE_OBJECT& device() const noexcept { return *device_; }
  [[nodiscard]] ACCESS_MASK granted() const noexcept { return granted_; }
  [[nodiscard]] bool synchronous() const noexcept {
    return (flags_of(*file_) & FO_SYNCHRONOUS_IO) != 0;
  }

  // STATUS_ACCESS_DENIED: the caller is not trusted, and the handle grants none of these; or not
  // all of them.
  [[nodiscard]] NTSTATUS require_any(ACCESS_MASK rights) const noexcept {
    return trusted() || (granted_ & rights) != 0 ? STATUS_SUCCESS : STATUS_ACCESS_DENIED;
  }
  [[nodiscard]] NTSTATUS require_all(ACCESS_MASK rights) const noexcept {
    return trusted() || (granted_ & rights) == rights ? STATUS_SUCCESS : STATUS_ACCESS_DENIED;
  }

  // Takes a synchronous file, and finds the event: both are reset, for this request. Without a
  // notice the call waits for the result itself.
  [[nodiscard]] NTSTATUS NTAPI lock(Notice const& notice) noexcept;
  [[nodiscard]] NTSTATUS NTAPI lock(PIO_STATUS_BLOCK result) noexcept;

  // An IRP; null without memory.
  [[nodiscard]] IRP* NTAPI make(UCHAR major) noexcept;
  // Instead of sending it.
  void NTAPI discard(IRP& irp) noexcept;
  // The status of the request, STATUS_PENDING if nobody waited for its end.
  [[nodiscard]] NTSTATUS NTAPI send(IRP& irp) noexcept;

 private:
  [[nodiscard]] bool trusted() const noexcept { return mode_ == KernelMode; }
  [[nodiscard]] NTSTATUS find_event(HANDLE handle) noexcept;
  [[nodiscard]] NTSTATUS wait(IRP const& irp) noexcept;

  KPROCESSOR_MODE const mode_;
  bool locked_ = false;
  bool waits_ = false;  // for the end, whatever the file is
  ACCESS_MASK granted_ = 0;
  FILE_OBJECT* file_ = nullptr;      // referenced
  DEVICE_OBJECT* device_ = nullptr;  // that its requests are sent to; kept by the file
  KEVENT* event_ = nullptr;          // referenced, until a request has it
  Notice notice_{};
  KEVENT ended_;              // what it waits for, if the file is not synchronous...
  IO_STATUS_BLOCK result_{};  // ...and where it finds how it ended
};

}  // namespace mica::io
