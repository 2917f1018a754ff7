// What a script's source text tells beyond the compiled code: the line on which a function is
// defined, and whether a function empties what it fills.
//
// V8 tells the place of a function only through a closure of it. One that is made on every call and
// then let go, as `setData` below, has none:
//
//   const memoized = function () { const setData = (key, data) => { cache.set(key, data); }; … }
//
// Looked for are the forms that give a function its name: `function f(`, `f = function`, `f = x =>`,
// `f: function`, and a method `f(…) {`. Comments and strings are not told apart from code, so an
// answer is given only if there is exactly one such place.
//
// The heap shows no more than the first 1,024 characters of a source (V8, `heap_snapshot_string_limit`).
// The rest comes from the file, if it begins as the heap says; else it is another version of it.
//
// Cost: one pass over the text. Threads: pure, but for the reader that is given.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "analysis/names.h"
#include "analysis/packages.h"
#include "heap/graph.h"

namespace leaktrail {

// The text of a file, "" if there is none that can be read.
using SourceReader = std::function<std::string(const std::string& path)>;

// The whole source of a script; "" if it is not there.
std::string FindSource(const HeapGraph& graph, const NameHashes& names, const Script& script,
                       const SourceReader& read_source);

// 1-based; 0 if there is none, or more than one.
uint32_t LineOfDefinition(std::string_view source, std::string_view function);

// From its opening brace to its closing one, of the function whose parameters begin at this place
// (both 1-based, as V8 tells it); "" if there is no such function. A brace in a string or comment
// may end it early or late.
std::string_view FunctionBody(std::string_view source, uint32_t line, uint32_t column);

// Whether the body puts an empty list, table or object into the variable or property, or sets its
// length to 0. A declaration does not count.
bool Empties(std::string_view body, std::string_view variable);

}  // namespace leaktrail
