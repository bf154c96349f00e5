// The key of a driver's service, as an installation leaves it.
//                                                 [MSDN "HKLM\SYSTEM\CurrentControlSet\Services"]
#include "cm/branch.hpp"
#include "cm/link.hpp"
#include "cm/state.hpp"

namespace mica::cm {
namespace {

constexpr std::u16string_view folder = u"\\SystemRoot\\System32\\drivers\\";
constexpr std::u16string_view suffix = u".sys";
constexpr ULONG kernel_driver = 1, on_demand = 3, error_normal = 1;

// What is there stays.
[[nodiscard]] NTSTATUS add(Node& node, std::u16string_view name, Data const& data) noexcept {
  if (find_value(node.values, string_of(name)) != node.values.size()) return STATUS_SUCCESS;
  touch(node);
  return set_value(node.values, string_of(name), data);
}

[[nodiscard]] NTSTATUS add(Node& node, std::u16string_view name, ULONG number) noexcept {
  return add(node, name, Data{REG_DWORD, sizeof number, &number});
}

[[nodiscard]] NTSTATUS add_image_path(Node& node, UNICODE_STRING const& service) noexcept {
  WCHAR text[folder.size() + key_name_bytes_max / sizeof(WCHAR) + suffix.size() + 1]{};
  WCHAR* const name = text + folder.size();
  WCHAR* const after = name + service.Length / sizeof(WCHAR);
  std::memcpy(text, folder.data(), folder.size() * sizeof(WCHAR));
  std::memcpy(name, service.Buffer, service.Length);
  std::memcpy(after, suffix.data(), suffix.size() * sizeof(WCHAR));
  auto const characters = static_cast<ULONG>(after - text + suffix.size() + 1);
  return add(node, u"ImagePath", Data{REG_EXPAND_SZ, characters * ULONG{sizeof(WCHAR)}, text});
}

[[nodiscard]] Node* find_services(State const& cm) noexcept {
  Node* at = cm.root;
  for (std::u16string_view const name : {u"MACHINE", u"SYSTEM", u"ControlSet001", u"Services"})
    at = find_subkey(*at, string_of(name), nullptr);
  return at;
}

// As one who is in no transaction.
[[nodiscard]] NTSTATUS make_key(UNICODE_STRING const& service, Branch*& other) noexcept {
  Node& services = *find_services(state());
  Node* node = find_subkey(services, service, nullptr);
  other = node != nullptr ? holder_of(*node, nullptr) : holder_of_name(services, service, nullptr);
  if (other != nullptr) return STATUS_TRANSACTIONAL_CONFLICT;
  NTSTATUS status = STATUS_SUCCESS;
  if (node == nullptr) status = create_subkey(services, service, nullptr, {}, nullptr, &node);
  if (NT_SUCCESS(status)) status = add_image_path(*node, service);
  if (NT_SUCCESS(status)) status = add(*node, u"Type", kernel_driver);
  if (NT_SUCCESS(status)) status = add(*node, u"Start", on_demand);
  if (NT_SUCCESS(status)) status = add(*node, u"ErrorControl", error_normal);
  return status;
}

}  // namespace

NTSTATUS NTAPI make_service_key(UNICODE_STRING const& service) noexcept {
  if (service.Length == 0 || service.Length > key_name_bytes_max) return STATUS_INVALID_PARAMETER;
  for (ULONG i = 0; i < service.Length / sizeof(WCHAR); ++i)
    if (service.Buffer[i] == OBJ_NAME_PATH_SEPARATOR) return STATUS_INVALID_PARAMETER;
  return change_tree(nullptr, [&](Branch*& other) { return make_key(service, other); });
}

}  // namespace mica::cm
