#include "ldr/load_configuration.hpp"

#include "base/mix.hpp"

namespace mica::ldr {
namespace {

constexpr std::uint64_t cookie_mask = 0xFFFF'FFFF'FFFF;

#define MICA_AT(field) offsetof(IMAGE_LOAD_CONFIG_DIRECTORY64, field)

class Reader {
 public:
  Reader(File const& file, Image const& image, std::uint64_t base) noexcept
      : file_{file},
        image_{image},
        base_{base},
        at_{image.directory(IMAGE_DIRECTORY_ENTRY_LOAD_CONFIG).VirtualAddress} {}

  [[nodiscard]] Refusal read(LoadConfiguration& configuration) noexcept {
    if (at_ == 0) return {};
    if (!image_.read(at_, bytes_)) return bad_image("the load configuration is cut off", at_);
    if (!image_.has(at_, bytes_))
      return bad_image("the load configuration ends outside of the image", at_);
    if (Refusal const refusal = read_cookie(configuration)) return refusal;
    if ((field<ULONG>(MICA_AT(GuardFlags)) & IMAGE_GUARD_CF_INSTRUMENTED) == 0) return {};
    if (Refusal const refusal = check_guard(MICA_AT(GuardCFCheckFunctionPointer))) return refusal;
    return check_guard(MICA_AT(GuardCFDispatchFunctionPointer));
  }

 private:
  // Zero if it is one that the linker did not know.
  template <class T>
  [[nodiscard]] T field(std::size_t offset) const noexcept {
    T value{};
    if (offset + sizeof value <= bytes_) static_cast<void>(image_.read(at_ + offset, value));
    return value;
  }

  [[nodiscard]] Refusal read_cookie(LoadConfiguration& configuration) const noexcept {
    auto const pointer = field<ULONGLONG>(MICA_AT(SecurityCookie));
    if (pointer == 0) return {};
    if (!file_.has(pointer - base_, sizeof(ULONGLONG), IMAGE_SCN_MEM_WRITE))
      return bad_image("the security cookie is in no section that is written",
                       at_ + MICA_AT(SecurityCookie));
    configuration.cookie = static_cast<std::uint32_t>(pointer - base_);
    return {};
  }

  [[nodiscard]] Refusal check_guard(std::size_t offset) const noexcept {
    auto const pointer = field<ULONGLONG>(offset);
    ULONGLONG routine = 0;
    if (pointer == 0) return {};
    if (!image_.read(pointer - base_, routine))
      return bad_image("a pointer that calls are checked through is outside of the image",
                       at_ + offset);
    if (!file_.has(routine - base_, 1, IMAGE_SCN_MEM_EXECUTE))
      return bad_image("a pointer that calls are checked through leads to no code of the image",
                       pointer - base_);
    return {};
  }

  File const& file_;
  Image const& image_;
  std::uint64_t const base_;
  std::uint32_t const at_;
  ULONG bytes_ = 0;
};

}  // namespace

Refusal read_load_configuration(File const& file, Image const& image, std::uint64_t base,
                                LoadConfiguration& configuration) noexcept {
  configuration = {};
  return Reader{file, image, base}.read(configuration);
}

void seed_cookie(Image& image, LoadConfiguration const& configuration,
                 std::uint64_t secret) noexcept {
  std::uint64_t cookie = 0;
  if (configuration.cookie == 0 || !image.read(configuration.cookie, cookie) ||
      cookie != unseeded_cookie)
    return;
  cookie = mix(secret) & cookie_mask;
  if (cookie == 0 || cookie == unseeded_cookie) ++cookie;
  // It is behind the headers, as sections are.
  static_cast<void>(image.write(configuration.cookie, cookie));
}

}  // namespace mica::ldr
