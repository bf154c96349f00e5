#include "harness/named_places.hpp"

#include <algorithm>

#include "ldr/public_names.hpp"

namespace mica::harness {

std::vector<NamedPlace> named_places(ldr::LoadedImage const& image) {
  std::vector<NamedPlace> places;
  ldr::PublicName name;
  for (std::uint32_t position = 0; ldr::next_name(image, position, name);)
    places.push_back(
        {image.start() + name.begin, image.start() + name.end, std::string{name.view()}});
  std::ranges::stable_sort(places, {}, &NamedPlace::begin);
  auto const same = [](NamedPlace const& one, NamedPlace const& other) {
    return one.begin == other.begin;
  };
  places.erase(std::unique(places.begin(), places.end(), same), places.end());
  return places;
}

}  // namespace mica::harness
