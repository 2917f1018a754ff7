#include "capture/connection_keeper.h"

#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <chrono>

namespace leaktrail {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kPatience = std::chrono::minutes(15);
constexpr milliseconds kQuiet{30};      // nothing comes for so long after the last answer
constexpr milliseconds kGoodbye{1000};  // until the peer has closed its end

// Answered after all that was asked before: the target takes requests in turn. The id is one
// that a client which counts from 1 does not reach.
constexpr std::string_view kSilence = R"({"id":1999999999,"method":"NodeWorker.disable"})";
constexpr std::string_view kAnswer = R"("id":1999999999)";

constexpr char kTextFrame = '\x81', kCloseFrame = '\x88', kMasked = '\x80';

// The mask of a client's frame may be 0, which leaves the text as it is.
std::string Frame(char kind, std::string_view text) {
  std::string frame = {kind, static_cast<char>(kMasked | static_cast<char>(text.size())), 0, 0, 0,
                       0};
  return frame.append(text);
}

bool SendAll(int socket, std::string_view bytes, steady_clock::time_point deadline) {
  while (!bytes.empty()) {
    const ssize_t sent = send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent > 0) {
      bytes.remove_prefix(static_cast<size_t>(sent));
    } else if (errno == EAGAIN) {
      pollfd ready{socket, POLLOUT, 0};
      poll(&ready, 1, 100);
    } else if (errno != EINTR) {
      return false;
    }
    if (steady_clock::now() > deadline) return false;
  }
  return true;
}

enum class Heard { kBytes, kNothing, kEnd };

// Waits for bytes and appends what is there to `text`.
Heard Hear(int socket, std::string* text, milliseconds patience) {
  pollfd ready{socket, POLLIN, 0};
  const int count = poll(&ready, 1, static_cast<int>(patience.count()));
  if (count == 0 || (count < 0 && errno == EINTR)) return Heard::kNothing;
  char bytes[65536];
  const ssize_t got = recv(socket, bytes, sizeof bytes, MSG_DONTWAIT);
  if (got > 0) {
    text->append(bytes, static_cast<size_t>(got));
    return Heard::kBytes;
  }
  return got < 0 && (errno == EAGAIN || errno == EINTR) ? Heard::kNothing : Heard::kEnd;
}

// Drops all that comes until the answer to kSilence. False if the connection ended.
bool HearTheAnswer(int socket, steady_clock::time_point deadline) {
  std::string text;
  while (steady_clock::now() < deadline) {
    const Heard heard = Hear(socket, &text, kGoodbye);
    if (heard == Heard::kEnd) return false;
    if (text.find(kAnswer) != std::string::npos) return true;
    // The answer may be cut in two.
    if (text.size() > kAnswer.size()) text.erase(0, text.size() - kAnswer.size());
  }
  return true;
}

}  // namespace

ConnectionKeeper::ConnectionKeeper(int socket)
    : survivor_({socket}, [socket] { SayFarewell(socket); }) {}

void SayFarewell(int socket) {
  const auto deadline = steady_clock::now() + kPatience;
  if (!SendAll(socket, ClientFrame(kSilence), deadline)) return;
  if (!HearTheAnswer(socket, deadline)) return;
  std::string dropped;
  Heard heard;
  do {
    heard = Hear(socket, &dropped, kQuiet);
    dropped.clear();
  } while (heard == Heard::kBytes && steady_clock::now() < deadline);
  if (heard == Heard::kEnd) return;
  const std::string_view normal_end("\x03\xE8", 2);  // status 1000
  const auto patience = steady_clock::now() + kGoodbye;
  if (!SendAll(socket, Frame(kCloseFrame, normal_end), patience)) return;
  while (heard != Heard::kEnd && steady_clock::now() < patience) {
    heard = Hear(socket, &dropped, kQuiet);
    dropped.clear();
  }
}

std::string ClientFrame(std::string_view text) { return Frame(kTextFrame, text); }

}  // namespace leaktrail
