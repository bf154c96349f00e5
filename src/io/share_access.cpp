// Who has a file open, and what for.      [MSDN IoCheckShareAccess, IoSetShareAccess, SHARE_ACCESS]
#include <nt/io.h>
#include <nt/ntstatus.h>

namespace {

constexpr ACCESS_MASK reads = FILE_READ_DATA | FILE_EXECUTE;
constexpr ACCESS_MASK writes = FILE_WRITE_DATA | FILE_APPEND_DATA;

BOOLEAN as_boolean(bool holds) noexcept {
  return holds ? TRUE : FALSE;
}

// False: it wants nothing that would have to be shared. Then what it shares is not noted either.
bool NTAPI note(FILE_OBJECT& file, ACCESS_MASK access, ULONG share,
                BOOLEAN const* may_write) noexcept {
  file.ReadAccess = as_boolean((access & reads) != 0);
  file.WriteAccess = as_boolean((access & writes) != 0);
  file.DeleteAccess = as_boolean((access & DELETE) != 0);
  if ((access & (reads | writes | DELETE)) == 0) return false;
  bool const may_exclude_readers = may_write == nullptr || *may_write != FALSE;
  file.SharedRead = as_boolean((share & FILE_SHARE_READ) != 0 || !may_exclude_readers);
  file.SharedWrite = as_boolean((share & FILE_SHARE_WRITE) != 0);
  file.SharedDelete = as_boolean((share & FILE_SHARE_DELETE) != 0);
  return true;
}

bool NTAPI counts(FILE_OBJECT const& file) noexcept {
  return file.ReadAccess != FALSE || file.WriteAccess != FALSE || file.DeleteAccess != FALSE;
}

bool NTAPI agrees(FILE_OBJECT const& file, SHARE_ACCESS const& all) noexcept {
  auto const fits = [&all](BOOLEAN wants, BOOLEAN shares, ULONG have, ULONG share) {
    return (wants == FALSE || share == all.OpenCount) && (shares != FALSE || have == 0);
  };
  return fits(file.ReadAccess, file.SharedRead, all.Readers, all.SharedRead) &&
         fits(file.WriteAccess, file.SharedWrite, all.Writers, all.SharedWrite) &&
         fits(file.DeleteAccess, file.SharedDelete, all.Deleters, all.SharedDelete);
}

// `one` is 1, or the 32-bit complement that takes it back.
void NTAPI add(FILE_OBJECT const& file, SHARE_ACCESS& all, ULONG one) noexcept {
  if (!counts(file)) return;
  all.OpenCount += one;
  all.Readers += file.ReadAccess * one;
  all.Writers += file.WriteAccess * one;
  all.Deleters += file.DeleteAccess * one;
  all.SharedRead += file.SharedRead * one;
  all.SharedWrite += file.SharedWrite * one;
  all.SharedDelete += file.SharedDelete * one;
}

}  // namespace

VOID NTAPI IoSetShareAccess(ACCESS_MASK DesiredAccess, ULONG DesiredShareAccess,
                            PFILE_OBJECT FileObject, PSHARE_ACCESS ShareAccess) {
  IoSetShareAccessEx(DesiredAccess, DesiredShareAccess, FileObject, ShareAccess, nullptr);
}

VOID NTAPI IoSetShareAccessEx(ACCESS_MASK DesiredAccess, ULONG DesiredShareAccess,
                              PFILE_OBJECT FileObject, PSHARE_ACCESS ShareAccess,
                              PBOOLEAN WritePermission) {
  *ShareAccess = {};
  if (note(*FileObject, DesiredAccess, DesiredShareAccess, WritePermission))
    add(*FileObject, *ShareAccess, 1);
}

NTSTATUS NTAPI IoCheckShareAccess(ACCESS_MASK DesiredAccess, ULONG DesiredShareAccess,
                                  PFILE_OBJECT FileObject, PSHARE_ACCESS ShareAccess,
                                  BOOLEAN Update) {
  return IoCheckShareAccessEx(DesiredAccess, DesiredShareAccess, FileObject, ShareAccess, Update,
                              nullptr);
}

NTSTATUS NTAPI IoCheckShareAccessEx(ACCESS_MASK DesiredAccess, ULONG DesiredShareAccess,
                                    PFILE_OBJECT FileObject, PSHARE_ACCESS ShareAccess,
                                    BOOLEAN Update, PBOOLEAN WritePermission) {
  if (!note(*FileObject, DesiredAccess, DesiredShareAccess, WritePermission)) return STATUS_SUCCESS;
  if (!agrees(*FileObject, *ShareAccess)) return STATUS_SHARING_VIOLATION;
  if (Update != FALSE) add(*FileObject, *ShareAccess, 1);
  return STATUS_SUCCESS;
}

VOID NTAPI IoUpdateShareAccess(PFILE_OBJECT FileObject, PSHARE_ACCESS ShareAccess) {
  add(*FileObject, *ShareAccess, 1);
}

VOID NTAPI IoRemoveShareAccess(PFILE_OBJECT FileObject, PSHARE_ACCESS ShareAccess) {
  add(*FileObject, *ShareAccess, ~ULONG{0});
}
