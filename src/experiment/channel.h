// A connection that never blocks, plain or with TLS, for a loop that waits for many of them.
//
//   Open() ──▶ Send… ──▶ Receive… ──▶ Close()      Open connects and Send shakes hands by the way
//
// OpenSSL stays behind this header. It writes with write(2): a process that uses TLS must ignore
// SIGPIPE, as the command does.
//
// Errors: as Io::kFailed with a sentence in failure(). Cost: a system call each.
// Threads: a channel has one; a TlsClient may be shared.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/socket_address.h"

struct ssl_st;
struct ssl_ctx_st;

namespace leaktrail {

enum class CertificateCheck : uint8_t { kRequired, kNone };

// What all connections to one server share.
class TlsClient {
 public:
  // `server_name` is a name, or a numeric address.
  static Result<TlsClient> Make(const std::string& server_name, CertificateCheck check);
  ssl_ctx_st* context() const { return context_.get(); }
  const std::string& server_name() const { return server_name_; }

 private:
  std::shared_ptr<ssl_ctx_st> context_;
  std::string server_name_;
};

enum class Io : uint8_t {
  kDone,    // `bytes` of them
  kAgain,   // not now
  kClosed,  // the peer has ended the connection
  kFailed,
};

struct IoResult {
  Io io = Io::kDone;
  size_t bytes = 0;
  bool waits_to_write = false;  // with kAgain: for room in the socket, not for input
};

class Channel {
 public:
  Channel() = default;
  ~Channel() { Close(); }
  Channel(Channel&& other) noexcept;
  Channel& operator=(Channel&&) = delete;

  // `tls` is null for a plain connection and must outlive the channel. False: failure() says why.
  bool Open(const SocketAddress& peer, const TlsClient* tls);
  void Close();
  IoResult Send(std::string_view bytes);
  IoResult Receive(std::span<char> buffer);

  int fd() const { return fd_; }
  bool is_open() const { return fd_ >= 0; }
  // Connected and, with TLS, shaken hands: bytes have gone out.
  bool established() const { return established_; }
  // The TCP connection stood, but TLS did not come about.
  bool failed_in_tls() const { return failed_in_tls_; }
  const std::string& failure() const { return failure_; }

 private:
  IoResult Failed(int error_number);
  IoResult TlsResult(int returned);

  int fd_ = -1;
  ssl_st* ssl_ = nullptr;
  bool established_ = false, failed_in_tls_ = false;
  std::string failure_;
};

}  // namespace leaktrail
