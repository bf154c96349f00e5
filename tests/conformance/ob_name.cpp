// Names: directories, what stands under which name, and every way a name can be wrong.
#include "ob_support.hpp"

using namespace mica::test;

namespace {

NTSTATUS create_directory(Attributes attributes, HANDLE* handle) {
  return ZwCreateDirectoryObject(handle, DIRECTORY_ALL_ACCESS, attributes);
}

NTSTATUS open_directory(Attributes attributes) {
  HANDLE handle = nullptr;
  NTSTATUS const status = ZwOpenDirectoryObject(&handle, DIRECTORY_QUERY, attributes);
  if (NT_SUCCESS(status)) ZwClose(handle);
  return status;
}

}  // namespace

MICA_CASE("Ob: the first directories exist, whatever the case of their letters") {
  MICA_CHECK(open_directory(Attributes{u"\\"}) == STATUS_SUCCESS);
  MICA_CHECK(open_directory(Attributes{u"\\Device"}) == STATUS_SUCCESS);
  MICA_CHECK(open_directory(Attributes{u"\\dEVICE"}) == STATUS_SUCCESS);
  MICA_CHECK(open_directory(Attributes{u"\\??"}) == STATUS_SUCCESS);
  MICA_CHECK(open_directory(Attributes{u"\\ObjectTypes"}) == STATUS_SUCCESS);
  MICA_CHECK(open_directory(Attributes{u"\\KernelObjects"}) == STATUS_SUCCESS);
  MICA_CHECK(open_directory(Attributes{u"\\DosDevices"}) == STATUS_SUCCESS);
  MICA_CHECK(open_directory(Attributes{u"\\GLOBAL??"}) == STATUS_SUCCESS);
}

MICA_CASE(
    "Ob: a name that is not there is STATUS_OBJECT_NAME_NOT_FOUND, a path to it PATH_NOT_FOUND") {
  MICA_CHECK(open_directory(Attributes{u"\\NoSuch"}) == STATUS_OBJECT_NAME_NOT_FOUND);
  MICA_CHECK(open_directory(Attributes{u"\\Device\\NoSuch"}) == STATUS_OBJECT_NAME_NOT_FOUND);
  MICA_CHECK(open_directory(Attributes{u"\\NoSuch\\Below"}) == STATUS_OBJECT_PATH_NOT_FOUND);
  HANDLE handle = nullptr;
  MICA_CHECK(create_directory(Attributes{u"\\NoSuch\\Below"}, &handle) ==
             STATUS_OBJECT_PATH_NOT_FOUND);
  MICA_CHECK(handle == nullptr);
}

MICA_CASE("Ob: malformed names are refused") {
  MICA_CHECK(open_directory(Attributes{u"Device"}) == STATUS_OBJECT_PATH_SYNTAX_BAD);
  MICA_CHECK(open_directory(Attributes{u""}) == STATUS_OBJECT_PATH_SYNTAX_BAD);
  MICA_CHECK(open_directory(Attributes{u"\\Device\\"}) == STATUS_OBJECT_NAME_INVALID);
  MICA_CHECK(open_directory(Attributes{u"\\\\Device"}) == STATUS_OBJECT_NAME_INVALID);
  Attributes odd{u"\\Device"};
  odd->ObjectName->Length -= 1;
  MICA_CHECK(open_directory(odd) == STATUS_OBJECT_NAME_INVALID);
  Attributes size{u"\\Device"};
  size->Length = 0;
  HANDLE handle = nullptr;
  MICA_CHECK(ZwOpenDirectoryObject(&handle, 0, size) == STATUS_INVALID_PARAMETER);
  MICA_CHECK(ObOpenObjectByName(nullptr, nullptr, KernelMode, nullptr, 0, nullptr, &handle) ==
             STATUS_INVALID_PARAMETER);
  void* object = nullptr;
  Text empty{u""};
  MICA_CHECK(ObReferenceObjectByName(empty, 0, nullptr, 0, nullptr, KernelMode, nullptr, &object) ==
             STATUS_OBJECT_NAME_INVALID);
}

MICA_CASE("Ob: a name is there while a handle is, unless it is permanent") {
  HANDLE handle = nullptr;
  MICA_REQUIRE(create_directory(Attributes{u"\\Temporary"}, &handle) == STATUS_SUCCESS);
  MICA_CHECK(open_directory(Attributes{u"\\Temporary"}) == STATUS_SUCCESS);
  MICA_CHECK(ZwClose(handle) == STATUS_SUCCESS);
  MICA_CHECK(open_directory(Attributes{u"\\Temporary"}) == STATUS_OBJECT_NAME_NOT_FOUND);

  MICA_REQUIRE(create_directory(Attributes{u"\\Permanent", OBJ_PERMANENT}, &handle) ==
               STATUS_SUCCESS);
  MICA_CHECK(ZwClose(handle) == STATUS_SUCCESS);
  MICA_CHECK(open_directory(Attributes{u"\\Permanent"}) == STATUS_SUCCESS);
  Attributes permanent{u"\\Permanent"};
  MICA_REQUIRE(ZwOpenDirectoryObject(&handle, DELETE, permanent) == STATUS_SUCCESS);
  MICA_CHECK(ZwMakeTemporaryObject(handle) == STATUS_SUCCESS);
  MICA_CHECK(open_directory(Attributes{u"\\Permanent"}) == STATUS_SUCCESS);
  MICA_CHECK(ZwClose(handle) == STATUS_SUCCESS);
  MICA_CHECK(open_directory(Attributes{u"\\Permanent"}) == STATUS_OBJECT_NAME_NOT_FOUND);
  MICA_CHECK(ZwMakeTemporaryObject(handle) == STATUS_INVALID_HANDLE);
}

MICA_CASE("Ob: two objects cannot have one name, and OBJ_OPENIF opens the first") {
  HANDLE first = nullptr;
  HANDLE second = nullptr;
  MICA_REQUIRE(create_directory(Attributes{u"\\Twice"}, &first) == STATUS_SUCCESS);
  MICA_CHECK(create_directory(Attributes{u"\\TWICE"}, &second) == STATUS_OBJECT_NAME_COLLISION);
  MICA_CHECK(second == nullptr);
  MICA_CHECK(create_directory(Attributes{u"\\twice", OBJ_OPENIF}, &second) ==
             STATUS_OBJECT_NAME_EXISTS);
  void* one = nullptr;
  void* other = nullptr;
  MICA_REQUIRE(ObReferenceObjectByHandle(first, 0, nullptr, KernelMode, &one, nullptr) ==
               STATUS_SUCCESS);
  MICA_REQUIRE(ObReferenceObjectByHandle(second, 0, nullptr, KernelMode, &other, nullptr) ==
               STATUS_SUCCESS);
  MICA_CHECK(one == other);
  ObDereferenceObject(one);
  ObDereferenceObject(other);
  MICA_CHECK(ZwClose(second) == STATUS_SUCCESS);
  ProbeType type;
  Attributes probe_name{u"\\Twice", OBJ_OPENIF};
  ProbeLog log{};
  Probe* const probe = type.make(&log, probe_name);
  MICA_REQUIRE(probe != nullptr);
  MICA_CHECK(ObInsertObject(probe, nullptr, 1, 0, nullptr, &second) == STATUS_OBJECT_TYPE_MISMATCH);
  MICA_CHECK(log.removed == 1);
  MICA_CHECK(ZwClose(first) == STATUS_SUCCESS);
}

MICA_CASE("Ob: names can start from a directory's handle") {
  HANDLE root = nullptr;
  HANDLE below = nullptr;
  MICA_REQUIRE(create_directory(Attributes{u"\\Root"}, &root) == STATUS_SUCCESS);
  MICA_CHECK(create_directory(Attributes{u"Below", OBJ_CASE_INSENSITIVE, root}, &below) ==
             STATUS_SUCCESS);
  MICA_CHECK(open_directory(Attributes{u"\\Root\\Below"}) == STATUS_SUCCESS);
  MICA_CHECK(open_directory(Attributes{u"BELOW", OBJ_CASE_INSENSITIVE, root}) == STATUS_SUCCESS);
  MICA_CHECK(open_directory(Attributes{u"", 0, root}) == STATUS_SUCCESS);
  MICA_CHECK(open_directory(Attributes{u"\\Root", 0, root}) == STATUS_OBJECT_PATH_SYNTAX_BAD);
  ZwClose(below);
  ZwClose(root);
  MICA_CHECK(open_directory(Attributes{u"Below", 0, root}) == STATUS_INVALID_HANDLE);
}

MICA_CASE("Ob: a path cannot go through, nor an open find, an object of another type") {
  ProbeType type;
  Attributes name{u"\\KernelObjects\\Probe"};
  Probe* const probe = type.make(nullptr, name);
  MICA_REQUIRE(probe != nullptr);
  HANDLE handle = nullptr;
  MICA_REQUIRE(ObInsertObject(probe, nullptr, 1, 0, nullptr, &handle) == STATUS_SUCCESS);
  MICA_CHECK(open_directory(Attributes{u"\\KernelObjects\\Probe"}) == STATUS_OBJECT_TYPE_MISMATCH);
  MICA_CHECK(open_directory(Attributes{u"\\KernelObjects\\Probe\\Below"}) ==
             STATUS_OBJECT_TYPE_MISMATCH);
  void* found = nullptr;
  Text path{u"\\kernelobjects\\PROBE"};
  MICA_CHECK(ObReferenceObjectByName(path, OBJ_CASE_INSENSITIVE, nullptr, 1, type.get(), KernelMode,
                                     nullptr, &found) == STATUS_SUCCESS);
  MICA_CHECK(found == probe);
  ObDereferenceObject(found);
  HANDLE again = nullptr;
  MICA_CHECK(ObOpenObjectByName(name, type.get(), KernelMode, nullptr, 1, nullptr, &again) ==
             STATUS_SUCCESS);
  ZwClose(handle);
  MICA_CHECK(ObReferenceObjectByName(path, 0, nullptr, 1, type.get(), KernelMode, nullptr,
                                     &found) == STATUS_SUCCESS);
  ObDereferenceObject(found);
  ZwClose(again);
  MICA_CHECK(ObReferenceObjectByName(path, 0, nullptr, 1, type.get(), KernelMode, nullptr,
                                     &found) == STATUS_OBJECT_NAME_NOT_FOUND);
}

MICA_CASE("Ob: ObQueryNameString gives the full path, or says how much room it takes") {
  HANDLE handle = nullptr;
  MICA_REQUIRE(create_directory(Attributes{u"\\Device\\Folder"}, &handle) == STATUS_SUCCESS);
  void* object = nullptr;
  MICA_REQUIRE(ObReferenceObjectByHandle(handle, 0, nullptr, KernelMode, &object, nullptr) ==
               STATUS_SUCCESS);
  union {
    OBJECT_NAME_INFORMATION name;
    unsigned char bytes[128];
  } buffer{};
  ULONG needed = 0;
  ULONG const expected = sizeof(OBJECT_NAME_INFORMATION) + sizeof u"\\Device\\Folder";
  MICA_CHECK(ObQueryNameString(object, nullptr, 0, &needed) == STATUS_INFO_LENGTH_MISMATCH);
  MICA_CHECK(needed == expected);
  MICA_CHECK(ObQueryNameString(object, &buffer.name, expected - 1, &needed) ==
             STATUS_INFO_LENGTH_MISMATCH);
  MICA_REQUIRE(ObQueryNameString(object, &buffer.name, expected, &needed) == STATUS_SUCCESS);
  MICA_CHECK(needed == expected);
  MICA_CHECK(buffer.name.Name.Length == sizeof u"\\Device\\Folder" - sizeof(WCHAR));
  WCHAR const path[] = u"\\Device\\Folder";
  bool same = true;
  for (ULONG i = 0; i < sizeof path / sizeof(WCHAR); ++i)
    same = same && buffer.name.Name.Buffer[i] == path[i];
  MICA_CHECK(same);
  ZwClose(handle);
  MICA_CHECK(ObQueryNameString(object, &buffer.name, sizeof buffer, &needed) == STATUS_SUCCESS);
  MICA_CHECK(needed == sizeof(OBJECT_NAME_INFORMATION));
  MICA_CHECK(buffer.name.Name.Length == 0);
  MICA_CHECK(buffer.name.Name.Buffer == nullptr);
  ObDereferenceObject(object);
}
