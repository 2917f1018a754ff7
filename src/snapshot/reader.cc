#include "snapshot/reader.h"

#include <fmt/format.h>
#include <algorithm>
#include <new>

#include "base/parallel.h"
#include "snapshot/byte_source.h"
#include "snapshot/chunk_pipeline.h"
#include "snapshot/header.h"
#include "snapshot/sections.h"
#include "snapshot/strings_section.h"

namespace leaktrail {
namespace {

constexpr size_t kMaxKeyBytes = 256;

class SnapshotReader {
 public:
  SnapshotReader(ByteSource source, const ReadOptions& options)
      : source_(std::move(source)), options_(options) {}

  Result<HeapGraph> Read() {
    Result<void> read = ReadTopLevel();
    if (read && !damage_) CheckWhole();
    if (!read) {
      if (read.error().kind != ErrorKind::kBadInput) return tl::unexpected<Error>(read.error());
      Damage(read.error());
    }
    if (damage_ && (!options_.tolerant || !nodes_read_ || columns_.type.empty())) {
      return tl::unexpected<Error>(*damage_);
    }
    return Finish();
  }

 private:
  void Damage(Error error) {
    if (!damage_) damage_ = std::move(error);
  }
  tl::unexpected<Error> Truncated(const Cursor& cursor, std::string_view where) const {
    if (cursor.failed()) return tl::unexpected<Error>(cursor.error());
    return FailAt(cursor.offset(), cursor.offset() == 0
                                       ? std::string("the file is empty")
                                       : fmt::format("the file is truncated: it ends {}", where));
  }

  ChunkPipeline Pipeline() const {
    ChunkPipeline p;
    p.threads = options_.threads > 0 ? options_.threads : HardwareThreads();
    if (options_.chunk_bytes > 0) p.chunk_bytes = options_.chunk_bytes;
    if (source_.random_access()) {
      // A small file is not worth a thread.
      const uint64_t chunks = source_.size() / p.chunk_bytes + 1;
      p.threads = static_cast<unsigned>(std::min<uint64_t>(p.threads, chunks));
    }
    p.progress = options_.progress;
    p.cancel = options_.cancel;
    return p;
  }

  Result<void> ReadTopLevel() {
    Cursor cursor(source_);
    int c = cursor.SkipSpace();
    if (c == Cursor::kEnd) return Truncated(cursor, "before it begins");
    if (c != '{') {
      return FailAt(cursor.offset(),
                    "this is not a heap snapshot: it does not begin with an object");
    }
    cursor.Next();
    for (;;) {
      c = cursor.SkipSpace();
      if (c == ',') {
        cursor.Next();
        continue;
      }
      if (c == '}') break;
      if (c == Cursor::kEnd) return Truncated(cursor, "before its last section is over");
      if (c != '"') {
        return FailAt(cursor.offset(),
                      "unexpected character where the name of a section should be");
      }
      Result<std::string> key = ReadKey(cursor);
      if (!key) return tl::unexpected<Error>(key.error());
      Result<void> section = ReadSection(cursor, *key);
      if (!section) return section;
      if (damage_) return {};
    }
    end_offset_ = cursor.offset();
    return {};
  }

  static constexpr const char* kInName = "in the name of a section";

  Result<std::string> ReadKey(Cursor& cursor) {
    cursor.Next();
    std::string key;
    for (;;) {
      const int c = cursor.Next();
      if (c == Cursor::kEnd) return Truncated(cursor, kInName);
      if (c == '"') break;
      if (key.size() == kMaxKeyBytes)
        return FailAt(cursor.offset(), "a section's name is too long");
      key += static_cast<char>(c);
    }
    if (const int c = cursor.SkipSpace(); c != ':') {
      if (c == Cursor::kEnd) return Truncated(cursor, "after the name of a section");
      return FailAt(cursor.offset(), fmt::format("expected ':' after \"{}\"", key));
    }
    cursor.Next();
    if (cursor.SkipSpace() == Cursor::kEnd) return Truncated(cursor, "before a section");
    return key;
  }

  Result<void> ReadSection(Cursor& cursor, const std::string& key) {
    const int c = cursor.Peek();
    if (key == "snapshot" && c == '{') return ReadHeader(cursor);
    const bool nodes = key == "nodes", edges = key == "edges", strings = key == "strings",
               locations = key == "locations";
    if (c != '[' || !(nodes || edges || strings || locations)) return SkipValue(cursor);
    const uint64_t at = cursor.offset();
    if (!header_ && !strings) {
      return FailAt(
          at, fmt::format("the section \"{}\" comes before the header that explains it", key));
    }
    if ((edges || locations) && !nodes_read_) {
      return FailAt(at, fmt::format("the section \"{}\" comes before the nodes", key));
    }
    if ((nodes && nodes_read_) || (edges && edges_read_) || (strings && strings_read_)) {
      return FailAt(at, fmt::format("the section \"{}\" is there twice", key));
    }
    cursor.Next();
    cursor.Release();
    Result<void> r = nodes ? Nodes() : edges ? Edges() : strings ? Strings() : Locations();
    if (!r || damage_) return r;
    cursor = Cursor(source_);
    cursor.Next();  // the closing bracket, where every section reader stops
    return {};
  }

  // The bytes of a balanced value, appended to `out` if there is one; at most kMaxHeaderBytes then.
  Result<void> SkipValue(Cursor& cursor, std::string* out = nullptr) {
    uint64_t depth = 0;
    bool inside = false;
    for (;;) {
      const int c = cursor.Peek();
      if (c == Cursor::kEnd) return Truncated(cursor, "inside a section");
      if (!inside && depth == 0 && (c == ',' || c == '}')) return {};  // after a bare value
      cursor.Next();
      if (out != nullptr) {
        if (out->size() == kMaxHeaderBytes) {
          return FailAt(cursor.offset(), "the header is larger than any that V8 writes");
        }
        *out += static_cast<char>(c);
      }
      if (inside) {
        if (c == '\\') {
          const int escaped = cursor.Next();
          if (escaped == Cursor::kEnd) return Truncated(cursor, "inside a string");
          if (out != nullptr) *out += static_cast<char>(escaped);
        } else if (c == '"') {
          inside = false;
          if (depth == 0) return {};
        }
      } else if (c == '"') {
        inside = true;
      } else if (c == '[' || c == '{') {
        ++depth;
      } else if (c == ']' || c == '}') {
        if (--depth == 0) return {};
      }
    }
  }

  Result<void> ReadHeader(Cursor& cursor) {
    const uint64_t at = cursor.offset();
    if (header_) return FailAt(at, "the header is there twice");
    std::string text;
    Result<void> r = SkipValue(cursor, &text);
    if (!r) return r;
    Result<SnapshotHeader> header = ParseHeader(text, at);
    if (!header) return tl::unexpected<Error>(header.error());
    header_ = std::move(*header);
    return {};
  }

  Result<void> Nodes() {
    Result<SectionResult> r = ReadNodes(source_, Pipeline(), *header_, columns_);
    if (!r) return tl::unexpected<Error>(r.error());
    nodes_read_ = true;
    max_string_index_ = std::max(max_string_index_, r->max_string_index);
    if (r->damage) Damage(*r->damage);
    return {};
  }

  Result<void> Edges() {
    Result<SectionResult> r = ReadEdges(source_, Pipeline(), *header_, NodeCount(), columns_);
    if (!r) return tl::unexpected<Error>(r.error());
    edges_read_ = true;
    max_string_index_ = std::max(max_string_index_, r->max_string_index);
    if (r->damage) Damage(*r->damage);
    return {};
  }

  Result<void> Locations() {
    Result<SectionResult> r = ReadLocations(source_, Pipeline(), *header_, NodeCount(), locations_);
    if (!r) return tl::unexpected<Error>(r.error());
    if (r->damage) Damage(*r->damage);
    return {};
  }

  Result<void> Strings() {
    Result<StringsSection> r = ReadStringsSection(source_, Pipeline());
    if (!r) return tl::unexpected<Error>(r.error());
    strings_read_ = true;
    const SectionEnd& end = r->end;
    if (end.input_error) {
      Damage(*end.input_error);
    } else if (r->bad_escape_at) {
      Damage({ErrorKind::kBadInput, "a string has an escape sequence that JSON does not know",
              *r->bad_escape_at});
    } else if (end.stop_byte < 0) {
      Damage({ErrorKind::kBadInput,
              fmt::format("the file is truncated: it ends in its strings, after {} of them",
                          end.count / 2),
              end.offset});
    } else if (end.stop_byte != ']' || end.count % 2 != 0) {
      Damage({ErrorKind::kBadInput,
              end.count % 2 != 0 ? "a string has a control character in it"
                                 : "unexpected character between two strings",
              end.offset});
    }
    strings_ = std::move(r->parts);
    strings_end_ = end.offset;
    return {};
  }

  uint32_t NodeCount() const { return static_cast<uint32_t>(columns_.type.size()); }

  // After a file that is well-formed to its end: are all parts there, and do they agree?
  void CheckWhole() {
    const auto missing = [&](const char* what) {
      Damage({ErrorKind::kBadInput,
              fmt::format("this is not a whole heap snapshot: it has no {}", what), end_offset_});
    };
    if (!header_) return missing("header");
    if (!nodes_read_) return missing("nodes");
    if (!edges_read_) return missing("edges");
    if (!strings_read_) return missing("strings");
    const auto has_names = NodeCount() > 0;
    if (has_names && max_string_index_ >= strings_.count) {
      Damage({ErrorKind::kBadInput,
              fmt::format("a node or edge names string {}, but the table ends after {}",
                          max_string_index_, strings_.count),
              strings_end_});
    }
  }

  Result<HeapGraph> Finish() {
    HeapGraph::Parts parts;
    // Edge counts become first edges. Counts that promise more edges than there are get cut.
    const uint64_t edge_count = columns_.edge.size();
    uint64_t sum = 0;
    if (columns_.first_edge.empty()) columns_.first_edge.Resize(1);
    for (uint32_t i = 0; i < NodeCount(); ++i) {
      sum += columns_.first_edge[i + 1];
      columns_.first_edge[i + 1] = static_cast<uint32_t>(std::min(sum, edge_count));
    }
    if (sum != edge_count && !damage_) {
      Damage({ErrorKind::kBadInput,
              fmt::format("the nodes promise {} edges, but {} are there", sum, edge_count),
              end_offset_});
      if (!options_.tolerant) return tl::unexpected<Error>(*damage_);
    }
    if (sum < edge_count) columns_.edge.Resize(static_cast<size_t>(sum));
    if (damage_) {
      parts.diagnostics.push_back(
          {"damaged", Severity::kError, 1,
           fmt::format("byte {}: {}; what is before it was read", damage_->byte_offset.value_or(0),
                       damage_->message)});
    }
    parts.diagnostics.insert(parts.diagnostics.end(), header_->diagnostics.begin(),
                             header_->diagnostics.end());
    if (!columns_.other_type.empty()) {
      parts.diagnostics.push_back({"unknown-node-types", Severity::kInfo,
                                   columns_.other_type.size(),
                                   "nodes of types that V8 did not have when this was made"});
    }
    if (!strings_.store) strings_.store = std::make_shared<MemoryStore>();
    parts.columns = std::move(columns_);
    parts.strings = StringTable(std::move(strings_));
    parts.locations = std::move(locations_);
    parts.extra_native_bytes = header_->extra_native_bytes;
    parts.note = header_->note;
    parts.has_detachedness_field = header_->detachedness_at != kNoField;
    return HeapGraph(std::move(parts));
  }

  ByteSource source_;
  const ReadOptions& options_;
  std::optional<SnapshotHeader> header_;
  GraphColumns columns_;
  Array<Location> locations_;
  StringTable::Parts strings_;
  std::optional<Error> damage_;
  uint32_t max_string_index_ = 0;
  uint64_t strings_end_ = 0;
  uint64_t end_offset_ = 0;
  bool nodes_read_ = false, edges_read_ = false, strings_read_ = false;
};

Result<HeapGraph> ReadFrom(ByteSource source, const ReadOptions& options) {
  try {
    return SnapshotReader(std::move(source), options).Read();
  } catch (const std::bad_alloc&) {
    return Fail(ErrorKind::kEnvironment, "not enough memory for this snapshot");
  }
}

}  // namespace

Result<HeapGraph> ReadSnapshotStream(ByteStream stream, const ReadOptions& options) {
  std::string head(4, '\0');
  size_t have = 0;
  while (have < head.size()) {
    Result<size_t> got = stream({head.data() + have, head.size() - have});
    if (!got) return tl::unexpected<Error>(got.error());
    if (*got == 0) break;
    have += *got;
  }
  head.resize(have);
  const Compression compression = DetectCompression(head);
  return ReadFrom(ByteSource(Decompress(Prepend(std::move(head), std::move(stream)), compression)),
                  options);
}

Result<HeapGraph> ReadSnapshotFile(const std::string& path, const ReadOptions& options) {
  Result<std::shared_ptr<InputFile>> file = InputFile::Open(path);
  if (!file) return tl::unexpected<Error>(file.error());
  if (!(*file)->regular()) return ReadSnapshotStream(StreamOf(*file), options);
  char head[4];
  const long got = (*file)->ReadAt(0, sizeof head, head);
  if (got < 0) return Fail(ErrorKind::kEnvironment, fmt::format("cannot read {}", path));
  if (DetectCompression({head, static_cast<size_t>(got)}) != Compression::kNone) {
    return ReadSnapshotStream(StreamOf(*file), options);
  }
  const uint64_t size = (*file)->size();
  return ReadFrom(ByteSource(std::make_shared<FileStore>(*file), size), options);
}

Result<HeapGraph> ReadSnapshotBytes(std::span<const char> bytes, const ReadOptions& options) {
  if (DetectCompression(bytes) != Compression::kNone) {
    auto at = std::make_shared<size_t>(0);
    return ReadSnapshotStream(
        [bytes, at](std::span<char> out) -> Result<size_t> {
          const size_t n = std::min(out.size(), bytes.size() - *at);
          std::copy_n(bytes.data() + *at, n, out.data());
          *at += n;
          return n;
        },
        options);
  }
  return ReadFrom(ByteSource(std::make_shared<SpanStore>(bytes), bytes.size()), options);
}

}  // namespace leaktrail
