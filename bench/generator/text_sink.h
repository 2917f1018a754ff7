// Where generated text goes: a file, or nowhere with its length counted.
#pragma once

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

namespace leaktrail::bench {

class TextSink {
 public:
  // Counts only.
  TextSink() : buffer_(new char[kCapacity]) {}
  // Creates the file. Throws std::runtime_error if that or, later, a write fails.
  explicit TextSink(const std::string& path) : TextSink() {
    file_.reset(std::fopen(path.c_str(), "wb"));
    if (file_ == nullptr)
      throw std::runtime_error("cannot create " + path + ": " + std::strerror(errno));
    std::setvbuf(file_.get(), nullptr, _IONBF, 0);
  }

  void Put(char c) {
    if (used_ == kCapacity) Flush();
    buffer_[used_++] = c;
  }
  void Put(std::string_view text) {
    while (!text.empty()) {
      if (used_ == kCapacity) Flush();
      const std::size_t part = std::min(text.size(), kCapacity - used_);
      std::memcpy(buffer_.get() + used_, text.data(), part);
      used_ += part;
      text.remove_prefix(part);
    }
  }
  void PutNumber(std::uint64_t number) {
    if (kCapacity - used_ < 24) Flush();
    char* const end = std::to_chars(buffer_.get() + used_, buffer_.get() + kCapacity, number).ptr;
    used_ = static_cast<std::size_t>(end - buffer_.get());
  }

  // Bytes put so far.
  std::uint64_t size_bytes() const { return flushed_ + used_; }

  // To be called at the end; otherwise the file is incomplete.
  void Finish() {
    Flush();
    if (file_ != nullptr && std::fclose(file_.release()) != 0)
      throw std::runtime_error("cannot write: disk full?");
  }

 private:
  static constexpr std::size_t kCapacity = std::size_t{1} << 20;
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };

  void Flush() {
    if (file_ != nullptr && std::fwrite(buffer_.get(), 1, used_, file_.get()) != used_) {
      throw std::runtime_error(std::string("cannot write: ") + std::strerror(errno));
    }
    flushed_ += used_;
    used_ = 0;
  }

  std::unique_ptr<char[]> buffer_;
  std::unique_ptr<std::FILE, Close> file_;
  std::size_t used_ = 0;
  std::uint64_t flushed_ = 0;
};

}  // namespace leaktrail::bench
