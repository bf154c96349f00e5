// Symbolic links.
#include "ob_support.hpp"

#include <nt/io.h>

using namespace mica::test;

namespace {

NTSTATUS open_directory(Attributes attributes) {
  HANDLE handle = nullptr;
  NTSTATUS const status = ZwOpenDirectoryObject(&handle, DIRECTORY_QUERY, attributes);
  if (NT_SUCCESS(status)) ZwClose(handle);
  return status;
}

}  // namespace

MICA_CASE("Ob: a path goes on behind a symbolic link") {
  Attributes name{u"\\Shortcut"};
  Text target{u"\\Device"};
  HANDLE link = nullptr;
  MICA_REQUIRE(ZwCreateSymbolicLinkObject(&link, SYMBOLIC_LINK_ALL_ACCESS, name, target) ==
               STATUS_SUCCESS);
  MICA_CHECK(open_directory(Attributes{u"\\Shortcut"}) == STATUS_SUCCESS);
  HANDLE folder = nullptr;
  Attributes below{u"\\shortcut\\Folder"};
  MICA_REQUIRE(ZwCreateDirectoryObject(&folder, DIRECTORY_ALL_ACCESS, below) == STATUS_SUCCESS);
  MICA_CHECK(open_directory(Attributes{u"\\Device\\Folder"}) == STATUS_SUCCESS);
  MICA_CHECK(open_directory(Attributes{u"\\Shortcut\\NoSuch"}) == STATUS_OBJECT_NAME_NOT_FOUND);
  ZwClose(folder);
  ZwClose(link);
  MICA_CHECK(open_directory(Attributes{u"\\Shortcut"}) == STATUS_OBJECT_NAME_NOT_FOUND);
}

MICA_CASE("Ob: a symbolic link can be opened itself and asked for its target") {
  Attributes name{u"\\Shortcut"};
  Text target{u"\\Device\\Somewhere"};
  HANDLE link = nullptr;
  HANDLE again = nullptr;
  MICA_REQUIRE(ZwCreateSymbolicLinkObject(&link, SYMBOLIC_LINK_ALL_ACCESS, name, target) ==
               STATUS_SUCCESS);
  MICA_REQUIRE(ZwOpenSymbolicLinkObject(&again, SYMBOLIC_LINK_QUERY, name) == STATUS_SUCCESS);
  WCHAR buffer[32] = {};
  UNICODE_STRING answer{0, 4, buffer};
  ULONG needed = 0;
  MICA_CHECK(ZwQuerySymbolicLinkObject(again, &answer, &needed) == STATUS_BUFFER_TOO_SMALL);
  MICA_CHECK(needed == target->Length);
  answer.MaximumLength = sizeof buffer;
  MICA_CHECK(ZwQuerySymbolicLinkObject(again, &answer, nullptr) == STATUS_SUCCESS);
  MICA_CHECK(answer.Length == target->Length);
  MICA_CHECK(buffer[0] == u'\\' && buffer[8] == u'S');
  ZwClose(again);
  ZwClose(link);
  MICA_CHECK(ZwQuerySymbolicLinkObject(link, &answer, nullptr) == STATUS_INVALID_HANDLE);
  MICA_CHECK(ZwOpenSymbolicLinkObject(&again, SYMBOLIC_LINK_QUERY, name) ==
             STATUS_OBJECT_NAME_NOT_FOUND);
  Attributes directory{u"\\Device"};
  MICA_CHECK(ZwOpenSymbolicLinkObject(&again, SYMBOLIC_LINK_QUERY, directory) ==
             STATUS_OBJECT_TYPE_MISMATCH);
}

MICA_CASE("Ob: a symbolic link needs a target, and a circle of them is no name") {
  Attributes name{u"\\Circle"};
  Text nowhere{u""};
  Text itself{u"\\Circle"};
  HANDLE link = nullptr;
  MICA_CHECK(ZwCreateSymbolicLinkObject(&link, SYMBOLIC_LINK_ALL_ACCESS, name, nowhere) ==
             STATUS_INVALID_PARAMETER);
  MICA_REQUIRE(ZwCreateSymbolicLinkObject(&link, SYMBOLIC_LINK_ALL_ACCESS, name, itself) ==
               STATUS_SUCCESS);
  MICA_CHECK(open_directory(Attributes{u"\\Circle"}) == STATUS_OBJECT_NAME_NOT_FOUND);
  HANDLE second = nullptr;
  MICA_CHECK(ZwCreateSymbolicLinkObject(&second, SYMBOLIC_LINK_ALL_ACCESS, name, itself) ==
             STATUS_OBJECT_NAME_COLLISION);
  ZwClose(link);
}

MICA_CASE("Ob: a path that a symbolic link makes too long is STATUS_NAME_TOO_LONG") {
  constexpr USHORT chars = 20'000;
  auto* const text = static_cast<WCHAR*>(
      ExAllocatePool2(POOL_FLAG_PAGED, chars * sizeof(WCHAR), mica::ob::pool_tag("Text")));
  MICA_REQUIRE(text != nullptr);
  for (int i = 0; i < chars; ++i) text[i] = u'x';
  text[0] = u'\\';
  UNICODE_STRING target{chars * sizeof(WCHAR), chars * sizeof(WCHAR), text};
  Attributes name{u"\\Longer"};
  HANDLE link = nullptr;
  MICA_REQUIRE(ZwCreateSymbolicLinkObject(&link, SYMBOLIC_LINK_ALL_ACCESS, name, &target) ==
               STATUS_SUCCESS);
  WCHAR const start[] = u"\\Longer\\";
  for (ULONG i = 0; i < sizeof start / sizeof(WCHAR) - 1; ++i) text[i] = start[i];
  OBJECT_ATTRIBUTES below;
  InitializeObjectAttributes(&below, &target, OBJ_CASE_INSENSITIVE, nullptr, nullptr);
  HANDLE none = nullptr;
  MICA_CHECK(ZwOpenDirectoryObject(&none, DIRECTORY_QUERY, &below) == STATUS_NAME_TOO_LONG);
  ZwClose(link);
  ExFreePoolWithTag(text, mica::ob::pool_tag("Text"));
}

MICA_CASE("Ob: IoCreateSymbolicLink makes a permanent link, IoDeleteSymbolicLink ends it") {
  Text name{u"\\DosDevices\\MicaTest"};
  Text target{u"\\Device"};
  MICA_REQUIRE(IoCreateSymbolicLink(name, target) == STATUS_SUCCESS);
  MICA_CHECK(open_directory(Attributes{u"\\??\\MicaTest"}) == STATUS_SUCCESS);
  MICA_CHECK(IoCreateSymbolicLink(name, target) == STATUS_OBJECT_NAME_COLLISION);
  MICA_CHECK(IoDeleteSymbolicLink(name) == STATUS_SUCCESS);
  MICA_CHECK(IoDeleteSymbolicLink(name) == STATUS_OBJECT_NAME_NOT_FOUND);
  Text directory{u"\\Device"};
  MICA_CHECK(IoDeleteSymbolicLink(directory) == STATUS_OBJECT_TYPE_MISMATCH);
  Text relative{u"MicaTest"};
  MICA_CHECK(IoCreateSymbolicLink(relative, target) == STATUS_OBJECT_PATH_SYNTAX_BAD);
}
