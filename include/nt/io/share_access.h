// Who has a file open, and what for: counts that a driver keeps for each of its files, under a lock
// of its own. IRQL PASSIVE_LEVEL.
#pragma once

#include <nt/io/constants.h>
#include <nt/io/objects.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct _SHARE_ACCESS {
  ULONG OpenCount;
  ULONG Readers;
  ULONG Writers;
  ULONG Deleters;
  ULONG SharedRead;
  ULONG SharedWrite;
  ULONG SharedDelete;
} SHARE_ACCESS, *PSHARE_ACCESS;

// The first who opens the file.                         [MSDN IoSetShareAccess, IoSetShareAccessEx]
VOID NTAPI IoSetShareAccess(ACCESS_MASK DesiredAccess, ULONG DesiredShareAccess,
                            PFILE_OBJECT FileObject, PSHARE_ACCESS ShareAccess);
// *WritePermission FALSE: who may not write to the file cannot keep others from reading it.
VOID NTAPI IoSetShareAccessEx(ACCESS_MASK DesiredAccess, ULONG DesiredShareAccess,
                              PFILE_OBJECT FileObject, PSHARE_ACCESS ShareAccess,
                              PBOOLEAN WritePermission);

// One more: STATUS_SHARING_VIOLATION if it wants what another does not share, or does not share
// what another has. Counted with Update only.       [MSDN IoCheckShareAccess, IoCheckShareAccessEx]
NTSTATUS NTAPI IoCheckShareAccess(ACCESS_MASK DesiredAccess, ULONG DesiredShareAccess,
                                  PFILE_OBJECT FileObject, PSHARE_ACCESS ShareAccess,
                                  BOOLEAN Update);
NTSTATUS NTAPI IoCheckShareAccessEx(ACCESS_MASK DesiredAccess, ULONG DesiredShareAccess,
                                    PFILE_OBJECT FileObject, PSHARE_ACCESS ShareAccess,
                                    BOOLEAN Update, PBOOLEAN WritePermission);

// Counts a file that was checked, and takes one that was counted back, when it is cleaned up.
//                                                   [MSDN IoUpdateShareAccess, IoRemoveShareAccess]
VOID NTAPI IoUpdateShareAccess(PFILE_OBJECT FileObject, PSHARE_ACCESS ShareAccess);
VOID NTAPI IoRemoveShareAccess(PFILE_OBJECT FileObject, PSHARE_ACCESS ShareAccess);

#ifdef __cplusplus
}
#endif
