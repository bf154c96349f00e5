// What a load may see of other processors' stores.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace mica::explore {

enum class MemoryModel : std::uint8_t {
  sequential,  // the newest store
  x86,         // what a processor with a store buffer sees
  cxx20,       // what the orders that the code names allow
};

// For tests of the models: wrong ones, which a litmus test must find out.
enum class MemoryFlaw : std::uint8_t {
  none,
  incoherent,     // a processor forgets which stores it has read
  plain_seq_cst,  // sequentially consistent operations acquire and release, no more
  cut_sequences,  // a read-modify-write ends the release sequence that it reads from
  unfenced,       // x86: a fence does not wait for the store buffer
};

[[nodiscard]] std::string_view name_of(MemoryModel model) noexcept;
// None: there is no such model.
[[nodiscard]] std::optional<MemoryModel> memory_model_of(std::string_view name) noexcept;

}  // namespace mica::explore
