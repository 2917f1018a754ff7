#include "generator/population.h"

#include <algorithm>
#include <stdexcept>

namespace leaktrail::bench {

Population::Population(UnitBuilder& builder, std::uint64_t seed, const PopulationOptions& options,
                       std::uint64_t first_id)
    : builder_(builder), seed_(seed), options_(options), next_id_(first_id) {
  Create(options.requests);
}

void Population::Create(std::uint32_t requests) {
  const std::uint32_t first = unit_count();
  Unit scratch;
  births_.push_back({first, first + options_.samples_per_step});
  for (std::uint32_t i = 0; i < options_.samples_per_step + requests; ++i) {
    const std::uint32_t unit = first + i;
    const UnitKind of = i < options_.samples_per_step ? UnitKind::kSample : UnitKind::kRequest;
    builder_.Build(unit, of, {}, 0, scratch);
    first_ids_.push_back(static_cast<std::uint32_t>(next_id_));
    next_id_ += 2 * scratch.nodes().size();
    if (next_id_ > 0xffffffffu) throw std::length_error("more nodes than 32-bit ids");
    (of == UnitKind::kSample ? samples_ : requests_).push_back(unit);
  }
}

void Population::MoveTo(std::uint32_t step) {
  for (; step_ < step; ++step_) {
    const std::size_t before = requests_.size();
    std::erase_if(requests_, [&](std::uint32_t unit) {
      return Mix(seed_ + step_ + 1, 0x200000000u + unit) % 100 < options_.churn_percent;
    });
    Create(static_cast<std::uint32_t>(before - requests_.size()));
  }
}

UnitKind Population::kind(std::uint32_t unit) const {
  const auto after =
      std::upper_bound(births_.begin(), births_.end(), unit,
                       [](std::uint32_t u, const Birth& birth) { return u < birth.first_sample; });
  return unit < std::prev(after)->first_request ? UnitKind::kSample : UnitKind::kRequest;
}

Neighbours Population::NeighboursOf(UnitKind kind, std::uint32_t position) const {
  const auto& units = kind == UnitKind::kSample ? samples_ : requests_;
  Neighbours found;
  if (position > 0) found.older = units[position - 1];
  if (position + 1 < units.size()) found.newer = units[position + 1];
  if (kind == UnitKind::kRequest) {
    Random random(Mix(seed_, 0x300000000u + units[position]));
    for (std::uint32_t& related : found.related) {
      related = requests_[random.Below(static_cast<std::uint32_t>(requests_.size()))];
    }
  }
  return found;
}

}  // namespace leaktrail::bench
