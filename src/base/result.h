// Failure as a value.
//
// A function that can fail on its input or its surroundings returns Result<T>. The error says
// what is wrong, where (the byte offset, if it is about a file's content) and what can be done,
// in one sentence that is shown to the user as it stands.
//
// Threads: values, no sharing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace leaktrail {

// Decides the exit code (docs of the command: 2, 3, 4, 130).
enum class ErrorKind : uint8_t {
  kUsage,        // the call is wrong
  kBadInput,     // a file's content is wrong
  kEnvironment,  // no such file, no permission, not enough memory
  kInterrupted,  // cancelled by the user
};

struct Error {
  ErrorKind kind = ErrorKind::kBadInput;
  std::string message;
  std::optional<uint64_t> byte_offset;  // where in the (uncompressed) input
};

template <typename T>
using Result = tl::expected<T, Error>;

inline tl::unexpected<Error> Fail(ErrorKind kind, std::string message) {
  return tl::unexpected<Error>(Error{kind, std::move(message), std::nullopt});
}
inline tl::unexpected<Error> FailAt(uint64_t byte_offset, std::string message) {
  return tl::unexpected<Error>(Error{ErrorKind::kBadInput, std::move(message), byte_offset});
}

}  // namespace leaktrail
