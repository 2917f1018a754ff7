#include "cli/places.h"

#include "analysis/node_text.h"

namespace leaktrail {

CodePlace PlaceOfClass(const PackageMap& packages, const ClassKey& key) {
  if (key.location) return packages.PlaceOf(*key.location);
  return {PackageOfClass(packages, key), "", 0, 0, ""};
}

CodePlace PlaceOfNode(const HeapGraph& graph, const PackageMap& packages, NodeIndex node) {
  CodePlace place;
  if (const Location* location = graph.FindLocation(node)) {
    place = packages.PlaceOf(*location);
  } else if (const Script* script = packages.script_of_function(node)) {
    place.file = script->file;
    place.package = packages.LabelOf(script->package);
  }
  if (place.package.empty()) place.package = packages.LabelOf(packages.charged_package(node));
  return place;
}

NodeLine DescribeNode(Session* session, const PackageMap& packages, NodeIndex node,
                      WithDistance distance) {
  const HeapGraph& graph = session->graph();
  NodeLine line;
  line.id = graph.id(node);
  line.class_name = session->classes().key(session->classes().class_of(node)).name;
  line.name = NodeText(graph, session->detached(), node);
  line.type = graph.type_name(node);
  if (distance == WithDistance::kYes) line.distance = session->distances()[node.value()];
  line.shallow_size = session->shallow_sizes().of(node);
  line.retained_size = session->retained_sizes()[node.value()];
  line.place = PlaceOfNode(graph, packages, node);
  return line;
}

}  // namespace leaktrail
