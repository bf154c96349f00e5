#include "script_request.hpp"

#include <algorithm>
#include <cstring>

namespace mica::tool {
namespace {

constexpr ULONG pool_tag = 'tpcS';

// Zeros; null if there are none to be had, or none are wanted.
template <class T>
T* take(std::size_t count) noexcept {
  if (count == 0) return nullptr;
  return static_cast<T*>(ExAllocatePool2(POOL_FLAG_NON_PAGED, count * sizeof(T), pool_tag));
}

void give(void* block) noexcept {
  if (block != nullptr) ExFreePoolWithTag(block, pool_tag);
}

}  // namespace

OBJECT_ATTRIBUTES kernel_handle(PUNICODE_STRING name) noexcept {
  OBJECT_ATTRIBUTES attributes;
  InitializeObjectAttributes(&attributes, name, OBJ_KERNEL_HANDLE | OBJ_CASE_INSENSITIVE, nullptr,
                             nullptr);
  return attributes;
}

LARGE_INTEGER from_now(script::Time time) noexcept {
  LARGE_INTEGER due;
  due.QuadPart = -static_cast<LONGLONG>(time);
  return due;
}

NTSTATUS cancel(HANDLE file, IO_STATUS_BLOCK* result) noexcept {
  IO_STATUS_BLOCK done{};
  return ZwCancelIoFileEx(file, result, &done);
}

ScriptRequest::ScriptRequest(HANDLE file, script::Request const& asked) noexcept
    : file_{file}, output_bytes_{asked.output} {
  OBJECT_ATTRIBUTES attributes = kernel_handle();
  if (!NT_SUCCESS(ZwCreateEvent(&event_, EVENT_ALL_ACCESS, &attributes, NotificationEvent, FALSE)))
    return;
  result_ = take<IO_STATUS_BLOCK>(1);
  input_ = take<std::byte>(asked.input.size());
  output_ = take<std::byte>(output_bytes_);
  if (result_ != nullptr && (input_ != nullptr || asked.input.empty()) &&
      (output_ != nullptr || output_bytes_ == 0))
    make(asked);
}

void ScriptRequest::let_go() noexcept {
  if (status_ == STATUS_PENDING && !has_ended()) return;
  give(output_);
  give(input_);
  give(result_);
  if (event_ != nullptr) static_cast<void>(ZwClose(event_));
}

void ScriptRequest::make(script::Request const& asked) noexcept {
  std::ranges::copy(asked.input, input_);
  auto const input_bytes = static_cast<ULONG>(asked.input.size());
  LARGE_INTEGER offset;
  offset.QuadPart = static_cast<LONGLONG>(asked.offset.value_or(0));
  switch (asked.kind) {
    case script::Transfer::read:
      status_ = ZwReadFile(file_, event_, nullptr, nullptr, result_, output_, output_bytes_,
                           &offset, nullptr);
      return;
    case script::Transfer::write:
      status_ = ZwWriteFile(file_, event_, nullptr, nullptr, result_, input_, input_bytes, &offset,
                            nullptr);
      return;
    case script::Transfer::control:
      status_ = ZwDeviceIoControlFile(file_, event_, nullptr, nullptr, result_, asked.code, input_,
                                      input_bytes, output_, output_bytes_);
      return;
  }
}

NTSTATUS ScriptRequest::cancel() noexcept {
  if (status_ != STATUS_PENDING) return STATUS_NOT_FOUND;
  return tool::cancel(file_, result_);
}

bool ScriptRequest::wait(script::Time patience) const noexcept {
  if (status_ != STATUS_PENDING) return true;
  LARGE_INTEGER due = from_now(patience);
  return ZwWaitForSingleObject(event_, FALSE, &due) == STATUS_SUCCESS;
}

Came ScriptRequest::came() const noexcept {
  if (NT_ERROR(status_)) return {status_};
  std::uint64_t const count = result_->Information;
  std::size_t const there = std::min<std::uint64_t>(count, output_bytes_);
  return {result_->Status, count, {output_, there}};
}

}  // namespace mica::tool
