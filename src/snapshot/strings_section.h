// The string table's section: where each string begins, and which strings mean something.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "base/result.h"
#include "heap/string_table.h"
#include "snapshot/byte_source.h"
#include "snapshot/chunk_pipeline.h"

namespace leaktrail {

// Counts unescaped quotes, up to the first byte that has no place outside a string (the closing
// bracket is one) or is not allowed inside one (control characters).
ChunkScan ScanStrings(const Chunk& chunk);

struct StringsSection {
  StringTable::Parts parts;
  SectionEnd end;
  // The first escape sequence that JSON does not know.
  std::optional<uint64_t> bad_escape_at;
};

// The source stands after the opening bracket. `pipeline` brings threads, progress and cancel.
Result<StringsSection> ReadStringsSection(ByteSource& source, ChunkPipeline pipeline);

}  // namespace leaktrail
