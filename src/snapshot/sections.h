// The numeric sections of a file, read into a graph's columns by all threads.
//
// Each reader stops at the first thing that is wrong and says what (`damage`); all rows before it
// are whole. Whether that is an error or only a diagnostic is for ReadSnapshot to decide.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "heap/graph.h"
#include "snapshot/byte_source.h"
#include "snapshot/chunk_pipeline.h"
#include "snapshot/header.h"

namespace leaktrail {

struct SectionResult {
  uint64_t rows = 0;              // whole rows read
  std::optional<Error> damage;    // with its offset
  uint32_t max_string_index = 0;  // of all names read
};

// Fills type, name, id, self_size, detachedness, and edge counts into first_edge[node + 1].
// The source stands after '[', and afterwards at ']' if there was no damage.
Result<SectionResult> ReadNodes(ByteSource& source, ChunkPipeline pipeline,
                                const SnapshotHeader& header, GraphColumns& columns);

// Fills edge. `node_count` bounds the targets.
Result<SectionResult> ReadEdges(ByteSource& source, ChunkPipeline pipeline,
                                const SnapshotHeader& header, uint32_t node_count,
                                GraphColumns& columns);

// Sorted by node; the last entry of a node counts, as in DevTools.
Result<SectionResult> ReadLocations(ByteSource& source, ChunkPipeline pipeline,
                                    const SnapshotHeader& header, uint32_t node_count,
                                    Array<Location>& locations);

}  // namespace leaktrail
