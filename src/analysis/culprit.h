// Whose fault is a group's growth: one place in code, or none.
//
// Two sides are looked at. The holder: the nearest user code above the container that grows. The
// items: the nearest user code in what grows. Which one counts depends on how they are held:
//
//   a listener, timer or promise reaction:  whoever made the function registered it
//   the application's functions, wrapped,
//   on a package's list of observers:       the application, which registered them
//   data in a container:                    whoever has the container fills it
//   neither side is user code:              the user's function that constructs such objects, else
//                                           the package that all of it hangs below
//
// The function named is the one that fills the container, if the compiled code tells (writers.h);
// else the items' constructor, or the function around the closures that are held; else the holder.
//
// Cost: O(group's ways + code of one package). Threads: pure.
#pragma once

#include <optional>

#include "analysis/findings.h"
#include "analysis/holders.h"

namespace leaktrail {

struct CulpritReport {
  std::optional<Culprit> culprit;
  uint32_t class_way = 0;        // the way whose class names the suspect
  uint32_t class_example = 0;    // a node of it
  bool size_is_checked = false;  // the code that fills the container also looks at its size
  bool is_emptied_too = false;   // that code also removes from it or puts a new one in its place
  bool is_apps = false;          // the culprit is the application
  // A package keeps there what others registered with it, and the group does not tell who did.
  bool is_registry = false;
  std::optional<SuspectOwner> owner;
  // Of the property or variable that leads to the container, if the culprit has it: "_metrics".
  std::string container_name;
};

CulpritReport FindCulprit(const LastSnapshot& last, uint32_t group, const HolderChain& chain);

}  // namespace leaktrail
