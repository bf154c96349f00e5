#include "cm/rtl_path.hpp"

#include <nt/ex.h>
#include <nt/rtl.h>
#include <nt/zw/keys.h>
#include <nt/zw/objects.h>

#include <iterator>

#include "cm/link.hpp"

namespace mica::cm {
namespace {

constexpr std::u16string_view folders[] = {
    u"",
    u"\\Registry\\Machine\\System\\CurrentControlSet\\Services",
    u"\\Registry\\Machine\\System\\CurrentControlSet\\Control",
    u"\\Registry\\Machine\\Software\\Microsoft\\Windows NT\\CurrentVersion",
    u"\\Registry\\Machine\\Hardware\\DeviceMap",
    u"\\Registry\\User\\.Default",
};
static_assert(std::size(folders) == RTL_REGISTRY_MAXIMUM);

// A folder and what follows it, in a block of the pool while the scope lasts.
class [[nodiscard]] WholePath {
 public:
  WholePath() noexcept = default;
  WholePath(WholePath const&) = delete;
  WholePath& operator=(WholePath const&) = delete;
  ~WholePath() {
    if (text_.Buffer != nullptr) ExFreePoolWithTag(text_.Buffer, tag_key);
  }

  [[nodiscard]] NTSTATUS join(std::u16string_view folder, PCWSTR path) noexcept {
    UNICODE_STRING rest;
    NTSTATUS const status = RtlInitUnicodeStringEx(&rest, path);
    if (!NT_SUCCESS(status)) return status;
    bool const separated = !folder.empty() && rest.Length != 0;
    std::size_t const bytes = (folder.size() + (separated ? 1 : 0)) * sizeof(WCHAR) + rest.Length;
    if (bytes > UNICODE_STRING_MAX_BYTES) return STATUS_NAME_TOO_LONG;
    auto* const text =
        static_cast<WCHAR*>(ExAllocatePool2(POOL_FLAG_PAGED, bytes + sizeof(WCHAR), tag_key));
    if (text == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
    std::memcpy(text, folder.data(), folder.size() * sizeof(WCHAR));
    WCHAR* end = text + folder.size();
    if (separated) *end++ = OBJ_NAME_PATH_SEPARATOR;
    if (rest.Length != 0) std::memcpy(end, rest.Buffer, rest.Length);
    text_ = {static_cast<USHORT>(bytes), static_cast<USHORT>(bytes), text};
    return STATUS_SUCCESS;
  }
  [[nodiscard]] UNICODE_STRING& get() noexcept { return text_; }

 private:
  UNICODE_STRING text_{};
};

}  // namespace

NTSTATUS PathKey::open(ULONG relative_to, PCWSTR path, ACCESS_MASK access,
                       IfAbsent absent) noexcept {
  if ((relative_to & RTL_REGISTRY_HANDLE) != 0) {
    handle_ = const_cast<WCHAR*>(path);
    return STATUS_SUCCESS;
  }
  ULONG const folder = relative_to & ~ULONG{RTL_REGISTRY_OPTIONAL};
  if (folder >= RTL_REGISTRY_MAXIMUM) return STATUS_INVALID_PARAMETER;
  WholePath whole;
  NTSTATUS status = whole.join(folders[folder], path);
  if (!NT_SUCCESS(status)) return status;
  OBJECT_ATTRIBUTES attributes;
  InitializeObjectAttributes(&attributes, &whole.get(), OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE,
                             nullptr, nullptr);
  status = absent == IfAbsent::create
               ? ZwCreateKey(&handle_, access, &attributes, 0, nullptr, 0, nullptr)
               : ZwOpenKey(&handle_, access, &attributes);
  owned_ = NT_SUCCESS(status);
  return status;
}

NTSTATUS PathKey::open_below(HANDLE parent, PCWSTR path, ACCESS_MASK access) noexcept {
  UNICODE_STRING name;
  NTSTATUS status = RtlInitUnicodeStringEx(&name, path);
  if (!NT_SUCCESS(status)) return status;
  OBJECT_ATTRIBUTES attributes;
  InitializeObjectAttributes(&attributes, &name, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE, parent,
                             nullptr);
  status = ZwOpenKey(&handle_, access, &attributes);
  owned_ = NT_SUCCESS(status);
  return status;
}

void PathKey::close() noexcept {
  if (owned_) static_cast<void>(ZwClose(handle_));
  handle_ = nullptr;
  owned_ = false;
}

}  // namespace mica::cm
