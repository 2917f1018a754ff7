#include "cli/class_places.h"

#include "analysis/class_packages.h"
#include "analysis/script_map.h"
#include "engine/find_leaks.h"

namespace leaktrail {

ClassPlaces::ClassPlaces(Session* session) {
  const HeapGraph& graph = session->graph();
  const ClassTable& classes = session->classes();
  if (NeedOnlyClasses(*session)) {
    map_ = ComputeScriptMap(graph, classes, session->threads(), ReadManifest);
    return;
  }
  map_ = AttributePackages(*session);
  const std::vector<PackageIndex> packages = ComputeClassPackages(graph, classes, map_);
  for (size_t c = 0; c < packages.size(); ++c) {
    package_of_name_[classes.keys[c].name] = map_.LabelOf(packages[c]);
  }
}

bool ClassPlaces::NeedOnlyClasses(const Session& session) {
  return !session.graph().locations().empty();
}

CodePlace ClassPlaces::Of(const ClassKey& key) const {
  if (key.location) return map_.PlaceOf(*key.location);
  const auto it = package_of_name_.find(key.name);
  return {it == package_of_name_.end() ? "" : it->second, "", 0, 0, ""};
}

}  // namespace leaktrail
