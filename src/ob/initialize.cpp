// The first objects: the types of ob itself, the root and its directories.
#include "ob/directory_object.hpp"
#include "ob/state.hpp"
#include "ob/symbolic_link.hpp"

namespace mica::ob {
namespace {

constexpr ACCESS_MASK type_all_access = STANDARD_RIGHTS_REQUIRED | 1;

// The type of types is its own type, so nothing else can make it.
NTSTATUS make_type_type(State& ob) noexcept {
  _OBJECT_TYPE seed{{}, {}, type_all_access, pool_tag("ObTp")};
  auto* const type = static_cast<POBJECT_TYPE>(allocate_object(&seed, sizeof(OBJECT_TYPE)));
  if (type == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
  *type = seed;
  header_of(type).type = type;
  ob.type_type = type;
  return STATUS_SUCCESS;
}

// The type of directories exists before \ObjectTypes does; it is given its name afterwards.
NTSTATUS make_directory_type(State& ob) noexcept {
  auto* const type = static_cast<POBJECT_TYPE>(allocate_object(ob.type_type, sizeof(OBJECT_TYPE)));
  if (type == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
  *type = directory_type_body();
  ob.directory_type = type;
  return STATUS_SUCCESS;
}

NTSTATUS make_root(State& ob) noexcept {
  void* const root = allocate_object(ob.directory_type, sizeof(Directory));
  if (root == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
  header_of(root).attributes.store(OBJ_PERMANENT, std::memory_order_relaxed);
  ob.names.root = static_cast<Directory*>(root);
  initialize_directory(*ob.names.root);
  return STATUS_SUCCESS;
}

template <ULONG N>
UNICODE_STRING literal(WCHAR const (&text)[N]) noexcept {
  constexpr auto bytes = static_cast<USHORT>((N - 1) * sizeof(WCHAR));
  return {bytes, bytes, const_cast<WCHAR*>(text)};
}

NTSTATUS name_early_type(POBJECT_TYPE type, UNICODE_STRING const& path) noexcept {
  Header& header = header_of(type);
  NTSTATUS const status = give_name(header, path, nullptr);
  if (!NT_SUCCESS(status)) return status;
  header.attributes.store(OBJ_PERMANENT | OBJ_CASE_INSENSITIVE, std::memory_order_relaxed);
  return ObInsertObject(type, nullptr, 0, 0, nullptr, nullptr);
}

NTSTATUS make_directories() noexcept {
  UNICODE_STRING const paths[] = {literal(u"\\ObjectTypes"), literal(u"\\KernelObjects"),
                                  literal(u"\\??"), literal(u"\\Device"), literal(u"\\Driver")};
  for (UNICODE_STRING const& path : paths) {
    NTSTATUS const status = create_directory(path);
    if (!NT_SUCCESS(status)) return status;
  }
  return STATUS_SUCCESS;
}

NTSTATUS make_links() noexcept {
  UNICODE_STRING const target = literal(u"\\??");
  NTSTATUS const status = create_link(literal(u"\\DosDevices"), target, OBJ_PERMANENT);
  return NT_SUCCESS(status) ? create_link(literal(u"\\GLOBAL??"), target, OBJ_PERMANENT) : status;
}

}  // namespace

NTSTATUS NTAPI initialize() noexcept {
  State& ob = state();
  ExInitializeFastMutex(&ob.security_lock);
  initialize_callbacks(ob.callbacks);
  NTSTATUS status = make_type_type(ob);
  if (NT_SUCCESS(status)) status = make_directory_type(ob);
  if (NT_SUCCESS(status)) status = make_root(ob);
  if (NT_SUCCESS(status)) status = make_directories();
  if (NT_SUCCESS(status)) status = name_early_type(ob.type_type, literal(u"\\ObjectTypes\\Type"));
  if (NT_SUCCESS(status))
    status = name_early_type(ob.directory_type, literal(u"\\ObjectTypes\\Directory"));
  if (NT_SUCCESS(status)) status = create_type(link_type_options(), &ob.link_type);
  if (NT_SUCCESS(status)) status = make_links();
  return status;
}

}  // namespace mica::ob
