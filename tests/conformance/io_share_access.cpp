// Sharing of files: IoCheckShareAccess and its relatives.
#include "io_support.hpp"

using namespace mica::test;

namespace {

bool is(SHARE_ACCESS const& all, ULONG open, ULONG readers, ULONG writers, ULONG deleters,
        ULONG share_read, ULONG share_write, ULONG share_delete) {
  return all.OpenCount == open && all.Readers == readers && all.Writers == writers &&
         all.Deleters == deleters && all.SharedRead == share_read &&
         all.SharedWrite == share_write && all.SharedDelete == share_delete;
}

}  // namespace

MICA_CASE("Io: the first who opens a file says what others may do with it") {
  FILE_OBJECT file{};
  SHARE_ACCESS all;
  IoSetShareAccess(FILE_READ_DATA | DELETE, FILE_SHARE_READ | FILE_SHARE_DELETE, &file, &all);
  MICA_CHECK(file.ReadAccess == TRUE && file.WriteAccess == FALSE && file.DeleteAccess == TRUE);
  MICA_CHECK(file.SharedRead == TRUE && file.SharedWrite == FALSE && file.SharedDelete == TRUE);
  MICA_CHECK(is(all, 1, 1, 0, 1, 1, 0, 1));
  IoSetShareAccess(FILE_READ_ATTRIBUTES, 0, &file, &all);
  MICA_CHECK(is(all, 0, 0, 0, 0, 0, 0, 0));
  MICA_CHECK(file.ReadAccess == FALSE && file.DeleteAccess == FALSE);
}

MICA_CASE("Io: executing is reading and appending is writing, of a file that is shared") {
  FILE_OBJECT file{};
  SHARE_ACCESS all;
  IoSetShareAccess(FILE_EXECUTE, 0, &file, &all);
  MICA_CHECK(is(all, 1, 1, 0, 0, 0, 0, 0));
  IoSetShareAccess(FILE_APPEND_DATA, FILE_SHARE_WRITE, &file, &all);
  MICA_CHECK(is(all, 1, 0, 1, 0, 0, 1, 0));
}

MICA_CASE("Io: a file is opened by who agrees with all who have it open") {
  constexpr ULONG share_all = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;
  struct Try {
    ACCESS_MASK has, wants;
    ULONG shares, would_share;
    bool agrees;
  };
  Try const tries[] = {
      {FILE_READ_DATA, FILE_READ_DATA, FILE_SHARE_READ, FILE_SHARE_READ, true},
      {FILE_READ_DATA, FILE_READ_DATA, 0, FILE_SHARE_READ, false},
      {FILE_READ_DATA, FILE_READ_DATA, FILE_SHARE_READ, 0, false},
      {FILE_READ_DATA, FILE_WRITE_DATA, FILE_SHARE_READ, FILE_SHARE_READ, false},
      {FILE_READ_DATA, FILE_WRITE_DATA, FILE_SHARE_WRITE, FILE_SHARE_READ, true},
      {FILE_WRITE_DATA, FILE_READ_DATA, share_all, FILE_SHARE_READ, false},
      {FILE_WRITE_DATA, FILE_READ_DATA, FILE_SHARE_READ, FILE_SHARE_WRITE, true},
      {DELETE, FILE_READ_DATA, FILE_SHARE_READ, FILE_SHARE_DELETE, true},
      {DELETE, FILE_READ_DATA, FILE_SHARE_READ, FILE_SHARE_READ, false},
      {FILE_READ_DATA, DELETE, FILE_SHARE_DELETE, FILE_SHARE_READ, true},
      {FILE_READ_DATA, DELETE, FILE_SHARE_READ, FILE_SHARE_READ, false},
      {FILE_READ_DATA, FILE_READ_ATTRIBUTES, 0, 0, true},
      {FILE_READ_ATTRIBUTES, FILE_WRITE_DATA, 0, 0, true},
  };
  for (Try const& one : tries) {
    FILE_OBJECT first{}, second{};
    SHARE_ACCESS all;
    IoSetShareAccess(one.has, one.shares, &first, &all);
    NTSTATUS const status = IoCheckShareAccess(one.wants, one.would_share, &second, &all, FALSE);
    MICA_CHECK(status == (one.agrees ? STATUS_SUCCESS : STATUS_SHARING_VIOLATION));
  }
}

MICA_CASE("Io: who opens a file is counted when that is asked for, and taken back") {
  FILE_OBJECT first{}, second{};
  SHARE_ACCESS all;
  constexpr ULONG share = FILE_SHARE_READ | FILE_SHARE_WRITE;
  IoSetShareAccess(FILE_READ_DATA, share, &first, &all);
  MICA_CHECK(IoCheckShareAccess(FILE_WRITE_DATA, share, &second, &all, FALSE) == STATUS_SUCCESS);
  MICA_CHECK(is(all, 1, 1, 0, 0, 1, 1, 0));
  IoUpdateShareAccess(&second, &all);
  MICA_CHECK(is(all, 2, 1, 1, 0, 2, 2, 0));
  IoRemoveShareAccess(&second, &all);
  MICA_CHECK(is(all, 1, 1, 0, 0, 1, 1, 0));
  MICA_CHECK(IoCheckShareAccess(FILE_WRITE_DATA, share, &second, &all, TRUE) == STATUS_SUCCESS);
  MICA_CHECK(is(all, 2, 1, 1, 0, 2, 2, 0));
  FILE_OBJECT third{};
  MICA_CHECK(IoCheckShareAccess(DELETE, share, &third, &all, TRUE) == STATUS_SHARING_VIOLATION);
  MICA_CHECK(is(all, 2, 1, 1, 0, 2, 2, 0));
  IoRemoveShareAccess(&second, &all);
  IoRemoveShareAccess(&first, &all);
  MICA_CHECK(is(all, 0, 0, 0, 0, 0, 0, 0));
}

MICA_CASE("Io: who wants nothing that is shared is not counted, nor taken back") {
  FILE_OBJECT first{}, second{};
  SHARE_ACCESS all;
  constexpr ULONG share = FILE_SHARE_READ | FILE_SHARE_WRITE;
  IoSetShareAccess(FILE_READ_DATA, share, &first, &all);
  MICA_CHECK(IoCheckShareAccess(FILE_READ_ATTRIBUTES, share, &second, &all, TRUE) ==
             STATUS_SUCCESS);
  MICA_CHECK(is(all, 1, 1, 0, 0, 1, 1, 0));
  IoUpdateShareAccess(&second, &all);
  MICA_CHECK(is(all, 1, 1, 0, 0, 1, 1, 0));
  IoRemoveShareAccess(&second, &all);
  MICA_CHECK(is(all, 1, 1, 0, 0, 1, 1, 0));
}

MICA_CASE("Io: who may not write to a file cannot keep others from reading it") {
  FILE_OBJECT file{};
  SHARE_ACCESS all;
  BOOLEAN may_write = TRUE;
  IoSetShareAccessEx(FILE_READ_DATA, 0, &file, &all, &may_write);
  MICA_CHECK(is(all, 1, 1, 0, 0, 0, 0, 0));
  may_write = FALSE;
  IoSetShareAccessEx(FILE_READ_DATA, 0, &file, &all, &may_write);
  MICA_CHECK(is(all, 1, 1, 0, 0, 1, 0, 0));
  FILE_OBJECT second{};
  MICA_CHECK(IoCheckShareAccessEx(FILE_READ_DATA, 0, &second, &all, FALSE, nullptr) ==
             STATUS_SHARING_VIOLATION);
  MICA_CHECK(IoCheckShareAccessEx(FILE_READ_DATA, 0, &second, &all, TRUE, &may_write) ==
             STATUS_SUCCESS);
  MICA_CHECK(is(all, 2, 2, 0, 0, 2, 0, 0));
}
