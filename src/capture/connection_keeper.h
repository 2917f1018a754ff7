// Keeps an inspector's connection until the target has said all it has to say, if we die.
//
// Most versions of Node have a fault: a message for a client whose connection was seen to end in the
// same turn of the inspector thread's loop is written through a null pointer, and the service dies
// (nodejs/node issue 34833; mended by pull request 64209 of June 2026). So no connection of
// ours may end while the target has something to tell us, also if we are killed. A Survivor holds
// the connection too. When we are gone it asks for silence (no news of workers), takes in and drops
// what comes until that has been answered, which is after everything else that was asked, and only
// then says goodbye.
//
// Cost: that of a Survivor, and the few pages that we change afterwards are no longer shared.
// Threads: one.
#pragma once

#include <string>
#include <string_view>

#include "capture/survivor.h"

namespace leaktrail {

class ConnectionKeeper {
 public:
  // `socket` is connected, and read and written by the caller as before.
  explicit ConnectionKeeper(int socket);

  // The connection has ended as it should. Without this the keeper takes over.
  void AllIsWell() { survivor_.AllIsWell(); }

 private:
  Survivor survivor_;
};

// What the keeper does. Returns when the peer has closed the connection, or did not answer for 15
// minutes: as long as an ordinary snapshot of a large heap may stop it.
void SayFarewell(int socket);

// A text frame of WebSocket as a client sends it; at most 125 bytes of text.
std::string ClientFrame(std::string_view text);

}  // namespace leaktrail
