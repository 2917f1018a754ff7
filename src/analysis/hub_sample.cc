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
      slots_(std::bit_ceil(4 * hubs_.size() + 1)),
      states_(hubs_.size()),
      lacks_edges_(hubs_.size()),
      lacking_(graph.node_count()),
      end_of_block_(graph.node_count() / kNodeBlock + 1) {
  for (uint32_t i = 0; i < hubs_.size(); ++i) {
    size_t at = SlotOf(hubs_[i]);
    while (slots_[at].node != 0) at = (at + 1) & (slots_.size() - 1);
    slots_[at] = {hubs_[i], i};
  }
}

bool HubSample::Keep(uint32_t from, const RawEdge& edge) {
  size_t at = SlotOf(edge.target);
  while (slots_[at].node != edge.target) at = (at + 1) & (slots_.size() - 1);
  const uint32_t hub = slots_[at].hub;
  State& state = states_[hub];
  const uint32_t met = state.met++;
  const uint64_t name = NameBit(edge);
  const bool is_next = met == state.next;
  if (is_next) state.next += rule_.one_of;
  if (is_next || met < rule_.first_edges || from < old_nodes_ || (state.names & name) == 0) {
    state.names |= name;
    return true;
  }
  const bool first = !lacking_.contains(NodeIndex(from));
  lacking_.insert(NodeIndex(from));
  lacks_edges_[hub] = true;
  left_out_.push_back(static_cast<uint16_t>(hub | (first ? kFirstOfNode : 0)));
  end_of_block_[from / kNodeBlock] = left_out_.size();
  return false;
}

void HubSample::Seal() {
  slots_ = {};
  states_ = {};
}

}  // namespace leaktrail
