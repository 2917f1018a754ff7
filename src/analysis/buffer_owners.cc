#include "analysis/buffer_owners.h"

#include <algorithm>
#include <array>
#include <map>
#include <string_view>
#include <tuple>

#include "analysis/places.h"

namespace leaktrail {
namespace {

constexpr int kMaxClimb = 24;

// Views of a buffer, and what Node makes of them. Source: ECMAScript, "TypedArray Objects".
bool IsView(std::string_view name) {
  static constexpr std::array kViews = {
      "ArrayBuffer",   "SharedArrayBuffer", "DataView",     "Buffer",       "FastBuffer",
      "Int8Array",     "Uint8Array",        "Int16Array",   "Uint16Array",  "Uint8ClampedArray",
      "Int32Array",    "Uint32Array",       "Float16Array", "Float32Array", "Float64Array",
      "BigInt64Array", "BigUint64Array"};
  return std::find(kViews.begin(), kViews.end(), name) != kViews.end();
}

class Finder {
 public:
  explicit Finder(const LastSnapshot& last) : last_(last), g_(last.graph()) {}

  std::vector<BufferOwner> Find(size_t limit) {
    for (const NodeIndex n : g_.nodes()) {
      const bool is_store =
          g_.type(n) == NodeType::kNative && g_.NameIs(n, WellKnown::kArrayBufferData);
      if (is_store && g_.self_size(n) > 0) Add(n, g_.self_size(n));
    }
    std::vector<BufferOwner> owners;
    for (auto& [key, owner] : owners_) owners.push_back(std::move(owner));
    std::stable_sort(owners.begin(), owners.end(),
                     [](const BufferOwner& a, const BufferOwner& b) { return a.size > b.size; });
    if (owners.size() > limit) owners.resize(limit);
    return owners;
  }

 private:
  void Add(NodeIndex store, uint64_t size) {
    HolderStep step{store, EdgeIndex::None(), false};
    for (int i = 0; i < kMaxClimb; ++i) {
      step = VisibleHolder(last_, step.node);
      if (!step.node.valid() || !IsView(g_.NodeName(step.node))) break;
    }
    BufferOwner owner = step.node.valid() ? Describe(step) : BufferOwner{};
    const auto key = std::tuple(owner.class_name, owner.property, owner.package,
                                owner.location ? owner.location->file : std::string(),
                                owner.location ? owner.location->line : 0u);
    BufferOwner& group = owners_.try_emplace(key, std::move(owner)).first->second;
    ++group.count;
    group.size += size;
    group.largest = std::max(group.largest, size);
  }

  BufferOwner Describe(const HolderStep& step) const {
    BufferOwner owner;
    owner.class_name = DisplayClass(last_, step.node);
    owner.property = step.many ? "[]" : EdgeText(step);
    HolderStep up = step;
    for (int i = 0; i < kMaxClimb && up.node.valid(); ++i) {
      const PackageMap& packages = *last_.view.packages;
      const PackageIndex package = packages.direct_package(up.node);
      if (packages.package(package).is_userland()) {
        owner.package = packages.LabelOf(package);
        owner.location = PlaceOfNode(last_, up.node);
        break;
      }
      up = VisibleHolder(last_, up.node);
      // The name of the list.
      if (i == 0 && step.many && up.node.valid() && !up.many) {
        owner.property = EdgeText(up) + "[]";
      }
    }
    return owner;
  }

  std::string EdgeText(const HolderStep& step) const {
    return step.edge.valid() ? g_.EdgeName(step.edge) : std::string();
  }

  const LastSnapshot& last_;
  const HeapGraph& g_;
  std::map<std::tuple<std::string, std::string, std::string, std::string, uint32_t>, BufferOwner>
      owners_;
};

}  // namespace

std::vector<BufferOwner> FindBufferOwners(const LastSnapshot& last, size_t limit) {
  return Finder(last).Find(limit);
}

}  // namespace leaktrail
