// Which units exist in which snapshot of the simulated process, and the ids of their nodes.
//
// Step 0 is the first snapshot. In each later step a share of the requests ends, as many new ones
// come, and the leak gets its samples; samples never end. Units are numbered in order of birth, so
// ids, which V8 hands out in order, are a running sum over the units, dead ones included.
#pragma once

#include <cstdint>
#include <vector>

#include "generator/unit.h"

namespace leaktrail::bench {

struct PopulationOptions {
  std::uint32_t requests = 1000;
  std::uint32_t samples_per_step = 100;
  std::uint32_t churn_percent = 10;
};

class Population {
 public:
  // `first_id` is the id of the first node of unit 0.
  Population(UnitBuilder& builder, std::uint64_t seed, const PopulationOptions& options,
             std::uint64_t first_id);

  // Lets time pass until `step`. Steps only go forward.
  void MoveTo(std::uint32_t step);

  std::uint32_t unit_count() const { return static_cast<std::uint32_t>(first_ids_.size()); }
  // The living requests and the living samples, each in order of birth.
  const std::vector<std::uint32_t>& requests() const { return requests_; }
  const std::vector<std::uint32_t>& samples() const { return samples_; }
  UnitKind kind(std::uint32_t unit) const;
  std::uint32_t first_id(std::uint32_t unit) const { return first_ids_[unit]; }
  // The neighbours of the unit at `position` of requests() or samples().
  Neighbours NeighboursOf(UnitKind kind, std::uint32_t position) const;

 private:
  struct Birth {
    std::uint32_t first_sample;
    std::uint32_t first_request;
  };
  void Create(std::uint32_t requests);

  UnitBuilder& builder_;
  std::uint64_t seed_;
  PopulationOptions options_;
  std::uint32_t step_ = 0;
  std::uint64_t next_id_;
  std::vector<Birth> births_;
  std::vector<std::uint32_t> first_ids_;
  std::vector<std::uint32_t> requests_;
  std::vector<std::uint32_t> samples_;
};

}  // namespace leaktrail::bench
