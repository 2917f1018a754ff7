// The function that most likely filled a container, judged by what it mentions.
//
// Evidence, strongest first: it makes the closures that are held; its object literals have the
// items' shape or keys; it constructs the items' class; it mentions the property or variable that
// names the container, and a method that adds to such a container (variables of scopes are named in
// the checks that they are initialized). A function that also removes is less likely than its twin
// that does not. Of like evidence one that runs all the time goes before one that ran a few times,
// and a name of adding ("hashSet") before others.
//
// Cost: O(functions of the package). Threads: pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/function_facts.h"

namespace leaktrail {

struct WriterClues {
  std::string container_class;      // "Map", "Array", "Set", "Object", "EventEmitter", …
  std::vector<uint64_t> property;   // hashes of the names of properties and variables
                                    // that lead to it
  std::vector<uint64_t> item_keys;  // property names of the items, if they are plain objects
  NodeIndex item_function;          // SharedFunctionInfo, if the items are closures
  NodeIndex item_shape;             // map of the items, if they are objects
  NodeIndex item_constructor;       // closure, if they have one
};

struct Writer {
  const FunctionFacts* facts = nullptr;
  int score = 0;
  bool named_for_adding = false;
};

// Best first; only functions with some positive evidence.
std::vector<Writer> RankWriters(const HeapGraph& graph, const CodeModel& code,
                                const std::vector<FunctionFacts>& functions,
                                const WriterClues& clues);

}  // namespace leaktrail
