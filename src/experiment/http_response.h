// Where one HTTP/1.1 answer ends in a stream of bytes: as much of the protocol as a load generator
// needs. The body is skipped, not kept.
//
// Bad input is the state kMalformed. Cost: O(bytes). Threads: a value.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace leaktrail {

class HttpResponse {
 public:
  enum class State : uint8_t { kHead, kBody, kDone, kMalformed };

  // For the next answer. `head_only`: answers to HEAD have no body whatever their headers say.
  void Begin(bool head_only);
  // Takes bytes until the answer is done; how many it took.
  size_t Take(std::string_view bytes);
  // The peer has closed: whether that ends the answer properly.
  bool EndsAtClose() const { return state_ == State::kBody && length_ == Length::kUntilClose; }

  State state() const { return state_; }
  int status() const { return status_; }
  // The connection may be used again.
  bool keeps_alive() const { return keeps_alive_; }
  // At least one byte of it has come.
  bool begun() const { return begun_; }
  // So far; chunks without their frames.
  uint64_t body_bytes() const { return body_bytes_; }

 private:
  enum class Length : uint8_t { kNone, kCounted, kChunked, kUntilClose };
  static constexpr size_t kMaxHead = 64 * 1024;

  void ReadHead(std::string_view head);
  size_t TakeChunked(std::string_view bytes);

  State state_ = State::kHead;
  Length length_ = Length::kNone;
  bool head_only_ = false, keeps_alive_ = true, begun_ = false;
  int status_ = 0;
  uint64_t left_ = 0;  // of the body or of the chunk with its line end
  uint64_t body_bytes_ = 0;
  bool last_chunk_ = false;
  std::string head_;  // of the answer if it came in pieces, or a line between chunks
};

}  // namespace leaktrail
