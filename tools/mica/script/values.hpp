// The values of a script: numbers, sizes, times, bytes, statuses, control codes.
#pragma once

#include "script/reader.hpp"
#include "script/script.hpp"

namespace mica::script {

inline constexpr std::size_t most_bytes = std::size_t{1} << 20;  // of a request

[[nodiscard]] std::uint64_t take_number(Reader& reader);
[[nodiscard]] std::uint32_t take_size(Reader& reader);
[[nodiscard]] std::uint64_t take_offset(Reader& reader);
[[nodiscard]] Time take_time(Reader& reader);
[[nodiscard]] std::uint32_t take_control_code(Reader& reader);

// Whether bytes come next, or (in a pattern) what stands for some.
[[nodiscard]] bool begins_bytes(Token const& token) noexcept;
[[nodiscard]] bool begins_pattern(Token const& token) noexcept;
[[nodiscard]] Bytes take_bytes(Reader& reader);
[[nodiscard]] Pattern take_pattern(Reader& reader);

// A name of <nt/ntstatus.h>, or eight digits after 0x.
[[nodiscard]] bool begins_status(Token const& token) noexcept;
[[nodiscard]] std::int32_t take_status(Reader& reader);

}  // namespace mica::script
