// What a model does to its device: nothing, while no device has it.
#include "harness/device_bus.hpp"

namespace mica {

std::string DeviceModel::name_of(DeviceAccess const&, bool) const {
  return {};
}

void DeviceModel::interrupt() {
  if (place_ != nullptr) place_->bus->request(*place_);
}
void DeviceModel::set_line(bool raised) {
  if (place_ != nullptr) place_->bus->set_line(*place_, raised);
}
void DeviceModel::wake_at(std::uint64_t time_100ns) {
  if (place_ != nullptr) place_->bus->wake_at(*place_, time_100ns);
}
std::uint64_t DeviceModel::now_100ns() const {
  return place_ != nullptr ? place_->bus->now_100ns() : 0;
}

DeviceModel::Place::~Place() {
  attach(*model, nullptr);
}

}  // namespace mica
