#include "experiment/service.h"

#include <errno.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cctype>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <random>
#include <thread>

#include "capture/processes.h"
#include "experiment/inspector_port.h"
#include "experiment/keeper.h"
#include "experiment/process_tree.h"

namespace leaktrail {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr size_t kKeptOutputBytes = 64 * 1024;
constexpr size_t kShownLines = 5;
constexpr std::string_view kInspectorLines[] = {
    "Debugger listening on ", "For help, see: ", "Debugger attached.", "Waiting for the debugger"};
// A stack would push out the message above it.
constexpr std::string_view kStackLine = "    at ";
constexpr milliseconds kLookAgain{40};
constexpr milliseconds kNewsOfEnd{500};
constexpr milliseconds kMoreListeners{300};
constexpr milliseconds kProbeTimeout{3000};

bool IsFolder(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::is_directory(path, ignored);
}

using Environment = std::map<std::string, std::string>;

void Append(std::string_view word, std::string* words) {
  if (!words->empty()) *words += ' ';
  *words += word;
}

uint16_t FreeInspectorPort() {
  std::vector<uint16_t> used;
  for (const ListeningSocket& s : FindNetworkListeners(0)) used.push_back(s.port);
  return ChooseInspectorPort(used, std::random_device()());
}

// Ours, with the options' changes. When the inspector is opened later, it takes a free port instead
// of 9229, which may be somebody else's; every Node from 10 to 26 knows the option.
Environment EnvironmentOf(const ServiceOptions& options) {
  Environment out;
  for (char** e = environ; *e != nullptr; ++e) {
    const std::string_view entry = *e;
    const size_t equals = entry.find('=');
    if (equals != std::string_view::npos)
      out.emplace(entry.substr(0, equals), entry.substr(equals + 1));
  }
  for (const EnvironmentChange& change : options.environment) {
    if (change.value) {
      out[change.name] = *change.value;
    } else {
      out.erase(change.name);
    }
  }
  std::string& node_options = out["NODE_OPTIONS"];
  for (const std::string& flag : options.node_flags) Append(flag, &node_options);
  if (node_options.find("--inspect") == std::string::npos) {
    Append(fmt::format("--inspect-port={}", FreeInspectorPort()), &node_options);
  }
  if (!options.path_prefix.empty()) {
    std::string& path = out["PATH"];
    path = path.empty() ? options.path_prefix : options.path_prefix + ":" + path;
  }
  return out;
}

// Where exec would find the command, had it the service's PATH and folder instead of ours.
std::string FindProgram(const std::string& name, const Environment& environment,
                        const std::string& folder) {
  const auto path = environment.find("PATH");
  if (name.find('/') != std::string::npos || path == environment.end()) return name;
  std::string_view rest = path->second;
  for (;;) {
    const size_t end = std::min(rest.find(':'), rest.size());
    const std::string_view entry = rest.substr(0, end);
    const std::string file = entry.empty() ? "./" + name : fmt::format("{}/{}", entry, name);
    const std::string from_here =
        file[0] == '/' || folder.empty() ? file : fmt::format("{}/{}", folder, file);
    if (access(from_here.c_str(), X_OK) == 0 && !IsFolder(from_here)) return file;
    if (end == rest.size()) return name;
    rest.remove_prefix(end + 1);
  }
}

std::vector<char*> Pointers(const std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (const std::string& t : texts) out.push_back(const_cast<char*>(t.c_str()));
  out.push_back(nullptr);
  return out;
}

// The last lines of an output as part of a sentence.
std::string Quoted(std::string text) {
  for (size_t at = 0; (at = text.find('\n', at)) != std::string::npos;) text.replace(at, 1, " | ");
  return text;
}

// What Node writes because we are attached is not the service's; and what tells nothing in a
// sentence.
std::string Telling(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end);
    const bool is_ours = std::any_of(std::begin(kInspectorLines), std::end(kInspectorLines),
                                     [&](std::string_view own) { return line.starts_with(own); });
    const bool is_empty = line.find_first_not_of(" \t\r\n") == std::string_view::npos;
    if (!is_ours && !is_empty && !line.starts_with(kStackLine)) out += line;
  }
  return out;
}

// "TypeError: x", "Error [ERR_X]: x" at the beginning of a line.
bool NamesAnError(std::string_view line) {
  const size_t word = line.find_first_of(" :");
  if (word == std::string_view::npos || !line.substr(0, word).ends_with("Error")) return false;
  const auto is_letter = [](unsigned char c) { return std::isalpha(c) != 0; };
  return std::all_of(line.begin(), line.begin() + static_cast<long>(word), is_letter) &&
         (line[word] == ':' || line.substr(word).starts_with(" ["));
}

// What Node writes below the line of an error that nobody caught.
constexpr std::string_view kBelowAnError[] = {
    " ", "}", "Emitted ", "Node.js v", "Require stack:", "- "};

// The line of the error that ended Node: below it nothing but its stack and properties. "" if the
// text does not end so.
std::string_view UncaughtError(std::string_view text) {
  while (!text.empty()) {
    text = text.substr(0, text.find_last_not_of("\r\n") + 1);
    const size_t begin = text.rfind('\n') + 1;  // 0 if there is none
    const std::string_view line = text.substr(begin);
    if (NamesAnError(line)) return line.ends_with(" {") ? line.substr(0, line.size() - 2) : line;
    const bool is_below = std::any_of(std::begin(kBelowAnError), std::end(kBelowAnError),
                                      [&](std::string_view b) { return line.starts_with(b); });
    if (!is_below) break;
    text = text.substr(0, begin);
  }
  return "";
}

class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  ~Fd() { Close(); }
  Fd(Fd&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
  Fd& operator=(Fd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  int get() const { return fd_; }
  void Close() {
    if (fd_ >= 0) close(fd_);
    fd_ = -1;
  }

 private:
  int fd_ = -1;
};

struct Pipe {
  Fd read, write;
};

Result<Pipe> MakePipe() {
  int fds[2];
  if (pipe2(fds, O_CLOEXEC) != 0) {
    return Fail(ErrorKind::kEnvironment,
                fmt::format("cannot make a pipe: {}", std::strerror(errno)));
  }
  return Pipe{Fd(fds[0]), Fd(fds[1])};
}

std::string EndText(int status) {
  if (WIFSIGNALED(status)) {
    const int s = WTERMSIG(status);
    return fmt::format("it was killed by signal {} ({})", s, strsignal(s));
  }
  return fmt::format("it ended with exit code {}", WEXITSTATUS(status));
}

// IPv4 where the service listens on all addresses, since that is what people type.
LoadAddress AddressOf(const ListeningSocket& socket) {
  if (socket.host == "0.0.0.0" || socket.host == "::") return {"127.0.0.1", socket.port};
  return {socket.host, socket.port};
}

bool IsLoopback(const LoadAddress& address) {
  return address.host.starts_with("127.") || address.host == "::1";
}

// Which of several ports is the service's: PORT of its environment, then one that somebody chose,
// then one that the kernel did (port 0).
int PortRank(uint16_t port, const std::string& named) {
  if (std::to_string(port) == named) return 0;
  static const std::pair<int, int> ephemeral = [] {
    std::ifstream in("/proc/sys/net/ipv4/ip_local_port_range");
    int low = 32768, high = 60999;
    in >> low >> high;
    return std::pair(low, high);
  }();
  return port < ephemeral.first || port > ephemeral.second ? 1 : 2;
}

class StartedService : public Service {
 public:
  explicit StartedService(const ServiceOptions& options) : options_(options) {}
  ~StartedService() override { Stop(); }

  Result<void> Begin();
  Result<void> WaitUntilItAnswers(const LoadRequest& request) override;
  int pid() const override { return pid_; }
  const LoadAddress& address() const override { return address_; }
  uint32_t worker_count() const override { return worker_count_; }
  const std::vector<uint16_t>& other_ports() const override { return other_ports_; }
  // The command may be a script that started the service and has ended.
  bool running() const override { return pid_ > 0 ? IsAlive(pid_) : !ended_.load(); }
  std::string how_it_ended() const override;
  std::string output_tail(size_t lines) const override { return Quoted(LastLines(lines)); }
  void Stop() override;

 private:
  struct Listener {
    int pid = 0;
    LoadAddress address;
  };
  std::vector<Listener> FindListeners() const;
  bool Answers(const LoadAddress& address, const LoadRequest& request) const;
  void TakeProcess(int listens);
  std::string LastLines(size_t lines) const;
  void Keep(std::string_view bytes);
  void Ended(pid_t pid, int status);
  Result<void> Failure(std::string what) const;
  std::string WithOutput(std::string what) const;
  std::string shown_command() const { return fmt::format("{}", fmt::join(options_.command, " ")); }

  const ServiceOptions options_;
  pid_t keeper_ = 0;
  Fd life_, news_, output_, stop_reading_;
  std::thread reader_;
  pid_t command_ = 0;
  std::atomic<bool> ended_{false};  // the command
  mutable std::mutex mutex_;
  std::map<pid_t, int> statuses_;  // of what has ended; mutex_
  std::string kept_;               // of its output; mutex_

  std::string named_port_;  // PORT of its environment
  int pid_ = 0;
  uint32_t worker_count_ = 1;
  LoadAddress address_;
  std::vector<uint16_t> other_ports_;
};

Result<void> StartedService::Begin() {
  Result<Pipe> life = MakePipe(), news = MakePipe(), output = MakePipe(), stop = MakePipe();
  for (const Result<Pipe>* p : {&life, &news, &output, &stop}) {
    if (!*p) return tl::unexpected(p->error());
  }
  Fd null(open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!options_.folder.empty() && !IsFolder(options_.folder)) {
    return Fail(ErrorKind::kEnvironment,
                fmt::format("cannot start '{}' in {}: there is no such folder", shown_command(),
                            options_.folder));
  }
  const Environment variables = EnvironmentOf(options_);
  if (const auto port = variables.find("PORT"); port != variables.end()) named_port_ = port->second;
  std::vector<std::string> environment;
  for (const auto& [name, value] : variables) environment.push_back(name + "=" + value);
  const std::string program = FindProgram(options_.command[0], variables, options_.folder);
  const std::vector<char*> argument_list = Pointers(options_.command);
  const std::vector<char*> environment_list = Pointers(environment);
  KeeperPlan plan;
  plan.program = program.c_str();
  plan.folder = options_.folder.empty() ? nullptr : options_.folder.c_str();
  plan.arguments = argument_list.data();
  plan.environment = environment_list.data();
  plan.life_fd = life->read.get();
  plan.news_fd = news->write.get();
  plan.output_fd = output->write.get();
  plan.null_fd = null.get();
  plan.grace_ms = static_cast<int>(options_.stop_grace.count());
  keeper_ = fork();
  if (keeper_ == 0) RunKeeper(plan);
  if (keeper_ < 0) {
    return Fail(ErrorKind::kEnvironment,
                fmt::format("cannot start a process for the service: {}", std::strerror(errno)));
  }
  life_ = std::move(life->write);
  news_ = std::move(news->read);
  output_ = std::move(output->read);
  news->write.Close();
  output->write.Close();

  KeeperMessage message{};
  ssize_t n;
  do {
    n = read(news_.get(), &message, sizeof message);
  } while (n < 0 && errno == EINTR);
  if (n != sizeof message || message.news != KeeperNews::kStarted) {
    const int error = n == sizeof message ? message.value : EPIPE;
    return Fail(
        ErrorKind::kEnvironment,
        fmt::format("cannot start '{}': {}; give the command as you would type it, after --",
                    options_.command[0], std::strerror(error)));
  }
  command_ = message.value;
  stop_reading_ = std::move(stop->write);
  reader_ = std::thread([this, end = std::move(stop->read)]() mutable {
    pollfd fds[] = {{output_.get(), POLLIN, 0}, {news_.get(), POLLIN, 0}, {end.get(), POLLIN, 0}};
    char bytes[16 * 1024];
    for (;;) {
      if (poll(fds, 3, -1) < 0 && errno != EINTR) return;
      if (fds[0].revents != 0) {
        const ssize_t got = read(output_.get(), bytes, sizeof bytes);
        if (got > 0) Keep({bytes, static_cast<size_t>(got)});
        if (got == 0) fds[0].fd = -1;
      }
      if (fds[1].revents != 0) {
        KeeperMessage news_message{};
        const ssize_t got = read(news_.get(), &news_message, sizeof news_message);
        if (got == sizeof news_message && news_message.news == KeeperNews::kEnded) {
          Ended(news_message.pid, news_message.value);
        }
        if (got == 0) fds[1].fd = -1;
      }
      if (fds[2].revents != 0 || (fds[0].fd < 0 && fds[1].fd < 0)) return;
    }
  });
  return {};
}

void StartedService::Keep(std::string_view bytes) {
  const std::lock_guard lock(mutex_);
  kept_ += bytes;
  if (kept_.size() > 2 * kKeptOutputBytes) kept_.erase(0, kept_.size() - kKeptOutputBytes);
}

void StartedService::Ended(pid_t pid, int status) {
  const std::lock_guard lock(mutex_);
  statuses_[pid] = status;
  if (pid == command_) ended_ = true;
}

std::string StartedService::how_it_ended() const {
  if (running()) return "";
  // The keeper tells a moment after the process is gone, or never if another parent has reaped it.
  const Clock::time_point until = Clock::now() + kNewsOfEnd;
  do {
    {
      const std::lock_guard lock(mutex_);
      for (const pid_t pid : {pid_t{pid_}, command_}) {
        const auto status = statuses_.find(pid);
        if (status != statuses_.end()) return EndText(status->second);
      }
    }
    std::this_thread::sleep_for(kLookAgain);
  } while (Clock::now() < until);
  return "it ended";
}

std::string StartedService::LastLines(size_t lines) const {
  const std::lock_guard lock(mutex_);
  const std::string own = Telling(kept_);
  std::string_view text = own;
  // V8's last words; what follows is a stack of addresses.
  if (const size_t fatal = text.rfind("FATAL ERROR"); fatal != std::string_view::npos) {
    return std::string(text.substr(fatal, text.find('\n', fatal) - fatal));
  }
  if (const std::string_view error = UncaughtError(text); !error.empty()) return std::string(error);
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
  size_t begin = text.size();
  for (size_t i = 0; i < lines && begin != std::string_view::npos && begin > 0; ++i) {
    begin = text.rfind('\n', begin - 1);
  }
  if (begin == std::string_view::npos || begin >= text.size()) return std::string(text);
  return std::string(text.substr(text[begin] == '\n' ? begin + 1 : begin));
}

std::string StartedService::WithOutput(std::string what) const {
  const std::string tail = output_tail(kShownLines);
  return tail.empty() ? what + "; it wrote nothing" : what + "; it wrote at the end: " + tail;
}

Result<void> StartedService::Failure(std::string what) const {
  return Fail(ErrorKind::kEnvironment, WithOutput(std::move(what)));
}

std::vector<StartedService::Listener> StartedService::FindListeners() const {
  std::vector<Listener> found;
  for (const int pid : FindDescendants(keeper_)) {
    for (const ListeningSocket& socket : FindListeningSockets(pid)) {
      const LoadAddress address = AddressOf(socket);
      if (!IsLoopback(address)) continue;
      const bool known = std::any_of(found.begin(), found.end(), [&](const Listener& l) {
        return l.address.port == address.port;
      });
      if (!known && (options_.port == 0 || options_.port == address.port)) {
        found.push_back({pid, address});
      }
    }
  }
  return found;
}

bool StartedService::Answers(const LoadAddress& address, const LoadRequest& request) const {
  if (IsNodeInspector({address.host, address.port}, InspectorOptions{})) return false;
  LoadOptions once;
  once.requests = 1;
  once.connections = 1;
  once.request_timeout = kProbeTimeout;
  once.cancel = options_.cancel;
  Result<LoadResult> answer = RunLoad(address, request, once);
  return answer && answer->completed == 1;
}

// The primary of a cluster listens for its workers, which then share out the connections.
void StartedService::TakeProcess(int listens) {
  pid_ = listens;
  const std::vector<int> workers = FindClusterWorkers(listens);
  if (workers.empty()) return;
  pid_ = workers.front();
  worker_count_ = static_cast<uint32_t>(workers.size());
}

Result<void> StartedService::WaitUntilItAnswers(const LoadRequest& request) {
  const Clock::time_point until = Clock::now() + options_.start_timeout;
  const double seconds = static_cast<double>(options_.start_timeout.count()) / 1000;
  bool listened = false;
  while (Clock::now() < until) {
    if (options_.cancel != nullptr && options_.cancel->cancelled()) {
      return Fail(ErrorKind::kInterrupted, "interrupted");
    }
    std::vector<Listener> listeners = FindListeners();
    if (!listeners.empty() && !listened) {
      // The one that is opened first need not be the one that is meant.
      listened = true;
      std::this_thread::sleep_for(kMoreListeners);
      listeners = FindListeners();
    }
    std::stable_sort(listeners.begin(), listeners.end(), [&](const Listener& a, const Listener& b) {
      return PortRank(a.address.port, named_port_) < PortRank(b.address.port, named_port_);
    });
    for (const Listener& listener : listeners) {
      if (!Answers(listener.address, request)) continue;
      TakeProcess(listener.pid);
      address_ = listener.address;
      for (const Listener& other : listeners) {
        if (other.address.port != address_.port) other_ports_.push_back(other.address.port);
      }
      return {};
    }
    if (!running() && FindDescendants(keeper_).empty()) {
      // Its last words may still be in the pipe.
      std::this_thread::sleep_for(kLookAgain);
      return Failure(
          fmt::format("'{}' did not stay: {} before it answered", shown_command(), how_it_ended()));
    }
    std::this_thread::sleep_for(kLookAgain);
  }
  if (listened) {
    return Failure(
        fmt::format("'{}' listens but does not answer {} {} within {:.0f} s; name another "
                    "--path or --port",
                    shown_command(), request.method, request.paths[0], seconds));
  }
  if (options_.port != 0) {
    return Failure(
        fmt::format("'{}' does not listen on port {} after {:.0f} s; leave --port out to "
                    "have its port found",
                    shown_command(), options_.port, seconds));
  }
  return Failure(
      fmt::format("'{}' does not listen on any port of this machine after {:.0f} s; find "
                  "needs an HTTP service to put load on, or a running process as TARGET",
                  shown_command(), seconds));
}

void StartedService::Stop() {
  life_.Close();
  if (keeper_ > 0) {
    int status = 0;
    while (waitpid(keeper_, &status, 0) < 0 && errno == EINTR) {
    }
    keeper_ = 0;
  }
  stop_reading_.Close();
  if (reader_.joinable()) reader_.join();
}

}  // namespace

Result<std::unique_ptr<Service>> Service::Start(const ServiceOptions& options) {
  if (options.command.empty()) return Fail(ErrorKind::kUsage, "there is no command to start");
  auto service = std::make_unique<StartedService>(options);
  if (Result<void> begun = service->Begin(); !begun) return tl::unexpected(begun.error());
  return std::unique_ptr<Service>(std::move(service));
}

}  // namespace leaktrail
