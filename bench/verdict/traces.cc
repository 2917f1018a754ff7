#include "traces.h"

#include <algorithm>
#include <cmath>

namespace leaktrail {
namespace {

constexpr double kKilobyte = 1000, kMegabyte = 1e6;

double Uniform(double low, double high, TraceRandom* random) {
  return std::uniform_real_distribution<double>(low, high)(*random);
}

// Even in orders of magnitude.
double LogUniform(double low, double high, TraceRandom* random) {
  return std::exp(Uniform(std::log(low), std::log(high), random));
}

double Normal(double deviation, TraceRandom* random) {
  return std::normal_distribution<double>(0, deviation)(*random);
}

// What a quiet heap shows after a forced collection: small changes that stay for a few rounds
// (compiled code, inline caches), and now and then a measurement that something disturbed.
class HeapNoise {
 public:
  explicit HeapNoise(TraceRandom* random)
      : random_(random),
        deviation_(LogUniform(5 * kKilobyte, 100 * kKilobyte, random)),
        memory_(Uniform(0, 0.5, random)) {}
  double Next() {
    state_ = memory_ * state_ + Normal(deviation_ * std::sqrt(1 - memory_ * memory_), random_);
    const bool is_outlier = Uniform(0, 1, random_) < 0.02;
    return state_ + (is_outlier ? Uniform(0, 30, random_) * deviation_ : 0);
  }

 private:
  TraceRandom* random_;
  double deviation_, memory_, state_ = 0;
};

// Bytes at `units`, without noise.
class Shape {
 public:
  Shape(TraceKind kind, double all_units, double round_units, TraceRandom* random) : kind_(kind) {
    switch (kind) {
      case TraceKind::kFlat:
        break;
      case TraceKind::kSawtooth:
        period_ = LogUniform(0.2 * round_units, all_units / 3, random);
        amplitude_ = LogUniform(0.1 * kMegabyte, 20 * kMegabyte, random);
        phase_ = Uniform(0, 1, random);
        break;
      case TraceKind::kStep:
        for (uint32_t i = 0, n = Uniform(0, 1, random) < 0.5 ? 1 : 2; i < n; ++i) {
          step_at_.push_back(Uniform(0, all_units, random));
          step_bytes_.push_back(LogUniform(0.1 * kMegabyte, 10 * kMegabyte, random));
        }
        break;
      case TraceKind::kFillingCache:
        // Keys at random or one new one a request; full within three quarters of the load.
        period_ = LogUniform(0.05, 0.5, random) * all_units;
        amplitude_ = LogUniform(0.5 * kMegabyte, 50 * kMegabyte, random);
        at_random_ = Uniform(0, 1, random) < 0.5;
        break;
      case TraceKind::kDecayingWarmUp:
        period_ = LogUniform(0.02, 0.3, random) * all_units;
        amplitude_ = LogUniform(0.5 * kMegabyte, 20 * kMegabyte, random);
        break;
      case TraceKind::kDriftWithNoise:
        slope_ = LogUniform(50, 5000, random);
        break;
      case TraceKind::kSlowLeakUnderChurn:
        *this = Shape(LeakUnderChurn(), round_units, random);
        break;
    }
  }
  Shape(const LeakUnderChurn& leak, double round_units, TraceRandom* random)
      : kind_(TraceKind::kSlowLeakUnderChurn),
        slope_(leak.slope),
        period_(LogUniform(0.2, 3, random) * round_units),
        amplitude_(leak.churn_bytes),
        phase_(Uniform(0, 1, random)) {}

  double At(double units) const {
    double bytes = slope_ * units;
    switch (kind_) {
      case TraceKind::kSawtooth:
      case TraceKind::kSlowLeakUnderChurn: {
        const double turns = units / period_ + phase_;
        bytes += amplitude_ * (turns - std::floor(turns));
        break;
      }
      case TraceKind::kStep:
        for (size_t i = 0; i < step_at_.size(); ++i) {
          if (units >= step_at_[i]) bytes += step_bytes_[i];
        }
        break;
      case TraceKind::kFillingCache:
        bytes += amplitude_ *
                 (at_random_ ? 1 - std::exp(-4 * units / period_) : std::min(1.0, units / period_));
        break;
      case TraceKind::kDecayingWarmUp:
        bytes += amplitude_ * (1 - std::exp(-units / period_));
        break;
      case TraceKind::kFlat:
      case TraceKind::kDriftWithNoise:
        break;
    }
    return bytes;
  }

 private:
  TraceKind kind_;
  double slope_ = 0, period_ = 1, amplitude_ = 0, phase_ = 0;
  bool at_random_ = false;
  std::vector<double> step_at_, step_bytes_;
};

}  // namespace

const char* TraceName(TraceKind kind) {
  switch (kind) {
    case TraceKind::kFlat:
      return "flat";
    case TraceKind::kSawtooth:
      return "sawtooth";
    case TraceKind::kStep:
      return "step";
    case TraceKind::kFillingCache:
      return "filling cache";
    case TraceKind::kDecayingWarmUp:
      return "decaying warm-up";
    case TraceKind::kDriftWithNoise:
      return "drift with noise";
    case TraceKind::kSlowLeakUnderChurn:
      return "slow leak under churn";
  }
  return "";
}

const char* TraceDescription(TraceKind kind) {
  switch (kind) {
    case TraceKind::kFlat:
      return "noise only";
    case TraceKind::kSawtooth:
      return "0.1 to 20 MB, a tooth from a fifth of a round to a third of the whole load";
    case TraceKind::kStep:
      return "one or two steps of 0.1 to 10 MB at any time";
    case TraceKind::kFillingCache:
      return "0.5 to 50 MB, evenly or by random keys, full after 5 to 50 % of the load";
    case TraceKind::kDecayingWarmUp:
      return "0.5 to 20 MB, exponential, time constant 2 to 30 % of the load";
    case TraceKind::kDriftWithNoise:
      return "50 to 5,000 B per request";
    case TraceKind::kSlowLeakUnderChurn:
      return "24 B per request below a saw of 5 MB, a tooth of 0.2 to 3 rounds";
  }
  return "";
}

bool IsLeak(TraceKind kind) {
  return kind == TraceKind::kDriftWithNoise || kind == TraceKind::kSlowLeakUnderChurn;
}

struct SimulatedHeap::Parts {
  Shape shape;
  HeapNoise noise;
};

SimulatedHeap::SimulatedHeap(TraceKind kind, double all_units, double round_units,
                             TraceRandom* random)
    : parts_(new Parts{Shape(kind, all_units, round_units, random), HeapNoise(random)}) {}
SimulatedHeap::SimulatedHeap(const LeakUnderChurn& leak, double round_units, TraceRandom* random)
    : parts_(new Parts{Shape(leak, round_units, random), HeapNoise(random)}) {}
SimulatedHeap::~SimulatedHeap() = default;
SimulatedHeap::SimulatedHeap(SimulatedHeap&&) noexcept = default;

double SimulatedHeap::BytesAfter(double units) {
  return 20 * kMegabyte + parts_->shape.At(units) + parts_->noise.Next();
}

namespace {

std::vector<GrowthSample> TraceOf(SimulatedHeap heap, uint32_t rounds, double round_units,
                                  TraceRandom* random) {
  std::vector<GrowthSample> trace;
  double units = 0;
  for (uint32_t i = 0; i < rounds; ++i) {
    units += round_units * Uniform(0.5, 1.5, random);
    trace.push_back({units, heap.BytesAfter(units)});
  }
  return trace;
}

}  // namespace

std::vector<GrowthSample> MakeTrace(TraceKind kind, uint32_t rounds, double round_units,
                                    TraceRandom* random) {
  return TraceOf(SimulatedHeap(kind, rounds * round_units, round_units, random), rounds,
                 round_units, random);
}

std::vector<GrowthSample> MakeTrace(const LeakUnderChurn& leak, uint32_t rounds, double round_units,
                                    TraceRandom* random) {
  return TraceOf(SimulatedHeap(leak, round_units, random), rounds, round_units, random);
}

}  // namespace leaktrail
