// How people call a node of the last snapshot, and where in code it comes from.
//
// Cost: a few edges of the node. Threads: pure.
#pragma once

#include <optional>
#include <string>

#include "analysis/holders.h"

namespace leaktrail {

// An object's constructor, by its prototype. None if that does not tell.
NodeIndex FindConstructor(const HeapGraph& g, const NameHashes& names, NodeIndex object);

// The user's file whose CommonJS module this object of Node's is: what hangs below its exports is
// the file's. nullptr if it is none.
const Script* ScriptOfModule(const LastSnapshot& last, NodeIndex n);

// How people call a node: "Meter", "(closure) onChange", "Map", "(string)", "scope of f".
std::string DisplayClass(const LastSnapshot& last, NodeIndex n);
// Of an object's constructor or a function; nullopt if nothing tells.
std::optional<CodePlace> PlaceOfNode(const LastSnapshot& last, NodeIndex n);

}  // namespace leaktrail
