// The Node processes of this machine, seen from outside.
//
// Everything comes from /proc. No signal is sent, nothing is attached, no socket is opened: the
// processes cannot notice.
//
// Cost: a few reads of /proc for each process of the machine; for each Node process some 10 ms for
// its map of memory (smaps), which the kernel makes outside the process; for each different node
// binary one search for its version (kept as long as the program runs).
// Threads: functions may be called from any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "capture/inspector.h"

namespace leaktrail {

// As our own pid namespace counts; 0: none.
using ProcessId = int;

struct Pm2Name {
  std::string name;
  int id = 0;
};

// What ends or restarts a process when it needs more.
struct MemoryLimits {
  std::optional<uint64_t> old_space_bytes;    // --max-old-space-size, of arguments or NODE_OPTIONS
  std::optional<uint64_t> cgroup_bytes;       // the least of the cgroup's and its parents'
  std::optional<uint64_t> pm2_restart_bytes;  // pm2's max_memory_restart
};

struct Container {
  std::string runtime;  // "docker", "kubernetes", "podman", "lxc"; "" if the cgroup does not tell
  std::string id;       // as the runtime prints it, 12 digits; "" if unknown
  ProcessId pid_inside = 0;  // the process's own pid
};

struct NodeProcess {
  ProcessId pid = 0;
  uint32_t uid = 0;
  // Of the process's start; with the pid it names one process even if pids are used again.
  uint64_t start_ticks = 0;
  double started_at = 0;  // seconds since 1970
  double age_seconds = 0;

  std::string name;  // what people call it: pm2's name, else the package's, else the script's
  std::optional<Pm2Name> pm2;
  std::string script;        // as an absolute path where that can be told; "" for a REPL or -e
  std::string package_name;  // of the package.json nearest to the script; "" if there is none
  std::vector<std::string> arguments;
  std::string node_options;  // the environment's NODE_OPTIONS
  std::string working_folder;
  std::string executable;
  std::string node_version;  // "20.20.2"; "" if it cannot be told

  uint64_t resident_bytes = 0;
  // Resident memory of the regions that V8 marks as its heap. Only Node 18 and newer mark them
  // (VmFlags "dc"), and only the process's own user and root may look. More than heapUsed: free
  // pages and garbage count too.
  std::optional<uint64_t> heap_resident_bytes;
  MemoryLimits limits;

  uint32_t thread_count = 0;
  // Threads that run JavaScript beside the main one, where Node names them (Node 24 and newer).
  std::optional<uint32_t> worker_count;
  // A listening socket that is an inspector, judged by its port (9229 and what arguments say).
  std::optional<InspectorAddress> inspector;
  std::optional<Container> container;
  bool in_other_network = false;  // its network namespace is not ours
  // False if only its name and memory may be seen (another user's process).
  bool accessible = true;
};

struct ListOptions {
  bool heap = true;     // heap_resident_bytes, the dear part
  bool version = true;  // node_version
};

// By pid, ascending. Processes that end meanwhile are left out.
std::vector<NodeProcess> ListNodeProcesses(const ListOptions& options = {});
// An error if there is no such process or it is not Node.
Result<NodeProcess> DescribeProcess(ProcessId pid, const ListOptions& options = {});

// A thing to attach to.
struct Target {
  std::optional<NodeProcess> process;  // absent for an address whose process is not ours to see
  std::optional<InspectorAddress> inspector;  // present if the user gave an address
};

// A pid, a pm2 name (or name:id), a script's or package's name, or host:port of an inspector. Text
// that could be several things is the first of these that exists. Errors: none such (names those
// that are there), several (names their pids).
Result<Target> ResolveTarget(std::string_view text);

// A process's listening TCP sockets, in its own network namespace. Empty if we may not look.
struct ListeningSocket {
  std::string host;  // numeric
  uint16_t port = 0;
  uint64_t inode = 0;
};
std::vector<ListeningSocket> FindListeningSockets(ProcessId pid);
// Those of all processes in its network namespace; of our own for pid 0.
std::vector<ListeningSocket> FindNetworkListeners(ProcessId pid);

}  // namespace leaktrail
