#include "experiment/channel.h"

#include <errno.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <cstring>
#include <utility>

namespace leaktrail {
namespace {

int SizeOf(size_t bytes) { return static_cast<int>(std::min<size_t>(bytes, INT_MAX)); }

// The reason that OpenSSL gives, in words of its own.
std::string TlsFailure(const ssl_st* ssl) {
  const unsigned long code = ERR_peek_error();
  const int reason = ERR_GET_REASON(code);
  if (reason == SSL_R_CERTIFICATE_VERIFY_FAILED) {
    return fmt::format("its certificate is not trusted ({})",
                       X509_verify_cert_error_string(SSL_get_verify_result(ssl)));
  }
  if (reason == SSL_R_WRONG_VERSION_NUMBER || reason == SSL_R_UNKNOWN_PROTOCOL ||
      reason == SSL_R_HTTP_REQUEST) {
    return "it does not speak TLS";
  }
  const char* text = ERR_reason_error_string(code);
  return text != nullptr ? text : "TLS failed";
}

}  // namespace

Result<TlsClient> TlsClient::Make(const std::string& server_name, CertificateCheck check) {
  TlsClient out;
  out.server_name_ = server_name;
  out.context_.reset(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
  SSL_CTX* context = out.context_.get();
  if (context == nullptr) {
    return Fail(ErrorKind::kEnvironment, "OpenSSL cannot be used here; http:// goes without");
  }
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  // Many servers end a connection without saying so; that is for HTTP to judge.
  SSL_CTX_set_options(context, SSL_OP_IGNORE_UNEXPECTED_EOF);
  static constexpr unsigned char kHttp11[] = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
  SSL_CTX_set_alpn_protos(context, kHttp11, sizeof kHttp11);
  if (check == CertificateCheck::kRequired) {
    SSL_CTX_set_default_verify_paths(context);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
    X509_VERIFY_PARAM* wanted = SSL_CTX_get0_param(context);
    if (IsNumericHost(server_name)) {
      X509_VERIFY_PARAM_set1_ip_asc(wanted, server_name.c_str());
    } else {
      X509_VERIFY_PARAM_set1_host(wanted, server_name.c_str(), 0);
    }
  }
  return out;
}

Channel::Channel(Channel&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      ssl_(std::exchange(other.ssl_, nullptr)),
      established_(other.established_),
      failed_in_tls_(other.failed_in_tls_),
      failure_(std::move(other.failure_)) {}

bool Channel::Open(const SocketAddress& peer, const TlsClient* tls) {
  established_ = failed_in_tls_ = false;
  fd_ = socket(peer.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd_ < 0) {
    failure_ = std::strerror(errno);
    return false;
  }
  const int one = 1;
  setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (connect(fd_, peer.any(), peer.size) != 0 && errno != EINPROGRESS) {
    failure_ = std::strerror(errno);
    return false;
  }
  if (tls == nullptr) return true;
  ssl_ = SSL_new(tls->context());
  if (ssl_ == nullptr || SSL_set_fd(ssl_, fd_) != 1) {
    failure_ = "OpenSSL has no memory left";
    return false;
  }
  if (!IsNumericHost(tls->server_name())) {
    SSL_set_tlsext_host_name(ssl_, tls->server_name().c_str());
  }
  SSL_set_connect_state(ssl_);
  return true;
}

void Channel::Close() {
  if (ssl_ != nullptr) {
    if (established_) SSL_shutdown(ssl_);  // says so to the peer and does not wait
    SSL_free(ssl_);
    ssl_ = nullptr;
    ERR_clear_error();
  }
  if (fd_ >= 0) close(fd_);
  fd_ = -1;
}

IoResult Channel::Failed(int error_number) {
  failure_ = std::strerror(error_number);
  return {Io::kFailed};
}

IoResult Channel::TlsResult(int returned) {
  const int error_number = errno;
  switch (SSL_get_error(ssl_, returned)) {
    case SSL_ERROR_WANT_READ:
      return {Io::kAgain};
    case SSL_ERROR_WANT_WRITE:
      return {Io::kAgain, 0, true};
    case SSL_ERROR_ZERO_RETURN:
      return {Io::kClosed};
    case SSL_ERROR_SYSCALL:
      if (error_number == 0) break;
      if (error_number == ENOTCONN) return {Io::kAgain, 0, true};
      return Failed(error_number);
    default:
      if (established_) {
        failure_ = TlsFailure(ssl_);
        return {Io::kFailed};
      }
      failed_in_tls_ = true;
      failure_ = TlsFailure(ssl_);
      return {Io::kFailed};
  }
  if (established_) return {Io::kClosed};
  failed_in_tls_ = true;
  failure_ = "it ends the connection when TLS begins";
  return {Io::kFailed};
}

IoResult Channel::Send(std::string_view bytes) {
  if (ssl_ != nullptr) {
    ERR_clear_error();
    errno = 0;
    const int n = SSL_write(ssl_, bytes.data(), SizeOf(bytes.size()));
    if (n <= 0) return TlsResult(n);
    established_ = true;
    return {Io::kDone, static_cast<size_t>(n)};
  }
  for (;;) {
    const ssize_t n = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && (errno == EAGAIN || errno == ENOTCONN)) return {Io::kAgain, 0, true};
    if (n < 0) return Failed(errno);
    established_ = true;
    return {Io::kDone, static_cast<size_t>(n)};
  }
}

IoResult Channel::Receive(std::span<char> buffer) {
  if (ssl_ != nullptr) {
    ERR_clear_error();
    errno = 0;
    const int n = SSL_read(ssl_, buffer.data(), SizeOf(buffer.size()));
    if (n <= 0) return TlsResult(n);
    return {Io::kDone, static_cast<size_t>(n)};
  }
  for (;;) {
    const ssize_t n = recv(fd_, buffer.data(), buffer.size(), 0);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) return {Io::kAgain};
    if (n < 0) return Failed(errno);
    if (n == 0) return {Io::kClosed};
    return {Io::kDone, static_cast<size_t>(n)};
  }
}

}  // namespace leaktrail
