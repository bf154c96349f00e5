// Whether what each line says fits what the other ones say: the names that it uses.
#include "pnp/description.hpp"
#include "pnp/registers.hpp"

namespace mica::pnp {
namespace {

// Whether a register of the text, or of what of it is before `end`, has that name.
[[nodiscard]] bool is_named(std::string_view device, std::string_view name,
                            char const* end = nullptr) noexcept {
  RegisterReader reader{device};
  for (RegisterLine line; reader.next(line);) {
    if (line.is_reaction) continue;
    if (end != nullptr && line.what.name.data() >= end) return false;
    if (line.what.name == name) return true;
  }
  return false;
}

// What is wrong about the names of a line.
class Check {
 public:
  Check(std::string_view device, unsigned first_line, bool has_interrupt, Mistake& mistake) noexcept
      : device_{device},
        first_line_{first_line},
        has_interrupt_{has_interrupt},
        mistake_{mistake} {}

  [[nodiscard]] bool holds(RegisterLine const& line) noexcept {
    if (!line.is_reaction) return holds(line.what);
    Reaction const& reaction = line.reaction;
    return is_known(reaction.condition.name) &&
           (reaction.act == Act::interrupt ? may_interrupt(nullptr) : is_known(reaction.target));
  }

 private:
  [[nodiscard]] bool holds(Register const& what) noexcept {
    if (is_named(device_, what.name, what.name.data()))
      return refuse(what.name.data(), "another name: a register has that");
    return is_known(what.condition.name) && is_known(what.ready.name) &&
           is_known(what.raises.name) && (!what.raises.there || may_interrupt(what.name.data()));
  }

  [[nodiscard]] bool is_known(std::string_view name) noexcept {
    return name.empty() || is_named(device_, name) ||
           refuse(name.data(), "the name of a register of the device");
  }

  // Without a place: nothing of the line says where the word is.
  [[nodiscard]] bool may_interrupt(char const* at) noexcept {
    return has_interrupt_ ||
           refuse(at != nullptr ? at : device_.data(), "a device that has an interrupt");
  }

  [[nodiscard]] bool refuse(char const* at, char const* expected) noexcept {
    auto const place = static_cast<std::size_t>(at - device_.data());
    mistake_ = {first_line_, 1, expected};
    for (std::size_t i = 0; i < place; ++i) {
      ++mistake_.column;
      if (device_[i] != '\n') continue;
      ++mistake_.line;
      mistake_.column = 1;
    }
    return false;
  }

  std::string_view const device_;
  unsigned const first_line_;
  bool const has_interrupt_;
  Mistake& mistake_;
};

}  // namespace

bool check_registers(std::string_view device, unsigned first_line, bool has_interrupt,
                     Mistake& mistake) noexcept {
  Check check{device, first_line, has_interrupt, mistake};
  RegisterReader reader{device};
  for (RegisterLine line; reader.next(line);)
    if (!check.holds(line)) return false;
  return true;
}

}  // namespace mica::pnp
