#include "experiment/weighted_paths.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace leaktrail {
namespace {

constexpr uint32_t kMaxWeight = 1'000'000;

bool ReadWeight(std::string_view text, uint32_t* weight) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *weight);
  return error == std::errc() && end == text.data() + text.size() && !text.empty();
}

}  // namespace

Result<WeightedPath> ParseWeightedPath(std::string_view text) {
  WeightedPath out;
  std::string_view path = text;
  bool weight_is_good = true;
  const size_t colon = path.find(":/"), equals = path.rfind('=');
  if (!path.starts_with('/') && colon != std::string_view::npos) {
    weight_is_good = ReadWeight(path.substr(0, colon), &out.weight);
    path = path.substr(colon + 1);
  } else if (equals != std::string_view::npos && path.find('?') == std::string_view::npos) {
    // A path may have an = of its own.
    if (ReadWeight(path.substr(equals + 1), &out.weight)) path = path.substr(0, equals);
  }
  const bool is_path = path.starts_with('/') && std::none_of(path.begin(), path.end(), [](char c) {
                         return static_cast<unsigned char>(c) <= ' ' || c == '\x7f' || c == '#';
                       });
  if (!is_path || !weight_is_good || out.weight == 0 || out.weight > kMaxWeight) {
    return Fail(ErrorKind::kUsage,
                fmt::format("--path takes the path of a URL, with a weight if it likes, like "
                            "/items, /items=3 or 3:/items?id=1, not '{}'",
                            text));
  }
  out.path = path;
  return out;
}

PathTurns::PathTurns(size_t path_count, const std::vector<uint32_t>& weights)
    : weights_(path_count, 1), credit_(path_count, 0) {
  for (size_t i = 0; i < std::min(path_count, weights.size()); ++i) weights_[i] = weights[i];
  for (const int64_t w : weights_) sum_ += w;
}

uint32_t PathTurns::Next() {
  if (weights_.size() == 1) return 0;
  size_t best = 0;
  for (size_t i = 0; i < weights_.size(); ++i) {
    credit_[i] += weights_[i];
    if (credit_[i] > credit_[best]) best = i;
  }
  credit_[best] -= sum_;
  return static_cast<uint32_t>(best);
}

}  // namespace leaktrail
