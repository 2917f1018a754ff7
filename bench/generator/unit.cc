#include "generator/unit.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace leaktrail::bench {
namespace {

constexpr std::uint64_t RoundUp8(std::uint64_t size) { return (size + 7) / 8 * 8; }

}  // namespace

UnitBuilder::UnitBuilder(BaseHeap& base, std::uint64_t seed)
    : base_(base), palette_(base.palette()), seed_(seed) {
  const auto label = [&](Label& to, std::string_view text) { to = base.AddLabel(text); };
  label(proto_, "__proto__"), label(map_, "map"), label(key_, "key"), label(value_, "value");
  label(newer_, "newer"), label(older_, "older"), label(url_, "url"), label(method_, "method");
  label(headers_, "headers"), label(account_label_, "account"), label(parcels_, "parcels");
  label(history_, "history"), label(channel_, "channel"), label(started_at_, "startedAt");
  label(name_, "name"), label(email_, "email"), label(address_, "address");
  label(roles_, "roles"), label(token_, "token"), label(street_, "street"), label(city_, "city");
  label(geo_, "geo"), label(request_label_, "request"), label(label_, "label");
  label(weight_, "weight"), label(note_, "note"), label(events_, "_events");
  label(max_listeners_, "_maxListeners"), label(owner_, "owner"), label(close_, "close");
  label(data_, "data"), label(self_, "self"), label(left_, "left"), label(right_, "right");
  label(cost_, "cost"), label(path_, "path"), label(labels_, "labels"), label(timer_, "timer");
  label(taken_at_, "takenAt"), label(sample_label_, "sample"), label(on_tick_, "onTick");
  label(tags_, "tags"), label(elements_, "elements"), label(table_, "table");
  label(properties_, "properties"), label(descriptors_, "descriptors");
  label(prototype_, "prototype"), label(back_pointer_, "back_pointer");
  label(dependent_code_, "dependent_code"), label(enum_cache_, "enum_cache");
  label(transition_, "transition"), label(transitions_, "transitions");
  label(feedback_cell_, "feedback_cell"), label(shared_, "shared"), label(context_, "context");
  label(code_, "code"), label(scope_info_, "scope_info"), label(previous_, "previous");
  label(first_, "first"), label(second_, "second"), label(parent_, "parent");
  label(backing_store_, "backing_store"), label(reactions_, "reactions_or_result");
  label(target_, "target"), label(visits_, "visits"), label(seen_, "seen");
  label(document_, "document"), label(route_, "route"), label(promise_, "promise");
  label(body_, "body"), label(pattern_, "pattern"), label(big_, "big"), label(related_, "related");
  label(source_, "source"), label(getter_, "getter");
  label(on_done_, "onDone"), label(on_error_, "onError");
  label(cons_name_, "(concatenated string)"), label(sliced_name_, "(sliced string)");
  label(heap_number_, "heap number"), label(array_name_, "");
  label(elements_name_, "(object elements)"), label(properties_name_, "(object properties)");
  label(context_name_, "system / Context"), label(map_name_, "system / Map");
  label(descriptor_name_, "system / DescriptorArray");
  label(transition_name_, "system / TransitionArray");
  label(reaction_name_, "system / PromiseReaction");
  label(backing_store_name_, "system / JSArrayBufferData"), label(bigint_name_, "bigint");
  label(accessor_name_, "system / AccessorPair"), label(weak_cell_name_, "system / WeakCell");
  label(regexp_data_name_,
        base.layout() == Layout::kNode24 ? "system / AtomRegExpData" : "system / FixedArray");

  Random random(Mix(seed, 0x7e47));
  const auto& words = palette_.words;
  for (int i = 0; i < 600; ++i) {
    std::string phrase =
        base.strings()[words[random.Skewed(static_cast<std::uint32_t>(words.size()))].value];
    for (std::uint32_t k = 1 + random.Below(3); k > 0; --k) {
      phrase +=
          ' ' + base.strings()[words[random.Below(static_cast<std::uint32_t>(words.size()))].value];
    }
    phrases_.push_back(base.AddLabel(phrase));
  }
  for (const WideNode& wide : base.wide_nodes()) {
    if (wide.kind == WideKind::kProfileTable) profile_table_id_ = 2 * wide.node + 1;
  }
}

UnitBuilder::LocalNode UnitBuilder::Add(NodeType type, Label name, std::uint64_t self_size) {
  Unit::Node node;
  node.type = type;
  node.region = region_;
  // V8 meets what an object holds after the object's neighbours.
  const bool is_leaf =
      type != NodeType::kObject && type != NodeType::kClosure && type != NodeType::kObjectShape;
  node.wave = static_cast<std::uint8_t>(wave_ + (wave_ > 0 && is_leaf ? 1 : 0));
  node.name = name;
  node.self_size = self_size;
  unit_->nodes_.push_back(node);
  return static_cast<LocalNode>(unit_->nodes_.size() - 1);
}

void UnitBuilder::Link(LocalNode from, EdgeType type, Label label, LocalNode to) {
  pending_.push_back({from, {type, label, {Target::Kind::kLocal, to}}});
}

void UnitBuilder::LinkBase(LocalNode from, EdgeType type, Label label, BaseNode to) {
  pending_.push_back({from, {type, label, {Target::Kind::kBase, to}}});
}

void UnitBuilder::LinkUnit(LocalNode from, EdgeType type, Label label, Target::Kind kind,
                           std::uint32_t unit) {
  if (unit == kNoUnit) return LinkBase(from, type, label, palette_.null);
  pending_.push_back({from, {type, label, {kind, unit}}});
}

void UnitBuilder::MapOf(LocalNode node, BaseNode map) {
  LinkBase(node, EdgeType::kInternal, map_, map);
}

Label UnitBuilder::AddText(std::string_view text) {
  unit_->text_ += text;
  unit_->string_ends_.push_back(unit_->text_.size());
  return {Label::Kind::kLocal, static_cast<std::uint32_t>(unit_->string_ends_.size() - 1)};
}

// Decides anew in which part of the file stands what follows.
void UnitBuilder::Scatter() {
  region_ = static_cast<std::uint8_t>(random_.Below(kRegionCount));
  wave_ = static_cast<std::uint8_t>(wave_ + 2);
}

UnitBuilder::LocalNode UnitBuilder::AddInstance(const ClassTemplate& of, std::uint64_t self_size) {
  const LocalNode node = Add(NodeType::kObject, of.name, self_size);
  unit_->nodes_[node].location = of.location;
  LinkBase(node, EdgeType::kProperty, proto_, of.prototype);
  MapOf(node, of.map);
  return node;
}

UnitBuilder::LocalNode UnitBuilder::AddPlain(const ShapeTemplate& shape) {
  ClassTemplate plain = palette_.object;
  plain.map = shape.map;
  return AddInstance(plain, 24 + 8 * shape.properties.size());
}

// A string with a text that nothing else has.
UnitBuilder::LocalNode UnitBuilder::AddUniqueString(std::string_view prefix) {
  std::array<char, 128> buffer;
  char* end = std::copy(prefix.begin(), prefix.end(), buffer.begin());
  end = std::to_chars(end, end + 8, static_cast<std::uint32_t>(random_.Next() & 0xffffff), 16).ptr;
  *end++ = '.';
  end = std::to_chars(end, end + 8, number_, 36).ptr;
  *end++ = '.';
  end = std::to_chars(end, end + 4, next_text_++, 36).ptr;
  const std::string_view text(buffer.data(), static_cast<std::size_t>(end - buffer.data()));
  const LocalNode node = Add(NodeType::kString, AddText(text), 16 + RoundUp8(text.size()));
  MapOf(node, palette_.one_byte_map);
  return node;
}

// A string of its own whose text many others have, too.
UnitBuilder::LocalNode UnitBuilder::AddRepeatedString() {
  const Label text = phrases_[random_.Skewed(static_cast<std::uint32_t>(phrases_.size()))];
  const LocalNode node =
      Add(NodeType::kString, text, 16 + RoundUp8(base_.strings()[text.value].size()));
  MapOf(node, palette_.one_byte_map);
  return node;
}

UnitBuilder::LocalNode UnitBuilder::AddConsString() {
  const LocalNode node = Add(NodeType::kConcatenatedString, cons_name_, 32);
  if (random_.Chance(40)) {
    const LocalNode inner = Add(NodeType::kConcatenatedString, cons_name_, 32);
    LinkBase(inner, EdgeType::kInternal, first_, palette_.word_nodes[random_.Below(100)]);
    LinkBase(inner, EdgeType::kInternal, second_, palette_.word_nodes[random_.Below(100)]);
    MapOf(inner, palette_.cons_map);
    Link(node, EdgeType::kInternal, first_, inner);
  } else {
    LinkBase(node, EdgeType::kInternal, first_, palette_.word_nodes[random_.Below(100)]);
  }
  Link(node, EdgeType::kInternal, second_, AddRepeatedString());
  MapOf(node, palette_.cons_map);
  return node;
}

UnitBuilder::LocalNode UnitBuilder::AddNumber() {
  const LocalNode node = Add(NodeType::kNumber, heap_number_, 16);
  MapOf(node, palette_.heap_number_map);
  return node;
}

// An array with its backing store, which stands right behind it.
UnitBuilder::LocalNode UnitBuilder::AddList(std::uint32_t capacity) {
  const LocalNode list = AddInstance(palette_.array, 32);
  const LocalNode elements =
      Add(NodeType::kArray, elements_name_, 16 + 8 * std::uint64_t{capacity});
  Link(list, EdgeType::kInternal, elements_, elements);
  return list;
}

// V8 tells an element twice: from the array and from its backing store.
void UnitBuilder::AddElement(LocalNode list, std::uint32_t index, LocalNode element) {
  Link(list, EdgeType::kElement, Label::Index(index), element);
  Link(list + 1, EdgeType::kInternal, Label::Digits(index), element);
}

UnitBuilder::LocalNode UnitBuilder::AddTable(LocalNode owner, std::uint32_t capacity) {
  const LocalNode table = Add(NodeType::kArray, array_name_, 40 + 28 * capacity);
  MapOf(table, palette_.ordered_table_map);
  Link(owner, EdgeType::kInternal, table_, table);
  return table;
}

UnitBuilder::LocalNode UnitBuilder::AddContext(const FunctionTemplate& function, Label slot,
                                               LocalNode holds) {
  const LocalNode context = Add(NodeType::kObject, context_name_, 48);
  Link(context, EdgeType::kContext, slot, holds);
  LinkBase(context, EdgeType::kInternal, scope_info_, function.scope_info);
  LinkBase(context, EdgeType::kInternal, previous_,
           palette_.contexts[random_.Skewed(static_cast<std::uint32_t>(palette_.contexts.size()))]);
  MapOf(context, palette_.context_shape);
  return context;
}

UnitBuilder::LocalNode UnitBuilder::AddClosure(const FunctionTemplate& function,
                                               LocalNode context) {
  const LocalNode closure = Add(NodeType::kClosure, function.name, 64);
  unit_->nodes_[closure].location = function.location;
  LinkBase(closure, EdgeType::kProperty, proto_, palette_.function_prototype);
  LinkBase(closure, EdgeType::kInternal, feedback_cell_, function.feedback_cell);
  LinkBase(closure, EdgeType::kInternal, shared_, function.shared);
  Link(closure, EdgeType::kInternal, context_, context);
  LinkBase(closure, EdgeType::kInternal, code_,
           random_.Chance(70) ? palette_.compile_lazy : palette_.interpreter_entry);
  MapOf(closure, palette_.function_map);
  return closure;
}

// A map that no other unit has: JSON with rare keys makes thousands of these.
UnitBuilder::LocalNode UnitBuilder::AddOwnShape(const ShapeTemplate& grown_from,
                                                std::uint32_t extra) {
  LocalNode map = 0;
  LocalNode descriptors = 0;
  for (std::uint32_t i = 0; i < extra; ++i) {
    const LocalNode grown = Add(NodeType::kObjectShape, map_name_, 72);
    if (i % 2 == 0) {
      descriptors = Add(NodeType::kObjectShape, descriptor_name_,
                        24 + 24 * (grown_from.properties.size() + extra));
      LinkBase(descriptors, EdgeType::kInternal, enum_cache_, palette_.empty_enum_cache);
      for (std::uint32_t k = 0; k < grown_from.properties.size() + extra; ++k) {
        LinkBase(
            descriptors, EdgeType::kInternal, Label::Digits(3 * k),
            palette_
                .word_nodes[random_.Below(static_cast<std::uint32_t>(palette_.word_nodes.size()))]);
      }
      MapOf(descriptors, palette_.descriptor_array_map);
    }
    Link(grown, EdgeType::kInternal, descriptors_, descriptors);
    LinkBase(grown, EdgeType::kInternal, prototype_, palette_.object.prototype);
    if (i == 0) {
      LinkBase(grown, EdgeType::kInternal, back_pointer_, grown_from.map);
    } else {
      Link(grown, EdgeType::kInternal, back_pointer_, map);
      if (random_.Chance(25)) {
        const LocalNode transitions = Add(NodeType::kObjectShape, transition_name_, 72);
        MapOf(transitions, palette_.transition_array_map);
        LinkBase(transitions, EdgeType::kHidden, Label::Index(0),
                 palette_.word_nodes[random_.Below(100)]);
        Link(transitions, EdgeType::kWeak, Label::Digits(1), grown);
        Link(map, EdgeType::kInternal, transitions_, transitions);
      } else {
        Link(map, EdgeType::kWeak, transition_, grown);
      }
    }
    LinkBase(grown, EdgeType::kInternal, dependent_code_, palette_.dependent_code);
    MapOf(grown, palette_.shape_meta_map);
    LinkBase(grown, EdgeType::kHidden, Label::Index(0), palette_.validity_cell);
    map = grown;
  }
  return map;
}

// A value of a parsed JSON document.
UnitBuilder::LocalNode UnitBuilder::AddDocument(std::uint32_t depth) {
  if (depth == 0) {
    switch (random_.Below(4)) {
      case 0:
        return AddNumber();
      case 1:
        return AddUniqueString("v");
      default:
        return AddRepeatedString();
    }
  }
  if (random_.Chance(30)) {
    const std::uint32_t length = 1 + random_.Below(4);
    const LocalNode list = AddList(length);
    for (std::uint32_t i = 0; i < length; ++i) AddElement(list, i, AddDocument(depth - 1));
    return list;
  }
  const auto& shape =
      palette_.shapes[random_.Skewed(static_cast<std::uint32_t>(palette_.shapes.size()))];
  LocalNode object;
  if (random_.Chance(55)) {
    object = AddPlain(shape);
  } else {
    const std::uint32_t extra = 1 + random_.Below(4);
    const LocalNode map = AddOwnShape(shape, extra);
    object =
        Add(NodeType::kObject, palette_.object.name, 24 + 8 * (shape.properties.size() + extra));
    LinkBase(object, EdgeType::kProperty, proto_, palette_.object.prototype);
    Link(object, EdgeType::kInternal, map_, map);
    for (std::uint32_t k = 0; k < extra; ++k) {
      const BaseNode value = random_.Chance(50) ? palette_.true_value : palette_.null;
      LinkBase(object, EdgeType::kProperty,
               palette_.words[random_.Below(static_cast<std::uint32_t>(palette_.words.size()))],
               value);
    }
  }
  for (const Label& property : shape.properties) {
    if (random_.Chance(30)) {
      LinkBase(
          object, EdgeType::kProperty, property,
          palette_
              .word_nodes[random_.Skewed(static_cast<std::uint32_t>(palette_.word_nodes.size()))]);
    } else {
      Link(object, EdgeType::kProperty, property, AddDocument(depth - 1));
    }
  }
  return object;
}

UnitBuilder::LocalNode UnitBuilder::AddTree(std::uint32_t depth) {
  const LocalNode node = AddInstance(palette_.tree_node, 48);
  for (const Label& side : {left_, right_}) {
    if (depth == 0) {
      LinkBase(node, EdgeType::kProperty, side, palette_.null);
    } else {
      Link(node, EdgeType::kProperty, side, AddTree(depth - 1));
    }
  }
  if (random_.Chance(30)) Link(node, EdgeType::kHidden, Label::Index(3), AddNumber());
  return node;
}

void UnitBuilder::AddAccount(LocalNode request) {
  Scatter();
  account_ = AddInstance(palette_.account, 72);
  Link(request, EdgeType::kProperty, account_label_, account_);
  Link(account_, EdgeType::kProperty, name_, AddRepeatedString());
  Link(account_, EdgeType::kProperty, email_, AddUniqueString("accounts+newsletter.user-"));
  Scatter();
  Link(account_, EdgeType::kProperty, token_,
       AddUniqueString("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."));
  const LocalNode address = AddInstance(palette_.address, 56);
  Link(account_, EdgeType::kProperty, address_, address);
  Link(address, EdgeType::kProperty, street_, AddRepeatedString());
  LinkBase(address, EdgeType::kProperty, city_, palette_.word_nodes[random_.Below(40)]);
  const LocalNode geo = AddPlain(palette_.geo);
  Link(address, EdgeType::kProperty, geo_, geo);
  Link(geo, EdgeType::kHidden, Label::Index(3), AddNumber());
  Link(geo, EdgeType::kHidden, Label::Index(4), AddNumber());
  Scatter();
  const LocalNode roles = AddInstance(palette_.set, 32);
  Link(account_, EdgeType::kProperty, roles_, roles);
  const LocalNode table = AddTable(roles, 4);
  for (std::uint32_t i = 0; i < 2; ++i) {
    LinkBase(table, EdgeType::kInternal, Label::Digits(5 + 2 * i),
             palette_.word_nodes[random_.Below(20)]);
  }
}

void UnitBuilder::AddParcels(LocalNode request, const Neighbours& neighbours) {
  Scatter();
  const std::uint32_t count = 1 + random_.Below(6);
  const LocalNode list = AddList(count + 2);
  Link(request, EdgeType::kProperty, parcels_, list);
  for (std::uint32_t i = 0; i < count; ++i) {
    Scatter();
    const LocalNode parcel = AddInstance(palette_.parcel, 64);
    AddElement(list, i, parcel);
    Link(parcel, EdgeType::kProperty, request_label_, request);
    Link(parcel, EdgeType::kProperty, label_, AddUniqueString("PCL-"));
    Link(parcel, EdgeType::kHidden, Label::Index(4), AddNumber());
    if (random_.Chance(35)) {
      const LocalNode note = AddPlain(palette_.note);
      Link(parcel, EdgeType::kProperty, note_, note);
      Link(note, EdgeType::kProperty, palette_.note.properties[0], AddConsString());
      LinkBase(note, EdgeType::kProperty, palette_.note.properties[2],
               random_.Chance(50) ? palette_.true_value : palette_.false_value);
    } else {
      LinkBase(parcel, EdgeType::kProperty, note_, palette_.null);
    }
  }
  for (std::uint32_t i = 0; i < 2; ++i) {
    if (neighbours.related[i] != kNoUnit) {
      LinkUnit(list, EdgeType::kElement, Label::Index(count + i), Target::Kind::kRequest,
               neighbours.related[i]);
      LinkUnit(list + 1, EdgeType::kInternal, Label::Digits(count + i), Target::Kind::kRequest,
               neighbours.related[i]);
    }
  }
}

void UnitBuilder::AddHistory(LocalNode request) {
  Scatter();
  const LocalNode history = AddInstance(palette_.map, 32);
  Link(request, EdgeType::kProperty, history_, history);
  const std::uint32_t count = 1 + random_.Below(4);
  const LocalNode table = AddTable(history, 4);
  Scatter();
  for (std::uint32_t i = 0; i < count; ++i) {
    const LocalNode event = AddPlain(palette_.event);
    Link(table, EdgeType::kInternal, Label::Digits(6 + 3 * i), event);
    Link(event, EdgeType::kProperty, palette_.event.properties[1], account_);
    Link(event, EdgeType::kProperty, palette_.event.properties[2],
         random_.Chance(40) ? AddConsString() : AddRepeatedString());
    if (i % 2 == 0) Scatter();
    Link(event, EdgeType::kHidden, Label::Index(3), AddNumber());
  }
}

// An emitter with two listeners: an inner function that holds the channel, and one that holds the
// request.
void UnitBuilder::AddChannel(LocalNode request) {
  Scatter();
  const LocalNode channel = AddInstance(palette_.channel, 56);
  Link(request, EdgeType::kProperty, channel_, channel);
  const LocalNode events = AddInstance(palette_.dictionary, 24);
  const LocalNode storage = Add(NodeType::kArray, properties_name_, 160);
  MapOf(storage, palette_.property_array_map);
  Link(events, EdgeType::kInternal, properties_, storage);
  Link(channel, EdgeType::kProperty, events_, events);
  LinkBase(channel, EdgeType::kProperty, max_listeners_, palette_.undefined);
  Link(channel, EdgeType::kProperty, owner_, account_);
  Scatter();
  const LocalNode context = AddContext(palette_.on_data, self_, channel);
  const LocalNode on_data = AddClosure(palette_.on_data, context);
  const LocalNode inner = AddContext(palette_.on_close, request_label_, request);
  const LocalNode on_close = AddClosure(palette_.on_close, inner);
  const std::pair<Label, LocalNode> listeners[] = {{data_, on_data}, {close_, on_close}};
  std::uint32_t slot = 12;
  for (const auto& [name, listener] : listeners) {
    Link(events, EdgeType::kProperty, name, listener);
    LinkBase(storage, EdgeType::kInternal, Label::Digits(slot), palette_.word_nodes[slot]);
    Link(storage, EdgeType::kInternal, Label::Digits(slot + 1), listener);
    slot += 3;
  }
}

// Two functions made in one call share its context.
void UnitBuilder::AddHandlers(LocalNode request) {
  Scatter();
  const auto function_count = static_cast<std::uint32_t>(palette_.functions.size());
  const FunctionTemplate& done = palette_.functions[random_.Skewed(function_count)];
  const FunctionTemplate& error = palette_.functions[random_.Skewed(function_count)];
  const LocalNode context = AddContext(done, request_label_, request);
  Link(request, EdgeType::kProperty, on_done_, AddClosure(done, context));
  Link(request, EdgeType::kProperty, on_error_, AddClosure(error, context));
  Scatter();
  const LocalNode tags = AddList(4);
  Link(request, EdgeType::kProperty, tags_, tags);
  for (std::uint32_t i = 0; i < 3; ++i) {
    const BaseNode word =
        palette_.word_nodes[random_.Skewed(static_cast<std::uint32_t>(palette_.word_nodes.size()))];
    LinkBase(tags, EdgeType::kElement, Label::Index(i), word);
    LinkBase(tags + 1, EdgeType::kInternal, Label::Digits(i), word);
  }
}

void UnitBuilder::AddPromise(LocalNode request) {
  Scatter();
  const LocalNode promise = AddInstance(palette_.promise, 48);
  Link(request, EdgeType::kProperty, promise_, promise);
  const LocalNode derived = AddInstance(palette_.promise, 48);
  const LocalNode reaction = Add(NodeType::kHidden, reaction_name_, 48);
  MapOf(reaction, palette_.reaction_map);
  const LocalNode context = AddContext(palette_.on_data, promise_, derived);
  Link(reaction, EdgeType::kHidden, Label::Index(1), AddClosure(palette_.resolve, context));
  Link(reaction, EdgeType::kHidden, Label::Index(2), AddClosure(palette_.reject, context));
  Link(reaction, EdgeType::kHidden, Label::Index(3), derived);
  Link(promise, EdgeType::kInternal, reactions_, reaction);
}

void UnitBuilder::AddBuffer(LocalNode request) {
  Scatter();
  const LocalNode buffer = AddInstance(palette_.buffer, 96);
  Link(request, EdgeType::kProperty, body_, buffer);
  const LocalNode memory = AddInstance(palette_.array_buffer, 96);
  const LocalNode bytes = Add(NodeType::kNative, backing_store_name_, 16 + random_.Below(2000));
  Link(memory, EdgeType::kInternal, backing_store_, bytes);
  // Node 20 names the field that holds a view's memory, Node 24 numbers it.
  if (base_.layout() == Layout::kNode24) {
    Link(buffer, EdgeType::kHidden, Label::Index(3), memory);
  } else {
    Link(buffer, EdgeType::kInternal, body_, memory);
  }
}

void UnitBuilder::AddOddities(LocalNode request, const Neighbours& neighbours) {
  Scatter();
  if (random_.Chance(80)) {
    const LocalNode whole = AddUniqueString("/api/v2/orders?sort=created&page=");
    const LocalNode slice = Add(NodeType::kSlicedString, sliced_name_, 32);
    Link(slice, EdgeType::kInternal, parent_, whole);
    MapOf(slice, palette_.sliced_map);
    Link(request, EdgeType::kProperty, path_, slice);
  }
  if (random_.Chance(8)) {
    const LocalNode regexp = Add(NodeType::kRegExp, phrases_[random_.Below(100)], 56);
    LinkBase(regexp, EdgeType::kProperty, proto_, palette_.regexp.prototype);
    MapOf(regexp, palette_.regexp.map);
    const LocalNode data = Add(NodeType::kHidden, regexp_data_name_, 48);
    MapOf(data, palette_.regexp_data_map);
    Link(regexp, EdgeType::kHidden, Label::Index(2), data);
    Link(regexp, EdgeType::kHidden, Label::Index(3), AddRepeatedString());
    Link(request, EdgeType::kProperty, pattern_, regexp);
  }
  if (random_.Chance(10)) {
    const LocalNode big = Add(NodeType::kBigInt, bigint_name_, 24);
    MapOf(big, palette_.bigint_map);
    Link(request, EdgeType::kProperty, big_, big);
  }
  if (random_.Chance(15)) {
    const LocalNode reference = AddInstance(palette_.weak_ref, 32);
    LinkUnit(reference, EdgeType::kWeak, target_, Target::Kind::kRequest, neighbours.related[0]);
    Link(request, EdgeType::kProperty, related_, reference);
  }
  if (random_.Chance(35)) {
    const LocalNode pair = Add(NodeType::kHidden, accessor_name_, 24);
    MapOf(pair, palette_.accessor_pair_map);
    const auto& function =
        palette_.functions[random_.Below(static_cast<std::uint32_t>(palette_.functions.size()))];
    const LocalNode context = AddContext(function, self_, request);
    const LocalNode getter = AddClosure(function, context);
    Link(pair, EdgeType::kInternal, getter_, getter);
    Link(request, EdgeType::kProperty, seen_, pair);
  }
}

void UnitBuilder::BuildRequest(const Neighbours& neighbours, std::uint32_t first_id) {
  const LocalNode entry = AddInstance(palette_.cache_entry, 56);
  const LocalNode request = AddInstance(palette_.request, 88);
  if (HasProfile(number_)) {
    const LocalNode profile = AddPlain(palette_.profile);
    Link(profile, EdgeType::kProperty, palette_.profile.properties[0], request);
    Scatter();
    const LocalNode visits = AddList(2);
    Link(profile, EdgeType::kProperty, visits_, visits);
    // V8 tells an ephemeron from both of its sides, each time with the edge's own number.
    const auto name_from = [&](std::uint32_t slot) {
      return AddText(fmt::format(
          "{} / part of key (Request @{}) -> value (Object @{}) pair in WeakMap (table @{})", slot,
          first_id + 2, first_id + 4, profile_table_id_));
    };
    name_from(3 * (number_ / 2) + 3);  // text 0 of the unit: the table's edge has this name
    Link(request, EdgeType::kInternal, name_from(2), profile);
  }
  Scatter();
  const LocalNode key = AddUniqueString("req:");
  Link(entry, EdgeType::kProperty, key_, key);
  Link(entry, EdgeType::kProperty, value_, request);
  LinkUnit(entry, EdgeType::kProperty, newer_, Target::Kind::kCacheEntry, neighbours.newer);
  LinkUnit(entry, EdgeType::kProperty, older_, Target::Kind::kCacheEntry, neighbours.older);
  Link(request, EdgeType::kProperty, url_, AddUniqueString("/api/v2/depots/north-harbour/orders/"));
  LinkBase(request, EdgeType::kProperty, method_, palette_.word_nodes[random_.Below(4)]);
  Scatter();
  const LocalNode headers = AddPlain(palette_.headers);
  Link(request, EdgeType::kProperty, headers_, headers);
  LinkBase(headers, EdgeType::kProperty, palette_.headers.properties[0], palette_.word_nodes[10]);
  LinkBase(headers, EdgeType::kProperty, palette_.headers.properties[1], palette_.word_nodes[11]);
  Link(headers, EdgeType::kProperty, palette_.headers.properties[2], AddRepeatedString());
  Link(headers, EdgeType::kProperty, palette_.headers.properties[3],
       AddUniqueString("locale=en; theme=dark; consent=all; sid="));
  AddAccount(request);
  AddParcels(request, neighbours);
  AddHistory(request);
  AddChannel(request);
  Link(request, EdgeType::kProperty, started_at_, AddInstance(palette_.date, 96));
  AddHandlers(request);
  if (random_.Chance(30)) AddPromise(request);
  if (random_.Chance(20)) AddBuffer(request);
  if (random_.Chance(45)) {
    Scatter();
    Link(request, EdgeType::kProperty, document_, AddDocument(4));
  }
  if (random_.Chance(4)) {
    Scatter();
    Link(request, EdgeType::kProperty, route_, AddTree(4));
  }
  AddOddities(request, neighbours);
}

// The leak: a sampler's store keeps a sample of every request, with a timer and its closure.
void UnitBuilder::BuildSample(const Neighbours& neighbours) {
  const LocalNode sample = AddInstance(palette_.sample, 72);
  Scatter();
  Link(sample, EdgeType::kProperty, path_, AddUniqueString("/api/v2/depots/north-harbour/orders/"));
  const LocalNode labels = AddPlain(palette_.settings);
  Link(sample, EdgeType::kProperty, labels_, labels);
  for (const Label& property : palette_.settings.properties) {
    Link(labels, EdgeType::kProperty, property, AddRepeatedString());
  }
  const LocalNode timer = AddInstance(palette_.sample_timer, 56);
  Link(sample, EdgeType::kProperty, timer_, timer);
  Link(timer, EdgeType::kProperty, sample_label_, sample);
  const LocalNode context = AddContext(palette_.on_sample, sample_label_, sample);
  Link(timer, EdgeType::kProperty, on_tick_, AddClosure(palette_.on_sample, context));
  Link(sample, EdgeType::kHidden, Label::Index(5), AddNumber());
  LinkUnit(timer, EdgeType::kProperty, older_, Target::Kind::kCacheEntry, neighbours.older);
  LinkUnit(timer, EdgeType::kProperty, newer_, Target::Kind::kCacheEntry, neighbours.newer);
}

// Brings each node's edges together and in order, as the file needs them.
void UnitBuilder::SortEdges() {
  for (const PendingEdge& pending : pending_) ++unit_->nodes_[pending.from].edge_count;
  std::uint32_t next = 0;
  for (Unit::Node& node : unit_->nodes_) {
    node.first_edge = next;
    next += node.edge_count;
    node.edge_count = 0;
  }
  unit_->edges_.resize(pending_.size());
  for (const PendingEdge& pending : pending_) {
    Unit::Node& node = unit_->nodes_[pending.from];
    unit_->edges_[node.first_edge + node.edge_count++] = pending.edge;
  }
}

void UnitBuilder::Build(std::uint32_t number, UnitKind kind, const Neighbours& neighbours,
                        std::uint32_t first_id, Unit& unit) {
  unit_ = &unit;
  random_ = Random(Mix(seed_, 0x100000000u + number));
  number_ = number;
  next_text_ = 0;
  region_ = 0;
  wave_ = 0;
  unit_->nodes_.clear();
  unit_->string_ends_.clear();
  unit_->text_.clear();
  pending_.clear();
  if (kind == UnitKind::kRequest) {
    BuildRequest(neighbours, first_id);
  } else {
    BuildSample(neighbours);
  }
  SortEdges();
}

}  // namespace leaktrail::bench
