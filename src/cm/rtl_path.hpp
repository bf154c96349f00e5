// The key that RelativeTo and Path name, open for a scope.          [MSDN RtlQueryRegistryValues]
#pragma once

#include <nt/rtl/registry.h>

namespace mica::cm {

enum class IfAbsent : bool { fail, create };

class [[nodiscard]] PathKey {
 public:
  PathKey() noexcept = default;
  PathKey(PathKey const&) = delete;
  PathKey& operator=(PathKey const&) = delete;
  ~PathKey() { close(); }

  [[nodiscard]] NTSTATUS open(ULONG relative_to, PCWSTR path, ACCESS_MASK access,
                              IfAbsent absent = IfAbsent::fail) noexcept;
  // A key below another one's handle.
  [[nodiscard]] NTSTATUS open_below(HANDLE parent, PCWSTR path, ACCESS_MASK access) noexcept;
  void close() noexcept;
  [[nodiscard]] HANDLE get() const noexcept { return handle_; }

 private:
  HANDLE handle_ = nullptr;
  bool owned_ = false;
};

}  // namespace mica::cm
