// Who listens where: the inodes of /proc/PID/fd joined with /proc/PID/net/tcp{,6}.
#include <arpa/inet.h>
#include <dirent.h>
#include <fmt/format.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>
#include <unordered_set>

#include "capture/proc_files.h"
#include "capture/processes.h"

namespace leaktrail {
namespace {

constexpr std::string_view kListenState = "0A";

std::unordered_set<uint64_t> SocketInodes(ProcessId pid) {
  std::unordered_set<uint64_t> inodes;
  const std::string folder = fmt::format("/proc/{}/fd", pid);
  DIR* dir = opendir(folder.c_str());
  if (dir == nullptr) return inodes;
  constexpr std::string_view kSocket = "socket:[";
  while (const dirent* entry = readdir(dir)) {
    const std::optional<std::string> link = ReadLink(folder + "/" + entry->d_name);
    if (!link || !link->starts_with(kSocket)) continue;
    const std::string_view digits =
        std::string_view(*link).substr(kSocket.size(), link->size() - kSocket.size() - 1);
    if (const std::optional<uint64_t> inode = ToNumber(digits)) inodes.insert(*inode);
  }
  closedir(dir);
  return inodes;
}

// The kernel prints each 32-bit word of the address in the machine's byte order.
std::string HostOf(std::string_view hex) {
  unsigned char bytes[sizeof(in6_addr)] = {};
  const size_t words = hex.size() / 8;
  if (words != 1 && words != 4) return "";
  for (size_t w = 0; w < words; ++w) {
    const std::optional<uint64_t> value = ToNumber(hex.substr(w * 8, 8), 16);
    if (!value) return "";
    const auto word = static_cast<uint32_t>(*value);
    std::memcpy(bytes + w * 4, &word, sizeof word);
  }
  char text[INET6_ADDRSTRLEN];
  const int family = words == 1 ? AF_INET : AF_INET6;
  return inet_ntop(family, bytes, text, sizeof text) == nullptr ? "" : text;
}

}  // namespace

std::vector<ListeningSocket> FindNetworkListeners(ProcessId pid) {
  std::vector<ListeningSocket> out;
  for (const char* table : {"net/tcp", "net/tcp6"}) {
    const std::optional<std::string> text =
        pid == 0 ? ReadProcFile(fmt::format("/proc/self/{}", table)) : ReadProcFile(pid, table);
    if (!text) continue;
    for (const std::string_view line : SplitLines(*text)) {
      const std::vector<std::string_view> words = SplitWords(line);
      constexpr size_t kLocal = 1, kState = 3, kInode = 9;
      if (words.size() <= kInode || words[kState] != kListenState) continue;
      const size_t colon = words[kLocal].find(':');
      if (colon == std::string_view::npos) continue;
      ListeningSocket socket;
      socket.host = HostOf(words[kLocal].substr(0, colon));
      socket.port =
          static_cast<uint16_t>(ToNumber(words[kLocal].substr(colon + 1), 16).value_or(0));
      socket.inode = ToNumber(words[kInode]).value_or(0);
      out.push_back(std::move(socket));
    }
  }
  return out;
}

std::vector<ListeningSocket> FindListeningSockets(ProcessId pid) {
  const std::unordered_set<uint64_t> own = SocketInodes(pid);
  if (own.empty()) return {};
  std::vector<ListeningSocket> out = FindNetworkListeners(pid);
  std::erase_if(out, [&](const ListeningSocket& s) { return !own.contains(s.inode); });
  return out;
}

}  // namespace leaktrail
