#include "hal_host/scratch_code.hpp"

#include <sys/mman.h>
#include <unistd.h>

namespace mica::hal_host {
namespace {

constexpr std::size_t page_bytes = 4096;

}  // namespace

// Called anew wherever it is needed: a fiber's next step may be another thread's.
ScratchCode& ScratchCode::own() noexcept {
  static thread_local ScratchCode code;
  return code;
}

ScratchCode::ScratchCode() noexcept : written_{MAP_FAILED}, executed_{MAP_FAILED} {
  int const file = ::memfd_create("mica-scratch", MFD_CLOEXEC);
  if (file < 0) return;
  if (::ftruncate(file, page_bytes) == 0) {
    written_ = ::mmap(nullptr, page_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    executed_ = ::mmap(nullptr, page_bytes, PROT_READ | PROT_EXEC, MAP_SHARED, file, 0);
  }
  ::close(file);
}

ScratchCode::~ScratchCode() {
  if (written_ != MAP_FAILED) ::munmap(written_, page_bytes);
  if (executed_ != MAP_FAILED) ::munmap(executed_, page_bytes);
}

std::span<unsigned char> ScratchCode::room() const noexcept {
  if (written_ == MAP_FAILED || executed_ == MAP_FAILED) return {};
  return {static_cast<unsigned char*>(written_), bytes};
}

}  // namespace mica::hal_host
