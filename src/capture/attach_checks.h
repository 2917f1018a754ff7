// What can be known before a process gets SIGUSR1, so that nothing is sent in vain or does harm.
//
// Threads: from any.
#pragma once

#include <cstdint>
#include <set>
#include <vector>

#include "base/progress.h"
#include "base/result.h"
#include "capture/processes.h"
#include "capture/tcp_connect.h"

namespace leaktrail {

// Same pid, same start: the process that we looked at still runs.
bool StillRuns(const NodeProcess& process);

// Whether this user may signal it and look at its sockets.
Result<void> CheckMayTouch(const NodeProcess& process);
// Not stopped, a handler for SIGUSR1, no permission model, the inspector's port free.
Result<void> CheckMayOpen(const NodeProcess& process);

// One leaktrail at a time opens an inspector in a network namespace, since Node processes usually
// all want the same port. The lock is on the namespace itself (flock), so there is no file to leave
// behind; it goes with the last process that holds the descriptor.
Result<FileDescriptor> LockNetwork(const NodeProcess& process, SteadyTime deadline,
                                   const CancelToken* cancel);

std::set<uint64_t> ListeningInodes(ProcessId pid);

// Where to connect for a socket that listens there: any address becomes loopback.
InspectorAddress AddressOf(const ListeningSocket& socket);

// A listening socket of the process that is not in `before` and answers like an inspector. Nothing
// if there is none (now).
std::optional<ListeningSocket> FindNewInspector(const NodeProcess& process,
                                                const std::set<uint64_t>& before,
                                                const CancelToken* cancel);
// The same among all that listen on loopback: it asks sockets that may be the application's.
std::optional<ListeningSocket> FindAnyInspector(const NodeProcess& process,
                                                const CancelToken* cancel);

// Clients connected to this port, as the target's network shows them.
size_t CountClients(const NodeProcess& process, uint16_t port);

}  // namespace leaktrail
