// Where drivers' images come from: the RAM disk.
#pragma once

#include <span>
#include <string_view>

#include "io/state.hpp"
#include "ldr/refusal.hpp"

namespace mica::init {

// Loads an image so that it is ready to run, bound to this executive. IRQL PASSIVE_LEVEL. `symbols`
// may be none. What ldr::load refuses; the debugger is told why `name` is refused.
[[nodiscard]] ldr::Refusal NTAPI load_image(std::string_view name, std::span<std::byte const> file,
                                            std::span<std::byte const> symbols,
                                            io::DriverImage& image) noexcept;
// io::State::image_entered: its discardable sections go.
void NTAPI discard_image(io::DriverImage const& image) noexcept;
// io::State::unloaded.
void NTAPI judge_unloaded_image(io::DriverImage const& image, WCHAR const* driver) noexcept;
// io::State::image_gone.
void NTAPI unload_image(io::DriverImage const& image) noexcept;

// io::State::find_image: the RAM disk's file `service`.sys, whatever its folder and its case, with
// the symbols that it names if they are there too.
NTSTATUS NTAPI find_image(UNICODE_STRING const& service, io::DriverImage& image) noexcept;

// As ZwLoadDriver does, by the service's name of at most 100 letters.
[[nodiscard]] NTSTATUS load_service(std::string_view service) noexcept;

// The kernel option `drivers`: loads every driver of the RAM disk and says what its DriverEntry
// returned; plugs in the devices of the RAM disk, and removes them; then unloads, the last first,
// what can be unloaded. Whether there are drivers, every DriverEntry succeeded, and every device
// came and went.
[[nodiscard]] bool NTAPI run_drivers() noexcept;

}  // namespace mica::init
