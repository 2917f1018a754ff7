#include "capture/open_guard.h"

#include <unistd.h>

#include <chrono>
#include <thread>

#include "capture/attach_checks.h"
#include "capture/guest.h"

namespace leaktrail {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kPatience{20'000};
// Node opens its inspector within this, unless its event loop is blocked. Others may try then.
constexpr milliseconds kHoldLock{3000};
constexpr milliseconds kOftenUntil{1000}, kOften{10}, kSeldom{200};

// Connects to the inspector and lets a guest leave, if there is one to close by now.
bool CloseOpened(const NodeProcess& process, const std::set<uint64_t>& before) {
  const std::optional<ListeningSocket> socket = FindNewInspector(process, before, nullptr);
  if (!socket) return false;
  InspectorOptions options;
  options.network_of_pid = process.in_other_network ? process.pid : 0;
  Result<std::unique_ptr<Inspector>> inspector = Inspector::Connect(AddressOf(*socket), options);
  if (!inspector) return false;
  GuestOptions guest;
  guest.owner = "guard";
  guest.close_inspector = true;
  guest.dead_man = kPatience;
  const Result<GuestFacts> facts = InstallGuest(inspector->get(), guest, kPatience);
  // A guest that is there already looks after itself.
  if (!facts) return false;
  if (!facts->busy) static_cast<void>(DismissGuest(inspector->get(), kPatience));
  return true;
}

void CloseWhatOpens(const NodeProcess& process, const std::set<uint64_t>& before, int lock) {
  const auto begin = steady_clock::now();
  bool locked = true;
  while (steady_clock::now() < begin + kPatience && StillRuns(process)) {
    if (CloseOpened(process, before)) break;
    const auto waited = steady_clock::now() - begin;
    if (locked && waited > kHoldLock) {
      close(lock);
      locked = false;
    }
    std::this_thread::sleep_for(waited < kOftenUntil ? kOften : kSeldom);
  }
}

}  // namespace

OpenGuard::OpenGuard(const NodeProcess& process, const std::set<uint64_t>& before, int lock)
    : survivor_({lock}, [&] { CloseWhatOpens(process, before, lock); }) {}

}  // namespace leaktrail
