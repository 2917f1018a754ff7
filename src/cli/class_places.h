// Where the constructors of a session's classes are, by the cheapest way that the file allows.
#pragma once

#include <vector>

#include "analysis/packages.h"
#include "engine/session.h"

namespace leaktrail {

class ClassPlaces {
 public:
  // Runs the script pass; files without locations need the packages of all nodes instead.
  explicit ClassPlaces(Session* session);
  // That pass needs no more of the session than its classes.
  static bool NeedOnlyClasses(const Session& session);
  CodePlace Of(const ClassKey& key) const;

 private:
  PackageMap map_;
  std::unordered_map<std::string, std::string> package_of_name_;  // if there are no locations
};

}  // namespace leaktrail
