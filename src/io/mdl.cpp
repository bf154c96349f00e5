// Memory descriptor lists as memory.            [MSDN IoAllocateMdl, IoFreeMdl, IoBuildPartialMdl]
#include <nt/mm/mdl.h>

#include <cstring>

#include "io/state.hpp"
#include "ke/verifier.hpp"
#include "mm/mdl.hpp"

namespace mica::io {
namespace {

// Of what one list describes.                                               [MSDN IoAllocateMdl]
constexpr ULONG most_bytes = MAXULONG - (PAGE_SIZE - 1);

void attach(IRP& irp, MDL& mdl, bool last) noexcept {
  PMDL* place = &irp.MdlAddress;
  while (last && *place != nullptr) place = &(*place)->Next;
  *place = &mdl;
}

}  // namespace
}  // namespace mica::io

using namespace mica;
using namespace mica::io;

PMDL NTAPI IoAllocateMdl(PVOID VirtualAddress, ULONG Length, BOOLEAN SecondaryBuffer, BOOLEAN,
                         PIRP Irp) {
  if (Length > most_bytes) return nullptr;
  auto* const mdl = static_cast<PMDL>(ExAllocatePool2(
      POOL_FLAG_NON_PAGED | POOL_FLAG_UNINITIALIZED, MmSizeOfMdl(VirtualAddress, Length), tag_mdl));
  if (mdl == nullptr) return nullptr;
  MmInitializeMdl(mdl, VirtualAddress, Length);
  mdl->Process = nullptr;
  mdl->MappedSystemVa = nullptr;
  if (Irp != nullptr) attach(*Irp, *mdl, SecondaryBuffer != FALSE);
  return mdl;
}

VOID NTAPI IoFreeMdl(PMDL Mdl) {
  MmPrepareMdlForReuse(Mdl);
  bool const mapped = (Mdl->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA) != 0;
  if (mapped && (Mdl->MdlFlags & MDL_PARENT_MAPPED_SYSTEM_VA) == 0)
    ke::violation(ke::Rule::free_mapped_list, ke::as_parameter(Mdl),
                  static_cast<USHORT>(Mdl->MdlFlags));
  ExFreePoolWithTag(Mdl, 0);
}

// A source that is mapped lends its mapping; what the target mapped for itself before is gone.
VOID NTAPI IoBuildPartialMdl(PMDL SourceMdl, PMDL TargetMdl, PVOID VirtualAddress, ULONG Length) {
  MmPrepareMdlForReuse(TargetMdl);
  auto* const start = static_cast<PCHAR>(MmGetMdlVirtualAddress(SourceMdl));
  auto const offset = static_cast<ULONG>(static_cast<PCHAR>(VirtualAddress) - start);
  ULONG const bytes = Length != 0 ? Length : SourceMdl->ByteCount - offset;
  SIZE_T const needed = MmSizeOfMdl(VirtualAddress, bytes);
  bool const size_tells = needed <= 0x7FFF;  // what a list has room for
  if (size_tells && static_cast<USHORT>(TargetMdl->Size) < needed)
    ke::bugcheck(TARGET_MDL_TOO_SMALL);
  auto const first = static_cast<ULONG>((SourceMdl->ByteOffset + offset) >> PAGE_SHIFT);
  TargetMdl->Process = SourceMdl->Process;
  TargetMdl->StartVa = PAGE_ALIGN(VirtualAddress);
  TargetMdl->ByteOffset = BYTE_OFFSET(VirtualAddress);
  TargetMdl->ByteCount = bytes;
  std::memcpy(MmGetMdlPfnArray(TargetMdl), MmGetMdlPfnArray(SourceMdl) + first,
              needed - sizeof(MDL));
  constexpr int inherited =
      MDL_MAPPED_TO_SYSTEM_VA | MDL_SOURCE_IS_NONPAGED_POOL | MDL_IO_PAGE_READ | MDL_IO_SPACE;
  int const flags = SourceMdl->MdlFlags & inherited;
  bool const mapped = (flags & (MDL_MAPPED_TO_SYSTEM_VA | MDL_SOURCE_IS_NONPAGED_POOL)) != 0;
  TargetMdl->MdlFlags =
      static_cast<CSHORT>(flags | MDL_PARTIAL | (mapped ? MDL_PARENT_MAPPED_SYSTEM_VA : 0));
  TargetMdl->MappedSystemVa =
      mapped ? static_cast<PCHAR>(SourceMdl->MappedSystemVa) + offset : nullptr;
}
