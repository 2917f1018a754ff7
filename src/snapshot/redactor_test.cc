#include "snapshot/redactor.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "heap/string_table.h"
#include "snapshot/note_filter.h"
#include "snapshot/reader.h"

namespace leaktrail {
namespace {

constexpr RedactionKey kKey{0x0123456789ABCDEF, 0xFEDCBA9876543210};

Result<std::string> Redact(const std::string& text, size_t piece = 7) {
  std::string out;
  Redactor redactor(kKey, [&](std::span<const char> b) {
    out.append(b.data(), b.size());
    return Result<void>{};
  });
  for (size_t at = 0; at < text.size(); at += piece) {
    if (auto done = redactor.Write(std::string_view(text).substr(at, piece)); !done) {
      return tl::unexpected(done.error());
    }
  }
  if (auto done = redactor.Finish(); !done) return tl::unexpected(done.error());
  return out;
}

// Strings are named by one node or edge each: `uses` are types of nodes, or 'p' and 'i' for edges.
std::string Snapshot(const std::vector<std::pair<char, std::string>>& strings) {
  std::string nodes, edges, texts = "\"<dummy>\"";
  int node_count = 1, edge_count = 0;
  for (size_t i = 0; i < strings.size(); ++i) {
    texts += ",\"" + strings[i].second + "\"";
    const char use = strings[i].first;
    const std::string index = std::to_string(i + 1);
    if (use == 'p' || use == 'i') {
      edges += (edges.empty() ? "" : ",") + std::string(use == 'p' ? "0," : "1,") + index + ",0";
      ++edge_count;
    } else if (use != '-') {
      const char* type = use == 's' ? "1" : use == 'c' ? "2" : "3";  // string, code, object
      nodes += std::string(",") + type + "," + index + "," + std::to_string(2 * i + 11) + ",8,0";
      ++node_count;
    }
  }
  return R"({"snapshot":{"meta":{"node_fields":["type","name","id","self_size","edge_count"],)"
         R"("node_types":[["synthetic","string","code","object"]],)"
         R"("edge_fields":["type","name_or_index","to_node"],"edge_types":[["property","internal"]]},)"
         R"("node_count":)" +
         std::to_string(node_count) + R"(,"edge_count":)" + std::to_string(edge_count) +
         "},\n\"nodes\":[0,0,1,0," + std::to_string(edge_count) + nodes + "],\n\"edges\":[" +
         edges + "],\n\"strings\":[" + texts + "]}\n";
}

std::vector<std::string> Strings(const std::string& text) {
  Result<HeapGraph> graph = ReadSnapshotBytes(text, {});
  if (!graph) {
    ADD_FAILURE() << graph.error().message;
    return {};
  }
  std::vector<std::string> out;
  for (uint32_t i = 0; i < graph->strings().size(); ++i) {
    out.push_back(graph->strings().Get(StringIndex(i)));
  }
  return out;
}

TEST(Redactor, ReplacesContentsAndKeepsNames) {
  const std::string text = Snapshot({{'s', "a secret sentence"},
                                     {'p', "accessToken"},
                                     {'o', "Meter"},
                                     {'c', "/srv/app/node_modules/koa/lib/application.js"},
                                     {'s', "1.2.3"},
                                     {'-', "nobody uses me"},
                                     {'s', "\\u00fc\\\"x\\\\"}});
  const Result<std::string> redacted = Redact(text);
  ASSERT_TRUE(redacted) << redacted.error().message;
  const auto before = Strings(text), after = Strings(*redacted);
  ASSERT_EQ(after.size(), before.size());
  for (const size_t kept : {0u, 2u, 3u, 4u, 5u}) EXPECT_EQ(after[kept], before[kept]);
  for (const size_t replaced : {1u, 6u, 7u}) {
    EXPECT_NE(after[replaced], before[replaced]);
    EXPECT_EQ(Utf16Length(after[replaced]), Utf16Length(before[replaced]));
  }
}

TEST(Redactor, GivesTheSameWhereverTheTextIsCut) {
  const std::string text = Snapshot({{'s', "one\\\\"}, {'p', "two"}, {'s', "th\\\"ree"}});
  const Result<std::string> whole = Redact(text, text.size());
  ASSERT_TRUE(whole);
  for (const size_t piece : {1u, 2u, 3u, 5u}) EXPECT_EQ(*Redact(text, piece), *whole);
}

TEST(Redactor, ReplacesTextsInTheNamesOfWeakMapEntries) {
  const std::string text = Snapshot(
      {{'s', "tell nobody"},  // id 11
       {'o', "Session"},      // id 13
       {'i',
        "7 / part of key (Session @13) -> value (tell nobody @11) pair in WeakMap (table @9)"}});
  const Result<std::string> redacted = Redact(text);
  ASSERT_TRUE(redacted);
  EXPECT_EQ(redacted->find("tell nobody"), std::string::npos);
  EXPECT_NE(redacted->find("7 / part of key (Session @13) -> value ("), std::string::npos);
  EXPECT_NE(redacted->find(" @11) pair in WeakMap (table @9)"), std::string::npos);
}

// An object with `keys` properties, and another with the first of them.
std::string TableSnapshot(const std::vector<std::string>& keys) {
  std::string edges, texts = R"("<dummy>","Object","Thing")";
  for (size_t i = 0; i < keys.size(); ++i) {
    edges += "0," + std::to_string(i + 3) + ",5,";
    texts += ",\"" + keys[i] + "\"";
  }
  const std::string count = std::to_string(keys.size());
  return R"({"snapshot":{"meta":{"node_fields":["type","name","id","self_size","edge_count"],)"
         R"("node_types":[["synthetic","object"]],)"
         R"("edge_fields":["type","name_or_index","to_node"],"edge_types":[["property"]]},)"
         R"("node_count":2,"edge_count":)" +
         std::to_string(keys.size() + 1) + "},\n\"nodes\":[1,1,1,8," + count +
         ",1,2,3,8,1],\n\"edges\":[" + edges + "0,3,0],\n\"strings\":[" + texts + "]}\n";
}

TEST(Redactor, TakesTheNamesOfVeryManyPropertiesForData) {
  std::vector<std::string> keys{"timeout"};
  for (int i = 0; i < 300; ++i) {
    keys.push_back(std::string("customer") + static_cast<char>('a' + i % 26) +
                   static_cast<char>('a' + i / 26));
  }
  const Result<std::string> table = Redact(TableSnapshot(keys));
  ASSERT_TRUE(table);
  EXPECT_EQ(table->find("customer"), std::string::npos);
  EXPECT_NE(table->find("\"timeout\""), std::string::npos) << "another object has it too";
  keys.resize(200);
  const Result<std::string> few = Redact(TableSnapshot(keys));
  ASSERT_TRUE(few);
  EXPECT_NE(few->find("\"customerba\""), std::string::npos);
}

TEST(Redactor, RefusesWhatIsCutOffOrOutOfOrder) {
  const std::string text = Snapshot({{'s', "one"}});
  EXPECT_FALSE(Redact(text.substr(0, text.size() - 4)));
  EXPECT_FALSE(Redact(R"({"strings":["a secret"],"snapshot":{}})"));
  EXPECT_FALSE(Redact(""));
}

TEST(Redactor, LeavesNoneOfTenThousandPlantedSecrets) {
  uint64_t state = 42;
  const auto next = [&state](uint64_t n) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (state >> 33) % n;
  };
  const auto from = [&](std::string_view alphabet, size_t n) {
    std::string out;
    while (out.size() < n) out += alphabet[next(alphabet.size())];
    return out;
  };
  constexpr std::string_view kHex = "0123456789abcdef", kDigits = "0123456789";
  constexpr std::string_view kBase64 =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
  std::vector<std::string> secrets;
  std::vector<std::pair<char, std::string>> planted;
  for (int i = 0; i < 10'000; ++i) {
    std::string secret;
    switch (i % 8) {
      case 0:
        secret = from("abcdefghijklmnopqrstuvwxyz", 8) + "@" + from("abcdefgh", 6) + ".example.org";
        break;
      case 1:
        secret = from(kHex, 32);
        break;
      case 2:
        secret = "4" + from(kDigits, 15);
        break;
      case 3:
        secret = from(kHex, 8) + "-" + from(kHex, 4) + "-4" + from(kHex, 3) + "-a" + from(kHex, 3) +
                 "-" + from(kHex, 12);
        break;
      case 4:
        secret = "eyJ" + from(kBase64, 30) + "." + from(kBase64, 40) + "." + from(kBase64, 40);
        break;
      case 5:
        secret = "sk_live_" + from(kBase64, 24);
        break;
      case 6:
        secret = "AKIA" + from("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16);
        break;
      default:
        secret = "+49 30 " + from(kDigits, 8);
    }
    secrets.push_back(secret);
    const char uses[] = {'s', 'p', 's', 'o'};
    planted.emplace_back(uses[next(4)], i % 3 == 0 ? "/reset?who=" + secret : secret);
  }
  const Result<std::string> redacted = Redact(Snapshot(planted), 65'536);
  ASSERT_TRUE(redacted);
  size_t found = 0;
  for (const std::string& secret : secrets) found += redacted->find(secret) != std::string::npos;
  EXPECT_EQ(found, 0u);
}

TEST(SipHash, IsTheOneOfThePaper) {
  const RedactionKey key{0x0706050403020100, 0x0F0E0D0C0B0A0908};
  std::string bytes;
  for (char i = 0; i < 15; ++i) bytes += i;
  EXPECT_EQ(SipHash(key, bytes), 0xA129CA6149BE45E5u);
}

TEST(NoteFilter, PutsTheNoteWhereTheReaderFindsIt) {
  CaptureNote note{"fork", "vm 1 2", "2026-01-01T00:00:00Z", false, true};
  std::string out;
  NoteFilter filter(note, [&](std::span<const char> b) {
    out.append(b.data(), b.size());
    return Result<void>{};
  });
  const std::string text = Snapshot({{'s', "one"}});
  for (const char c : text) ASSERT_TRUE(filter.Write(std::span(&c, 1)));
  ASSERT_TRUE(filter.Finish());
  EXPECT_EQ(filter.node_count(), 2u);
  const Result<HeapGraph> graph = ReadSnapshotBytes(out, {});
  ASSERT_TRUE(graph);
  ASSERT_TRUE(graph->note());
  EXPECT_EQ(graph->note()->method, "fork");
  EXPECT_EQ(graph->note()->process, "vm 1 2");
  EXPECT_FALSE(graph->note()->node_ids_comparable);
  EXPECT_TRUE(graph->note()->redacted);
}

TEST(NoteFilter, RefusesTextThatIsCutOff) {
  const std::string text = Snapshot({{'s', "one"}});
  for (const size_t size : {size_t{0}, size_t{5}, size_t{100}, text.size() - 2}) {
    NoteFilter filter({}, [](std::span<const char>) { return Result<void>{}; });
    ASSERT_TRUE(filter.Write(std::string_view(text).substr(0, size)));
    EXPECT_FALSE(filter.Finish()) << size;
  }
}

}  // namespace
}  // namespace leaktrail
