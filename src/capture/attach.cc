#include "capture/attach.h"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <random>
#include <thread>

#include "capture/attach_checks.h"
#include "capture/guest.h"
#include "capture/node_flags.h"
#include "capture/open_guard.h"
#include "capture/proc_files.h"
#include "capture/tcp_connect.h"

namespace leaktrail {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kPoll{5};
constexpr milliseconds kLockPatience{10'000};
// After so long without a new socket the inspector may be one of those that were there.
constexpr milliseconds kLookAtOld{1500};
constexpr milliseconds kGuestTimeout{10'000};
constexpr milliseconds kFarewellTimeout{3000};
constexpr milliseconds kPortPatience{2000};
constexpr int kSignsPerDeadMan = 5;

std::string NewOwner() {
  std::random_device random;
  return fmt::format("{}-{:08x}{:08x}", getpid(), random(), random());
}

// Only what was surely one of ours on this machine counts as dead.
bool OwnerHasDied(std::string_view owner) {
  const std::optional<uint64_t> pid = ToNumber(owner.substr(0, owner.find('-')));
  return pid && *pid != static_cast<uint64_t>(getpid()) && kill(static_cast<pid_t>(*pid), 0) != 0 &&
         errno == ESRCH;
}

int PidInside(const NodeProcess& process) {
  const std::string status = ReadProcFile(process.pid, "status").value_or("");
  const std::vector<std::string_view> pids = SplitWords(FieldOf(status, "NSpid").value_or(""));
  if (pids.empty()) return process.pid;
  return static_cast<int>(ToNumber(pids.back()).value_or(0));
}

tl::unexpected<Error> NothingOpened(const NodeProcess& process, milliseconds waited) {
  return Fail(
      ErrorKind::kEnvironment,
      fmt::format(
          "process {} ({}) opened no inspector within {:.0f} s of SIGUSR1: it has a handler "
          "of its own for that signal, or its event loop is blocked, or the port is taken; "
          "start it with --inspect=127.0.0.1:0",
          process.pid, process.name, std::chrono::duration<double>(waited).count()));
}

class LiveAttachment final : public Attachment {
 public:
  LiveAttachment(std::unique_ptr<Inspector> inspector, NodeProcess process, GuestFacts facts,
                 GuestOptions guest, uint64_t socket_inode)
      : inspector_(std::move(inspector)),
        process_(std::move(process)),
        facts_(std::move(facts)),
        guest_(std::move(guest)),
        socket_inode_(socket_inode),
        signs_([this] { GiveSigns(); }) {}
  ~LiveAttachment() override { static_cast<void>(Close()); }

  Inspector& inspector() override { return *inspector_; }
  const NodeProcess& process() const override { return process_; }
  ProcessId pid_inside() const override { return facts_.pid_inside; }
  const std::string& node_version() const override { return facts_.node_version; }
  bool opened_by_us() const override { return facts_.closes_inspector; }
  Result<void> Close() override;

 private:
  void GiveSigns();
  void StopSigns();
  Result<void> WaitUntilPortIsGone() const;

  std::unique_ptr<Inspector> inspector_;
  NodeProcess process_;
  GuestFacts facts_;
  GuestOptions guest_;
  uint64_t socket_inode_;  // 0 if unknown
  bool closed_ = false;

  std::mutex mutex_;
  std::condition_variable stopping_;
  bool stop_ = false;
  std::thread signs_;
};

void LiveAttachment::GiveSigns() {
  std::unique_lock lock(mutex_);
  while (!stopping_.wait_for(lock, guest_.dead_man / kSignsPerDeadMan, [this] { return stop_; })) {
    lock.unlock();
    const Result<bool> there = RenewGuest(inspector_.get(), guest_.dead_man);
    // We were stopped for longer than its patience; it may also be another's by now.
    if (there && !*there)
      static_cast<void>(InstallGuest(inspector_.get(), guest_, guest_.dead_man));
    lock.lock();
  }
}

void LiveAttachment::StopSigns() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  stopping_.notify_all();
  if (signs_.joinable()) signs_.join();
}

Result<void> LiveAttachment::WaitUntilPortIsGone() const {
  if (!facts_.closes_inspector || socket_inode_ == 0) return {};
  const auto begin = steady_clock::now();
  while (ListeningInodes(process_.pid).contains(socket_inode_)) {
    if (steady_clock::now() > begin + kPortPatience) {
      const uint16_t port = inspector_->address().port;
      const bool others = CountClients(process_, port) > 0;
      return Fail(ErrorKind::kEnvironment,
                  fmt::format("the inspector of process {} is still open on port {}: {}",
                              process_.pid, port,
                              others ? "another client is connected; it closes when that one goes"
                                     : "the event loop is busy; it closes when that is free"));
    }
    std::this_thread::sleep_for(kPoll);
  }
  return {};
}

Result<void> LiveAttachment::Close() {
  if (closed_) return {};
  closed_ = true;
  StopSigns();
  const Result<void> dismissed = DismissGuest(inspector_.get(), kFarewellTimeout);
  inspector_->Close();
  if (!StillRuns(process_) && process_.pid != 0) {
    return Fail(ErrorKind::kEnvironment,
                fmt::format("process {} ({}) has ended", process_.pid, process_.name));
  }
  if (!dismissed) return dismissed;
  return WaitUntilPortIsGone();
}

struct OpenedSocket {
  InspectorAddress address;
  uint64_t inode = 0;
  bool opened = false;  // by our signal
};

class Opener {
 public:
  Opener(const Target& target, const AttachOptions& options) : options_(options) {
    if (target.process) process_ = *target.process;
    asked_ = target.inspector;
    guest_.owner = NewOwner();
    guest_.dead_man = options.dead_man;
  }

  Result<std::unique_ptr<Attachment>> Open();

 private:
  Result<std::unique_ptr<Attachment>> Connect(const OpenedSocket& where);
  std::optional<OpenedSocket> FindOpenOne() const;
  Result<void> Signal() const;
  Result<OpenedSocket> SignalAndWait(const std::set<uint64_t>& before);
  Error Interrupted() const { return {ErrorKind::kInterrupted, "interrupted", std::nullopt}; }
  bool cancelled() const { return options_.cancel != nullptr && options_.cancel->cancelled(); }

  const AttachOptions& options_;
  NodeProcess process_;  // pid 0 if unknown
  std::optional<InspectorAddress> asked_;
  GuestOptions guest_;
};

Result<std::unique_ptr<Attachment>> Opener::Connect(const OpenedSocket& where) {
  InspectorOptions connect;
  connect.network_of_pid = process_.in_other_network ? process_.pid : 0;
  connect.cancel = options_.cancel;
  Result<std::unique_ptr<Inspector>> inspector = Inspector::Connect(where.address, connect);
  if (!inspector) return tl::unexpected(inspector.error());
  const Result<GuestFacts> asked = AskGuestFacts(inspector->get(), kGuestTimeout);
  if (!asked) return tl::unexpected(asked.error());
  if (process_.pid != 0 && asked->pid_inside != PidInside(process_)) {
    return Fail(
        ErrorKind::kEnvironment,
        fmt::format("the inspector at {} belongs to process {}, not to {} ({})",
                    ToString(where.address), asked->pid_inside, process_.pid, process_.name));
  }
  guest_.close_inspector = where.opened;
  Result<GuestFacts> facts = InstallGuest(inspector->get(), guest_, kGuestTimeout);
  if (facts && facts->busy && OwnerHasDied(facts->owner)) {
    guest_.takes_over = facts->owner;
    facts = InstallGuest(inspector->get(), guest_, kGuestTimeout);
  }
  if (!facts) return tl::unexpected(facts.error());
  if (facts->busy) {
    return Fail(ErrorKind::kEnvironment,
                fmt::format("another leaktrail is attached to process {}; end that one first, or "
                            "try again in some seconds if it has just died",
                            process_.pid != 0 ? process_.pid : asked->pid_inside));
  }
  return std::make_unique<LiveAttachment>(std::move(*inspector), process_, *facts, guest_,
                                          where.inode);
}

// An inspector that was opened by the process's own arguments, or is left over from a tool that
// died.
std::optional<OpenedSocket> Opener::FindOpenOne() const {
  if (!process_.inspector) return std::nullopt;
  for (const ListeningSocket& s : FindListeningSockets(process_.pid)) {
    if (s.port != process_.inspector->port) continue;
    InspectorOptions probe;
    probe.network_of_pid = process_.in_other_network ? process_.pid : 0;
    probe.cancel = options_.cancel;
    if (IsNodeInspector(AddressOf(s), probe)) return OpenedSocket{AddressOf(s), s.inode, false};
  }
  return std::nullopt;
}

Result<void> Opener::Signal() const {
  if (kill(process_.pid, SIGUSR1) == 0) return {};
  return Fail(ErrorKind::kEnvironment,
              fmt::format("cannot signal process {} ({}): {}", process_.pid, process_.name,
                          std::strerror(errno)));
}

Result<OpenedSocket> Opener::SignalAndWait(const std::set<uint64_t>& before) {
  if (Result<void> sent = Signal(); !sent) return tl::unexpected(sent.error());
  const auto begin = steady_clock::now();
  bool looked_at_old = false, sent_again = false;
  while (true) {
    if (cancelled()) return tl::unexpected(Interrupted());
    if (const auto socket = FindNewInspector(process_, before, options_.cancel)) {
      return OpenedSocket{AddressOf(*socket), socket->inode, true};
    }
    const auto waited = steady_clock::now() - begin;
    if (!looked_at_old && waited > kLookAtOld) {
      looked_at_old = true;
      if (const auto socket = FindAnyInspector(process_, options_.cancel)) {
        return OpenedSocket{AddressOf(*socket), socket->inode, false};
      }
    }
    if (!StillRuns(process_)) {
      return Fail(ErrorKind::kEnvironment,
                  fmt::format("process {} ({}) has ended", process_.pid, process_.name));
    }
    // Our signal did nothing if an inspector was still open, that of a tool that has died perhaps,
    // which has been closed since.
    if (!sent_again && !std::ranges::includes(ListeningInodes(process_.pid), before)) {
      sent_again = true;
      if (Result<void> sent = Signal(); !sent) return tl::unexpected(sent.error());
    }
    if (waited > options_.open_timeout) return NothingOpened(process_, options_.open_timeout);
    std::this_thread::sleep_for(kPoll);
  }
}

Result<std::unique_ptr<Attachment>> Opener::Open() {
  if (asked_) {
    uint64_t inode = 0;
    if (process_.pid != 0) {
      for (const ListeningSocket& s : FindListeningSockets(process_.pid)) {
        if (s.port == asked_->port) inode = s.inode;
      }
    }
    return Connect({*asked_, inode, false});
  }
  if (!StillRuns(process_)) {
    return Fail(ErrorKind::kEnvironment,
                fmt::format("process {} ({}) has ended", process_.pid, process_.name));
  }
  if (Result<void> may = CheckMayTouch(process_); !may) return tl::unexpected(may.error());
  if (const std::optional<OpenedSocket> open = FindOpenOne()) return Connect(*open);

  Result<FileDescriptor> lock =
      LockNetwork(process_, steady_clock::now() + kLockPatience, options_.cancel);
  if (!lock) return tl::unexpected(lock.error());
  // While we waited another one may have opened it.
  if (const Result<NodeProcess> now = DescribeProcess(process_.pid, {.heap = false})) {
    process_.inspector = now->inspector;
  }
  if (const std::optional<OpenedSocket> open = FindOpenOne()) return Connect(*open);
  if (Result<void> may = CheckMayOpen(process_); !may) return tl::unexpected(may.error());
  const std::set<uint64_t> before = ListeningInodes(process_.pid);
  OpenGuard guard(process_, before, lock->get());
  if (!guard.stands()) {
    return Fail(ErrorKind::kEnvironment,
                fmt::format("cannot fork: {}; end something first", std::strerror(errno)));
  }
  const Result<OpenedSocket> opened = SignalAndWait(before);
  if (!opened) return tl::unexpected(opened.error());
  Result<std::unique_ptr<Attachment>> attachment = Connect(*opened);
  if (attachment || !opened->opened) guard.AllIsWell();
  return attachment;
}

}  // namespace

Result<std::unique_ptr<Attachment>> Attachment::Open(const Target& target,
                                                     const AttachOptions& options) {
  if (!target.process && !target.inspector) {
    return Fail(ErrorKind::kUsage, "there is nothing to attach to");
  }
  return Opener(target, options).Open();
}

}  // namespace leaktrail
