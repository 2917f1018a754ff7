#include "analysis/hub_sample.h"

#include <bit>
#include <utility>

namespace leaktrail {
namespace {

// Elements are alike, whatever their index is.
uint64_t NameBit(const RawEdge& edge) {
  const uint64_t name = NamedByIndex(edge.type()) ? static_cast<uint64_t>(edge.type()) : edge.label;
  return uint64_t{1} << (name * 0x9E3779B97F4A7C15u >> 58);
}

}  // namespace

HubSample::HubSample(const HeapGraph& graph, std::vector<uint32_t> hubs, const HubSampleRule& rule)
    : rule_(rule),
      old_nodes_(graph.node_count() / rule.old_nodes),
      hubs_(std::move(hubs)),
      states_(hubs_.size()),
      lacking_(graph.node_count()) {
  FillSlots();
}

void HubSample::FillSlots() {
  slots_.assign(std::bit_ceil(4 * hubs_.size() + 1), {});
  for (uint32_t i = 0; i < hubs_.size(); ++i) {
    size_t at = SlotOf(hubs_[i]);
    while (slots_[at].node != 0) at = (at + 1) & (slots_.size() - 1);
    slots_[at] = {hubs_[i], i};
  }
}

bool HubSample::Keep(uint32_t from, const RawEdge& edge) {
  State& state = states_[Find(edge.target)];
  const uint32_t met = state.met++;
  const uint64_t name = NameBit(edge);
  if (met < rule_.first_edges || met % rule_.one_of == 0 || from < old_nodes_ ||
      (state.names & name) == 0) {
    state.names |= name;
    return true;
  }
  state.left_out = true;
  lacking_.insert(NodeIndex(from));
  return false;
}

void HubSample::Seal() {
  size_t out = 0;
  for (size_t i = 0; i < hubs_.size(); ++i) {
    if (states_[i].left_out) hubs_[out++] = hubs_[i];
  }
  hubs_.resize(out);
  states_ = {};
  FillSlots();
}

}  // namespace leaktrail
