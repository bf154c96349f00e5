#include "ldr/scopes.hpp"

namespace mica::ldr {

ScopeTable::ScopeTable(LoadedImage const& image, std::uint32_t table) noexcept
    : image_{image}, table_{table} {
  if (!image.read(table, count_)) refuse("a table of scopes is outside of the image");
}

bool ScopeTable::refuse(char const* what) noexcept {
  bad_ = {STATUS_BAD_FUNCTION_TABLE, what, table_};
  count_ = 0;
  return false;
}

bool ScopeTable::next(ULONG& index, std::uint64_t at, Scope& scope) noexcept {
  while (index < count_) {
    std::uint64_t const place = table_ + sizeof count_ + std::uint64_t{index} * sizeof scope;
    if (!image_.read(place, scope)) return refuse("a table of scopes goes on outside of the image");
    ++index;
    if (scope.has(at)) return check(scope);
  }
  return false;
}

bool ScopeTable::check(Scope const& scope) noexcept {
  bool const calls = scope.is_finally() || !scope.always_handles();
  if (calls && scope.handler >= image_.bytes)
    return refuse("the handler of a scope is outside of the image");
  if (scope.target >= image_.bytes) return refuse("the block of a scope is outside of the image");
  return true;
}

}  // namespace mica::ldr
