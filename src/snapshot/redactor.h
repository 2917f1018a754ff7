// Takes the contents of strings out of a snapshot's text, while the text streams by.
//
//   nodes, edges  ──noted: which string is whose name, which is a string's content──▶ pass
//   unchanged strings       ──each one kept or replaced──▶
//
// A text is replaced by one of the same length (UTF-16 units) that a keyed hash of it makes: equal
// texts stay equal, and without the key nothing about a text can be tried out. Numbers, so the
// graph and all sizes, stay as they are.
//
//   content of a string, regular expression   a placeholder
//   or number
//   names of properties, variables,            kept; a placeholder if they look like a value
//   functions, classes                         (LooksLikeValue) or name nothing but properties
//                                              of objects that have more than 256: such an object
//                                              is a table, and its keys are data
//   script paths, the engine's own names       kept
//   name of a WeakMap entry                    kept; texts in it that a string may be: placeholders
//   both content and name                      as names
//   content in the form of a version, 1.2.3    kept: whose code it is depends on it
//   what nothing in the file refers to         a placeholder
//
// A word that is a property's name somewhere and a string's content elsewhere is one entry of the
// file's table. It is kept: the program's names are no secret, and which string nodes have one is
// not visible from the outside anyway.
//
// Cost: as fast as the text can be split; a byte a string and a bit a node id. Threads: one.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/output_file.h"
#include "base/result.h"
#include "snapshot/header.h"

namespace leaktrail {

// From the system's random source; never stored.
struct RedactionKey {
  uint64_t first = 0, second = 0;
};

// SipHash-2-4 (Aumasson and Bernstein, 2012).
uint64_t SipHash(const RedactionKey& key, std::string_view bytes);

class Redactor {
 public:
  Redactor(RedactionKey key, ByteSink next);

  Result<void> Write(std::span<const char> bytes);
  // An error if the text is not whole; then nothing of it should be used.
  Result<void> Finish();

  uint64_t replaced_count() const { return replaced_count_; }

 private:
  enum class Section : uint8_t { kOther, kHead, kNodes, kEdges, kFunctions, kStrings };
  Result<void> Take(char c);
  Result<void> BeginValue(char c);
  void TakeNumber();
  void TakeNode();
  void TakeEdge();
  Result<void> TakeString();
  void Use(uint64_t string, uint8_t how);
  bool HasContent(uint64_t id) const;
  bool IsInTable(uint64_t edge);
  std::string Redacted(std::string_view text, uint8_t use);
  std::string RedactedEntry(std::string_view raw);
  std::string Placeholder(std::string_view text);
  std::string Letters(std::string_view text, size_t units);
  Result<void> Flush();

  RedactionKey key_;
  ByteSink next_;
  std::string out_;
  // Where in the text.
  int depth_ = 0;
  bool in_string_ = false, escaped_ = false;
  std::string token_;  // a key of the top level, the head, or one string
  Section section_ = Section::kOther;
  bool head_done_ = false, strings_begun_ = false;
  uint64_t offset_ = 0;
  // The head.
  SnapshotHeader header_;
  uint64_t max_strings_ = 0;
  // Numbers.
  uint64_t number_ = 0;
  bool has_number_ = false;
  uint32_t field_ = 0;
  uint64_t type_ = 0, name_ = 0, id_ = 0, edge_count_ = 0;
  // Edges of objects that are tables, in order, and where we are in them.
  struct EdgeRange {
    uint64_t begin = 0, end = 0;
  };
  std::vector<EdgeRange> tables_;
  size_t table_ = 0;
  uint64_t edges_begin_ = 0, edge_index_ = 0;
  // What is known of the strings, by index, and of nodes that hold texts, by id.
  std::vector<uint8_t> uses_;
  std::vector<uint64_t> content_ids_;
  uint64_t string_index_ = 0;
  uint64_t replaced_count_ = 0;
};

}  // namespace leaktrail
