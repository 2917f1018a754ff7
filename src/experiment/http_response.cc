#include "experiment/http_response.h"

#include <algorithm>
#include <charconv>

#include "base/ascii.h"

namespace leaktrail {
namespace {

constexpr std::string_view kLineEnd = "\r\n", kHeadEnd = "\r\n\r\n", kBegin = "HTTP/1.";

std::string_view Trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

template <typename Number>
bool ReadNumber(std::string_view text, int base, Number* value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *value, base);
  return error == std::errc() && end == text.data() + text.size();
}

bool EndsWithIgnoringCase(std::string_view text, std::string_view end) {
  return text.size() >= end.size() &&
         EqualsIgnoringCase(text.substr(text.size() - end.size()), end);
}

}  // namespace

void HttpResponse::Begin(bool head_only) {
  std::string room = std::move(head_);  // kept for the next answer in pieces
  room.clear();
  *this = HttpResponse();
  head_ = std::move(room);
  head_only_ = head_only;
}

void HttpResponse::ReadHead(std::string_view head) {
  state_ = State::kMalformed;
  const size_t line_end = std::min(head.find(kLineEnd), head.size());
  const std::string_view first = head.substr(0, line_end);
  if (!first.starts_with(kBegin) || first.size() < 12 || first[8] != ' ' ||
      !ReadNumber(first.substr(9, 3), 10, &status_) || status_ < 100) {
    return;
  }
  keeps_alive_ = first[7] != '0';
  length_ = Length::kUntilClose;
  for (size_t begin = line_end + 2; begin < head.size();) {
    const size_t end = std::min(head.find(kLineEnd, begin), head.size());
    const std::string_view line = head.substr(begin, end - begin);
    begin = end + 2;
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    const std::string_view name = line.substr(0, colon), value = Trimmed(line.substr(colon + 1));
    if (EqualsIgnoringCase(name, "content-length")) {
      if (!ReadNumber(value, 10, &left_)) return;
      if (length_ != Length::kChunked) length_ = Length::kCounted;
    } else if (EqualsIgnoringCase(name, "transfer-encoding")) {
      if (EndsWithIgnoringCase(value, "chunked")) length_ = Length::kChunked;
    } else if (EqualsIgnoringCase(name, "connection")) {
      if (EqualsIgnoringCase(value, "close")) keeps_alive_ = false;
      if (EqualsIgnoringCase(value, "keep-alive")) keeps_alive_ = true;
    }
  }
  if (status_ < 200) {  // 100 Continue and the like: the real answer follows
    state_ = State::kHead;
    return;
  }
  if (head_only_ || status_ == 204 || status_ == 304) length_ = Length::kNone;
  if (length_ == Length::kUntilClose) keeps_alive_ = false;
  const bool is_empty = length_ == Length::kNone || (length_ == Length::kCounted && left_ == 0);
  if (length_ == Length::kChunked) left_ = 0;
  state_ = is_empty ? State::kDone : State::kBody;
}

size_t HttpResponse::TakeChunked(std::string_view bytes) {
  size_t taken = 0;
  while (taken < bytes.size() && state_ == State::kBody) {
    if (left_ > 0) {
      const size_t n = static_cast<size_t>(std::min<uint64_t>(left_, bytes.size() - taken));
      left_ -= n;
      taken += n;
      continue;
    }
    head_ += bytes[taken++];
    if (!head_.ends_with(kLineEnd)) {
      if (head_.size() > kMaxHead) state_ = State::kMalformed;
      continue;
    }
    const std::string_view line = std::string_view(head_).substr(0, head_.size() - 2);
    if (last_chunk_) {  // trailers end with an empty line
      if (line.empty()) state_ = State::kDone;
    } else {
      uint64_t size = 0;
      if (!ReadNumber(Trimmed(line.substr(0, line.find(';'))), 16, &size) || size > (1ULL << 62)) {
        state_ = State::kMalformed;
      }
      last_chunk_ = size == 0;
      body_bytes_ += size;
      left_ = last_chunk_ ? 0 : size + 2;
    }
    head_.clear();
  }
  return taken;
}

size_t HttpResponse::Take(std::string_view bytes) {
  begun_ = begun_ || !bytes.empty();
  size_t taken = 0;
  while (state_ == State::kHead && taken < bytes.size()) {
    if (head_.empty()) {  // as a rule all of it comes at once
      const std::string_view rest = bytes.substr(taken);
      if (const size_t end = rest.find(kHeadEnd); end != std::string_view::npos) {
        taken += end + kHeadEnd.size();
        ReadHead(rest.substr(0, end));
        continue;
      }
    }
    const size_t before = head_.size();
    head_ += bytes.substr(taken);
    const size_t end = head_.find(kHeadEnd, before < 3 ? 0 : before - 3);
    if (end == std::string::npos) {
      // What is not HTTP need not ever come to an end.
      const size_t known = std::min(head_.size(), kBegin.size());
      const bool is_http = head_.compare(0, known, kBegin.substr(0, known)) == 0;
      if (!is_http || head_.size() > kMaxHead) state_ = State::kMalformed;
      return bytes.size();
    }
    taken += end + 4 - before;
    const std::string head = head_.substr(0, end);
    head_.clear();
    ReadHead(head);
  }
  if (state_ != State::kBody) return taken;
  const std::string_view rest = bytes.substr(taken);
  if (length_ == Length::kChunked) return taken + TakeChunked(rest);
  if (length_ == Length::kUntilClose) {
    body_bytes_ += rest.size();
    return bytes.size();
  }
  const size_t n = static_cast<size_t>(std::min<uint64_t>(left_, rest.size()));
  left_ -= n;
  body_bytes_ += n;
  if (left_ == 0) state_ = State::kDone;
  return taken + n;
}

}  // namespace leaktrail
