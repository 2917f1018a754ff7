// Whatever way a file is read, the same graph comes out.

#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <string>

#include "snapshot/reader.h"
#include "tests/support/graph_dsl.h"
#include "tests/support/random_snapshot.h"

namespace leaktrail::testing {
namespace {

std::string Describe(const Result<HeapGraph>& graph) {
  if (!graph) return "error: " + graph.error().message;
  return DescribeGraph(*graph);
}

std::string ReadBytes(const std::string& text, ReadOptions options = {}) {
  return Describe(ReadSnapshotBytes({text.data(), text.size()}, options));
}

// Equal, or where they begin to differ: whole graphs are too long to show.
::testing::AssertionResult Same(const std::string& actual, const std::string& expected) {
  const auto [a, b] = std::mismatch(actual.begin(), actual.end(), expected.begin(), expected.end());
  if (a == actual.end() && b == expected.end()) return ::testing::AssertionSuccess();
  const auto around = [](const std::string& text, size_t at) {
    const size_t line = text.rfind('\n', at);
    return text.substr(line == std::string::npos ? 0 : line, 300);
  };
  const auto at = static_cast<size_t>(a - actual.begin());
  return ::testing::AssertionFailure() << "at " << at << "\n--- actual" << around(actual, at)
                                       << "\n--- expected" << around(expected, at);
}

// `step` bytes at a time.
std::string ReadStream(const std::string& text, size_t step, ReadOptions options = {}) {
  size_t at = 0;
  return Describe(ReadSnapshotStream(
      [&](std::span<char> out) -> Result<size_t> {
        const size_t n = std::min({step, out.size(), text.size() - at});
        std::copy_n(text.data() + at, n, out.data());
        at += n;
        return n;
      },
      options));
}

std::string Gzip(const std::string& text) {
  z_stream z{};
  deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&z, text.size()), '\0');
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  z.avail_in = static_cast<uInt>(text.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  deflate(&z, Z_FINISH);
  out.resize(z.total_out);
  deflateEnd(&z);
  return out;
}

std::string Zstd(const std::string& text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 3));
  return out;
}

RandomOptions OptionsFor(uint64_t seed) {
  RandomOptions options;
  options.node_count = static_cast<uint32_t>(1 + seed * 13 % 50);
  options.large_sizes = seed % 2 == 0;
  return options;
}

// What a layout has no place for is not in the file.
SnapshotModel AsLayoutHasIt(SnapshotModel model, SnapshotLayout layout) {
  if (layout != SnapshotLayout::kNode24) model.extra_native_bytes = 0;
  if (layout == SnapshotLayout::kNode10) {
    for (ModelNode& n : model.nodes) n.detachedness = 0;
    model.locations.clear();
  }
  return model;
}

TEST(Reader, GivesTheGraphThatWasWritten) {
  for (uint64_t seed = 0; seed < 150 && !::testing::Test::HasFailure(); ++seed) {
    const SnapshotModel model = RandomSnapshot(seed, OptionsFor(seed));
    for (SnapshotLayout layout : kAllLayouts) {
      SCOPED_TRACE(::testing::Message() << "seed " << seed << ' ' << LayoutName(layout));
      EXPECT_EQ(ReadBytes(WriteSnapshot(model, layout)),
                DescribeGraph(BuildGraph(AsLayoutHasIt(model, layout))));
    }
  }
}

TEST(Reader, GivesTheSameGraphFromStreamsAndCompressedFiles) {
  for (uint64_t seed = 0; seed < 30 && !::testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    const std::string text =
        WriteSnapshot(RandomSnapshot(seed, OptionsFor(seed)), kAllLayouts[seed % 3]);
    const std::string expected = ReadBytes(text);
    for (size_t step : {1, 2, 3, 7, 64, 1000, 1 << 20}) {
      EXPECT_TRUE(Same(ReadStream(text, step), expected)) << step;
    }
    for (const std::string& packed : {Gzip(text), Zstd(text)}) {
      EXPECT_TRUE(Same(ReadBytes(packed), expected));
      EXPECT_TRUE(Same(ReadStream(packed, 5), expected));
    }
    const std::string half = text.substr(0, text.size() / 2);
    const std::string two_members = Gzip(half) + Gzip(text.substr(half.size()));
    EXPECT_TRUE(Same(ReadBytes(two_members), expected));
    EXPECT_TRUE(Same(ReadBytes(Zstd(half) + Zstd(text.substr(half.size()))), expected));
  }
}

TEST(Reader, GivesTheSameGraphForAnyThreadsAndChunks) {
  for (uint64_t seed = 0; seed < 12 && !::testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    const std::string text =
        WriteSnapshot(RandomSnapshot(seed, OptionsFor(seed)), kAllLayouts[seed % 3]);
    const std::string expected = ReadBytes(text);
    for (unsigned threads : {1u, 2u, 3u, 8u}) {
      for (uint32_t chunk : {1u, 2u, 5u, 63u, 64u, 65u, 100u, 777u}) {
        if (chunk < 5 && threads > 2 && seed > 2) continue;  // slow
        ReadOptions options;
        options.threads = threads;
        options.chunk_bytes = chunk;
        SCOPED_TRACE(::testing::Message() << threads << " threads, chunks of " << chunk);
        EXPECT_TRUE(Same(ReadBytes(text, options), expected));
        EXPECT_TRUE(Same(ReadStream(text, 11, options), expected));
      }
    }
  }
}

// Every cut is an error with an offset; tolerant reading never fails after the nodes began and
// never gives more than there was.
TEST(Reader, TellsOfEveryTruncation) {
  const SnapshotModel model = RandomSnapshot(5, OptionsFor(3));
  for (SnapshotLayout layout : kAllLayouts) {
    const std::string text = WriteSnapshot(model, layout);
    for (size_t size = 0; size + 1 < text.size(); ++size) {
      const std::string cut = text.substr(0, size);
      const auto strict = ReadSnapshotBytes({cut.data(), cut.size()}, {});
      ASSERT_FALSE(strict.has_value()) << size;
      EXPECT_EQ(strict.error().kind, ErrorKind::kBadInput);
      ASSERT_TRUE(strict.error().byte_offset.has_value()) << size << strict.error().message;
      EXPECT_LE(*strict.error().byte_offset, size);
      ReadOptions tolerant;
      tolerant.tolerant = true;
      const auto graph = ReadSnapshotBytes({cut.data(), cut.size()}, tolerant);
      if (graph) {
        ASSERT_FALSE(graph->diagnostics().empty());
        EXPECT_EQ(graph->diagnostics()[0].name, "damaged");
        EXPECT_LE(graph->node_count(), model.nodes.size());
        EXPECT_LE(graph->edge_count(), model.edges.size());
      }
      // The same from a stream, in tiny chunks and with threads.
      if (size % 7 == 0) {
        tolerant.chunk_bytes = 13;
        tolerant.threads = 3;
        EXPECT_TRUE(Same(ReadStream(cut, 17, tolerant), Describe(graph))) << size;
        EXPECT_TRUE(Same(ReadBytes(cut, tolerant), Describe(graph))) << size;
      }
    }
  }
}

// Sizes that no sum could hold. DevTools would wrap them around.
TEST(Reader, EndsBeforeTheNodeWhoseSizeMakesTheSumOverflow) {
  SnapshotModel model = ParseGraphDsl("root -> a; root -> b; root -> c");
  const auto read = [&](uint64_t of_b, uint64_t of_c, bool tolerant) {
    model.nodes[2].self_size = of_b;
    model.nodes[3].self_size = of_c;
    const std::string text = WriteSnapshot(model, SnapshotLayout::kNode24);
    ReadOptions options;
    options.tolerant = tolerant;
    return ReadSnapshotBytes({text.data(), text.size()}, options);
  };
  const uint64_t half = kMaxHeapBytes / 2;
  ASSERT_TRUE(read(half, half / 2, false).has_value());
  for (uint64_t c : {kMaxHeapBytes - half + 1, kMaxHeapBytes + 1, ~uint64_t{0}}) {
    const auto strict = read(half, c, false);
    ASSERT_FALSE(strict.has_value()) << c;
    EXPECT_EQ(strict.error().kind, ErrorKind::kBadInput);
    EXPECT_TRUE(strict.error().byte_offset.has_value());
    const auto tolerant = read(half, c, true);
    ASSERT_TRUE(tolerant.has_value()) << c;
    EXPECT_EQ(tolerant->node_count(), 3u);
    EXPECT_EQ(tolerant->self_size(NodeIndex(2)), half);
  }
  model.extra_native_bytes = kMaxHeapBytes;
  EXPECT_TRUE(read(8, 8, false).has_value());
  model.extra_native_bytes = kMaxHeapBytes + 1;
  EXPECT_FALSE(read(8, 8, false).has_value());
}

// What came out of the decompressor before the damage is read.
TEST(Reader, ReadsADamagedArchiveUpToTheDamage) {
  RandomOptions options;
  options.node_count = 500;
  const std::string text = WriteSnapshot(RandomSnapshot(1, options), SnapshotLayout::kNode24);
  std::string gzip = Gzip(text);
  gzip[gzip.size() * 3 / 4] = static_cast<char>(~gzip[gzip.size() * 3 / 4]);
  ReadOptions tolerant;
  tolerant.tolerant = true;
  const auto graph = ReadSnapshotBytes({gzip.data(), gzip.size()}, tolerant);
  ASSERT_TRUE(graph.has_value()) << graph.error().message;
  EXPECT_EQ(graph->diagnostics()[0].name, "damaged");
  EXPECT_EQ(graph->node_count(), 500u);
  EXPECT_GT(graph->edge_count(), 100u);
  // A thread may meet the damage while another one still reads the section before it.
  for (int i = 0; i < 50; ++i) {
    ASSERT_TRUE(
        Same(Describe(ReadSnapshotBytes({gzip.data(), gzip.size()}, tolerant)), Describe(graph)));
  }
  for (uint32_t chunk : {1u, 100u, 5000u}) {
    tolerant.chunk_bytes = chunk;
    EXPECT_TRUE(Same(ReadStream(gzip, 77, tolerant), Describe(graph)));
  }
}

// A byte changed at random: an error or a graph, the same however it is read.
TEST(Reader, AgreesWithItselfOnDamagedFiles) {
  const SnapshotModel model = RandomSnapshot(8, OptionsFor(4));
  RandomNumbers random(99);
  constexpr char kBytes[] = "0123456789,-.eE[]{}\":\\ \n\tu\0\xFF";
  for (int i = 0; i < 4000 && !::testing::Test::HasFailure(); ++i) {
    std::string text = WriteSnapshot(model, kAllLayouts[i % 3]);
    for (uint32_t k = 0; k < 1 + random.Below(3); ++k) {
      const uint32_t at = random.Below(static_cast<uint32_t>(text.size()));
      switch (random.Below(3)) {
        case 0:
          text[at] = kBytes[random.Below(sizeof kBytes - 1)];
          break;
        case 1:
          text.insert(at, 1, kBytes[random.Below(sizeof kBytes - 1)]);
          break;
        default:
          text.erase(at, 1 + random.Below(9));
      }
    }
    for (bool tolerant : {false, true}) {
      ReadOptions one, many;
      one.tolerant = many.tolerant = tolerant;
      one.threads = 1;
      many.threads = 3;
      many.chunk_bytes = 1 + random.Below(200);
      const std::string expected = ReadBytes(text, one);
      SCOPED_TRACE(::testing::Message() << i << (tolerant ? " tolerant" : ""));
      EXPECT_TRUE(Same(ReadBytes(text, many), expected));
      EXPECT_TRUE(Same(ReadStream(text, 1 + random.Below(50), many), expected));
    }
  }
}

}  // namespace
}  // namespace leaktrail::testing
