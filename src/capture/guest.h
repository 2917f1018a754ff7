// The JavaScript that stands in the target while we are attached (attach.h says why).
//
// Threads: from any.
#pragma once

#include <chrono>
#include <string>

#include "base/result.h"
#include "capture/inspector.h"

namespace leaktrail {

struct GuestOptions {
  std::string owner;             // names this attachment
  bool close_inspector = false;  // the inspector was opened for us
  // The guest of this owner is taken over though it may have given a sign of life lately.
  std::string takes_over;
  std::chrono::milliseconds dead_man{5000};
};

struct GuestFacts {
  int pid_inside = 0;
  std::string node_version;
  // Another living leaktrail has its guest there; ours was not installed.
  bool busy = false;
  std::string owner;  // whose guest is there now
  // The inspector will be closed when we leave: it was opened for us, or for one of us who died.
  bool closes_inspector = false;
};

// Only looks.
Result<GuestFacts> AskGuestFacts(Inspector* inspector, std::chrono::milliseconds timeout);
// Installs the guest, or takes over a dead one's.
Result<GuestFacts> InstallGuest(Inspector* inspector, const GuestOptions& options,
                                std::chrono::milliseconds timeout);
// A sign of life. False if the guest is not there any more.
Result<bool> RenewGuest(Inspector* inspector, std::chrono::milliseconds timeout);
// Runs what was registered, and lets the guest go (and close the inspector) as soon as no client is
// connected, 100 ms from now at the earliest.
Result<void> DismissGuest(Inspector* inspector, std::chrono::milliseconds timeout);

}  // namespace leaktrail
