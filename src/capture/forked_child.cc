#include "capture/forked_child.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <string_view>
#include <thread>

#include "capture/fork_module.h"
#include "capture/proc_files.h"
#include "capture/tcp_connect.h"

namespace leaktrail {
namespace {

using Json = nlohmann::json;
using namespace std::chrono_literals;

constexpr auto kCallTimeout = 30s;  // a target may be busy for long
constexpr auto kPrepareTimeout = 60s;
constexpr auto kEndTimeout = 5s;
constexpr int kReadWaitMs = 100;
constexpr int kPipeBytes = 1 << 20;
constexpr const char* kChildName = "leaktrail-snap";  // as bindings/fork calls it

std::string Base64(std::span<const char> bytes) {
  static constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (size_t i = 0; i < bytes.size(); i += 3) {
    std::array<uint32_t, 3> b{};
    for (size_t k = 0; k < 3 && i + k < bytes.size(); ++k) {
      b[k] = static_cast<unsigned char>(bytes[i + k]);
    }
    const uint32_t v = b[0] << 16 | b[1] << 8 | b[2];
    out += kDigits[v >> 18];
    out += kDigits[v >> 12 & 63];
    out += i + 1 < bytes.size() ? kDigits[v >> 6 & 63] : '=';
    out += i + 2 < bytes.size() ? kDigits[v & 63] : '=';
  }
  return out;
}

std::string Quoted(const std::string& text) { return Json(text).dump(); }

std::string ModuleKey() { return fmt::format("Symbol.for({})", Quoted(ForkModuleName())); }

// Says in which folders the module could not be loaded, and why.
constexpr std::string_view kLoad = R"js((() => {
  const key = KEY;
  if (globalThis[key]) return '';
  const fs = require('fs'), path = require('path');
  const places = new Set([require('os').tmpdir(), '/tmp', '/var/tmp', '/dev/shm']);
  const tried = [];
  for (const place of places) {
    if (!path.isAbsolute(place)) continue;
    let folder, file;
    try {
      folder = fs.mkdtempSync(path.join(place, '.leaktrail-'));
      file = path.join(folder, 'fork.node');
      fs.writeFileSync(file, Buffer.from('BYTES', 'base64'), { mode: 0o700 });
      const m = { exports: {} };
      process.dlopen(m, file);
      Object.defineProperty(globalThis, key, { value: m.exports, configurable: true });
      return '';
    } catch (e) {
      const reason = String(e && e.message).split('\n')[0].split(file).join('the module');
      tried.push(place + ' (' + reason + ')');
      if (e && e.code === 'ERR_DLOPEN_DISABLED') break;
    } finally {
      try { if (file) fs.unlinkSync(file); } catch (e) { }
      try { if (folder) fs.rmdirSync(folder); } catch (e) { }
    }
  }
  return tried.join(', ');
})())js";

// The folder of the FIFO, which the guest removes if we do not.
constexpr std::string_view kMakeFolder = R"js((() => {
  const fs = require('fs'), path = require('path');
  let error;
  for (const place of new Set([require('os').tmpdir(), '/tmp', '/var/tmp', '/dev/shm'])) {
    if (!path.isAbsolute(place)) continue;
    try {
      const folder = fs.mkdtempSync(path.join(place, '.leaktrail-'));
      const guest = GUEST;
      if (guest) guest.atLeave(folder, () => {
        try { fs.unlinkSync(folder + '/text'); } catch (e) { }
        try { fs.rmdirSync(folder); } catch (e) { }
      });
      return folder;
    } catch (e) { error = e; }
  }
  throw error;
})())js";

constexpr std::string_view kRemoveFolder = R"js((() => {
  const fs = require('fs'), folder = FOLDER;
  try { fs.unlinkSync(folder + '/text'); } catch (e) { }
  try { fs.rmdirSync(folder); } catch (e) { }
  const guest = GUEST;
  if (guest) guest.cancelLeave(folder);
})())js";

constexpr std::string_view kFork = R"js((() => {
  const v8 = require('v8');
  return globalThis[KEY].fork(
      fd => { v8.writeHeapSnapshot('/proc/self/fd/' + fd); }, FIFO, SECONDS, PATIENCE);
})())js";

std::string Fill(std::string_view script,
                 std::initializer_list<std::pair<std::string_view, std::string>> values) {
  std::string out(script);
  for (const auto& [name, value] : values) {
    for (size_t at = 0; (at = out.find(name, at)) != std::string::npos; at += value.size()) {
      out.replace(at, name.size(), value);
    }
  }
  return out;
}

std::string TextOf(const Json& object, const char* key) {
  const auto it = object.find(key);
  return it != object.end() && it->is_string() ? it->get<std::string>() : "";
}
double NumberOf(const Json& object, const char* key) {
  const auto it = object.find(key);
  return it != object.end() && it->is_number() ? it->get<double>() : 0;
}

}  // namespace

bool ChildEnd::worth_another_try() const {
  constexpr int kWaits[] = {75, 76, 77, 78};
  for (const int wait : kWaits) {
    if (signal == 0 && code == wait) return true;
  }
  for (const int crash : {SIGSEGV, SIGBUS, SIGABRT, SIGILL, SIGTRAP, SIGFPE}) {
    if (signal == crash) return true;
  }
  return signal == 0 && (code == 0 || code == -1);  // it ended, but its text is not whole
}

std::string ChildEnd::Reason() const {
  if (signal == SIGKILL) return "it was killed, as the system does when memory is short";
  if (signal != 0) return fmt::format("it was ended by signal {}", signal);
  switch (code) {
    case 70:
      return "V8 could not write it";
    case 74:
      return "this node binary is linked statically";
    case 75:
    case 76:
    case 77:
    case 78:
      return fmt::format("it waited for a thread that is not there ({})", code);
    case 79:
      return "its time was up";
    case 81:
      return "the service ended";
    default:
      return fmt::format("it ended with code {}", code);
  }
}

Result<nlohmann::json> ForkedChild::Ask(const std::string& expression, bool main_thread) {
  CallOptions call;
  call.timeout = kCallTimeout;
  if (!main_thread) call.session = options_.session;
  return target_.inspector().Evaluate(expression, call);
}

Result<nlohmann::json> ForkedChild::AskModule(const std::string& call) {
  Result<Json> answer = Ask(fmt::format("globalThis[{}].{}", ModuleKey(), call));
  if (!answer) return answer;
  Json object =
      answer->is_string() ? Json::parse(answer->get<std::string>(), nullptr, false) : Json();
  if (!object.is_object()) {
    return Fail(ErrorKind::kEnvironment, "the module in the service gave no answer");
  }
  if (const std::string error = TextOf(object, "error"); !error.empty()) {
    return Fail(ErrorKind::kEnvironment, fmt::format("the service could not be forked: {}; "
                                                     "leaktrail snapshot --pause takes one without",
                                                     error));
  }
  return object;
}

Result<void> ForkedChild::Load() {
  Result<Json> there = Ask(fmt::format("Boolean(globalThis[{}])", ModuleKey()));
  if (!there) return tl::unexpected(there.error());
  if (there->is_boolean() && there->get<bool>()) return {};
  Result<Json> tried = Ask(Fill(kLoad, {{"KEY", ModuleKey()}, {"BYTES", Base64(ForkModule())}}));
  if (!tried) return tl::unexpected(tried.error());
  if (const std::string where = tried->is_string() ? tried->get<std::string>() : "?";
      !where.empty()) {
    return Fail(ErrorKind::kEnvironment,
                fmt::format("the service cannot load the module that forks it, from {}; leaktrail "
                            "snapshot --pause takes one without, but the service stands still "
                            "meanwhile",
                            where));
  }
  return {};
}

Result<void> ForkedChild::MakeFifo() {
  Result<Json> folder = Ask(Fill(kMakeFolder, {{"GUEST", std::string(kGuest)}}), true);
  if (!folder) return tl::unexpected(folder.error());
  if (!folder->is_string()) return Fail(ErrorKind::kEnvironment, "the service made no folder");
  folder_ = folder->get<std::string>();
  if (Result<Json> made = AskModule(fmt::format("fifo({})", Quoted(folder_ + "/text"))); !made) {
    return tl::unexpected(made.error());
  }
  const std::string path = fmt::format("/proc/{}/root{}/text", target_.process().pid, folder_);
  fifo_ = open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
  if (fifo_ < 0) {
    return Fail(ErrorKind::kEnvironment,
                fmt::format("the output of the forked child cannot be opened at {} ({}); run this "
                            "as the service's user or as root",
                            path, std::strerror(errno)));
  }
  fcntl(fifo_, F_SETPIPE_SZ, kPipeBytes);  // faster; not needed
  return {};
}

Result<void> ForkedChild::Prepare() {
  Result<Json> state = AskModule("prepare()");
  const auto deadline = std::chrono::steady_clock::now() + kPrepareTimeout;
  while (state && TextOf(*state, "state") == "preparing") {
    if (std::chrono::steady_clock::now() > deadline) break;
    std::this_thread::sleep_for(3ms);
    state = AskModule("status()");
  }
  if (!state) return tl::unexpected(state.error());
  if (const std::string now = TextOf(*state, "state"); now != "ready") {
    return Fail(ErrorKind::kEnvironment,
                fmt::format("the service could not be made ready for a fork ({}); is another "
                            "snapshot of it being taken?",
                            now));
  }
  return {};
}

Result<std::unique_ptr<ForkedChild>> ForkedChild::Create(Attachment& target,
                                                         const ForkedChildOptions& options) {
  if (target.process().pid == 0) {
    return Fail(ErrorKind::kEnvironment,
                "a snapshot without a pause needs the process on this machine; run leaktrail "
                "there, or take --pause");
  }
  std::unique_ptr<ForkedChild> child(new ForkedChild(target, options));
  if (Result<void> done = child->Load(); !done) return tl::unexpected(done.error());
  if (Result<void> done = child->MakeFifo(); !done) return tl::unexpected(done.error());
  if (Result<void> done = child->Prepare(); !done) return tl::unexpected(done.error());
  return child;
}

Result<void> ForkedChild::Start() {
  // One call, so that nothing of ours stands between the answer and the removal of the FIFO.
  Result<Json> answer = Ask(Fill(kFork, {{"KEY", ModuleKey()},
                                         {"FIFO", Quoted(folder_ + "/text")},
                                         {"SECONDS", fmt::to_string(options_.timeout.count())},
                                         {"PATIENCE", fmt::to_string(options_.patience.count())}}));
  if (!answer) return tl::unexpected(answer.error());
  started_ = true;
  const Json status =
      answer->is_string() ? Json::parse(answer->get<std::string>(), nullptr, false) : Json();
  if (!status.is_object() || status.contains("error")) {
    return Fail(ErrorKind::kEnvironment,
                fmt::format("the service could not be forked: {}; leaktrail snapshot --pause takes "
                            "one without",
                            status.is_object() ? TextOf(status, "error") : "no answer"));
  }
  if (Result<Json> gone = Ask(
          Fill(kRemoveFolder, {{"FOLDER", Quoted(folder_)}, {"GUEST", std::string(kGuest)}}), true);
      gone) {
    folder_.clear();
  }
  return {};
}

Result<size_t> ForkedChild::Read(std::span<char> out, bool* ended) {
  *ended = false;
  if (options_.cancel != nullptr && options_.cancel->cancelled()) {
    return Fail(ErrorKind::kInterrupted, "interrupted");
  }
  pollfd p{fifo_, POLLIN, 0};
  if (poll(&p, 1, kReadWaitMs) <= 0) return size_t{0};
  const ssize_t n = read(fifo_, out.data(), out.size());
  if (n == 0) *ended = true;
  if (n < 0 && errno != EAGAIN && errno != EINTR) {
    return Fail(ErrorKind::kEnvironment, fmt::format("the output of the forked child cannot be "
                                                     "read ({})",
                                                     std::strerror(errno)));
  }
  return n > 0 ? static_cast<size_t>(n) : size_t{0};
}

void ForkedChild::Kill() {
  const int parent = target_.process().pid;
  for (const int pid : ChildrenOf(parent)) {
    // Held open, so that the number cannot become somebody else's between the look and the signal.
    const FileDescriptor process(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
    if (!process.valid()) continue;
    const std::optional<ProcessStat> stat = ReadStat(pid);
    if (stat && stat->parent == parent && stat->comm == kChildName) {
      syscall(SYS_pidfd_send_signal, process.get(), SIGKILL, nullptr, 0);
    }
  }
}

Result<ChildEnd> ForkedChild::End() {
  close(fifo_);  // a child that still runs ends now
  fifo_ = -1;
  Result<Json> status = AskModule("status()");
  const auto deadline = std::chrono::steady_clock::now() + kEndTimeout;
  while (status && TextOf(*status, "state") == "running") {
    if (std::chrono::steady_clock::now() > deadline) {
      status = AskModule("release()");
      break;
    }
    std::this_thread::sleep_for(10ms);
    status = AskModule("status()");
  }
  if (!status) return tl::unexpected(status.error());
  over_ = true;
  ChildEnd end;
  end.code = status->contains("code") ? static_cast<int>(NumberOf(*status, "code")) : -1;
  end.signal = static_cast<int>(NumberOf(*status, "signal"));
  end.pause_ms = NumberOf(*status, "pause_ms");
  end.cpu_ms = NumberOf(*status, "cpu_ms");
  end.peak_bytes = static_cast<uint64_t>(NumberOf(*status, "peak_kilobytes")) * 1024;
  return end;
}

ForkedChild::~ForkedChild() {
  if (fifo_ >= 0) close(fifo_);  // the child sees that nobody reads and ends, whatever happens next
  const bool cancelled = options_.cancel != nullptr && options_.cancel->cancelled();
  if (cancelled || !target_.inspector().connected()) return;  // the guest does the rest
  if (!folder_.empty()) {
    static_cast<void>(Ask(
        Fill(kRemoveFolder, {{"FOLDER", Quoted(folder_)}, {"GUEST", std::string(kGuest)}}), true));
  }
  if (!over_) {
    static_cast<void>(
        Ask(fmt::format("globalThis[{0}] && globalThis[{0}].release()", ModuleKey())));
  }
}

}  // namespace leaktrail
