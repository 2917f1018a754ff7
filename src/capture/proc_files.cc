#include "capture/proc_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <climits>
#include <filesystem>

#include "capture/tcp_connect.h"

namespace leaktrail {

std::optional<std::string> ReadProcFile(const std::string& path, size_t limit) {
  const FileDescriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file.valid()) return std::nullopt;
  std::string out;
  char piece[16384];
  while (out.size() < limit) {
    const ssize_t n = read(file.get(), piece, sizeof piece);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return std::nullopt;
    if (n == 0) break;
    out.append(piece, std::min(static_cast<size_t>(n), limit - out.size()));
  }
  return out;
}

std::optional<std::string> ReadProcFile(int pid, const char* file) {
  return ReadProcFile(fmt::format("/proc/{}/{}", pid, file));
}

std::optional<std::string> ReadLink(const std::string& path) {
  char target[PATH_MAX];
  const ssize_t n = readlink(path.c_str(), target, sizeof target);
  if (n < 0) return std::nullopt;
  return std::string(target, static_cast<size_t>(n));
}

std::vector<std::string> SplitAtNul(std::string_view bytes) {
  std::vector<std::string> out;
  while (!bytes.empty()) {
    const size_t end = std::min(bytes.find('\0'), bytes.size());
    out.emplace_back(bytes.substr(0, end));
    bytes.remove_prefix(std::min(end + 1, bytes.size()));
  }
  return out;
}

std::vector<std::string_view> SplitLines(std::string_view text) {
  std::vector<std::string_view> out;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    out.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

std::vector<std::string_view> SplitWords(std::string_view text) {
  std::vector<std::string_view> out;
  constexpr std::string_view kBlanks = " \t\n";
  for (size_t at = text.find_first_not_of(kBlanks); at != std::string_view::npos;) {
    const size_t end = std::min(text.find_first_of(kBlanks, at), text.size());
    out.push_back(text.substr(at, end - at));
    at = text.find_first_not_of(kBlanks, end);
  }
  return out;
}

std::optional<std::string_view> FieldOf(std::string_view text, std::string_view key) {
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    std::string_view line = text.substr(at, end - at);
    if (line.starts_with(key) && line.size() > key.size() && line[key.size()] == ':') {
      line.remove_prefix(key.size() + 1);
      const size_t first = line.find_first_not_of(" \t");
      return first == std::string_view::npos ? std::string_view() : line.substr(first);
    }
    at = end + 1;
  }
  return std::nullopt;
}

std::optional<uint64_t> ToNumber(std::string_view digits, int base) {
  uint64_t value = 0;
  const char* end_of_text = digits.data() + digits.size();
  const auto [end, error] = std::from_chars(digits.data(), end_of_text, value, base);
  if (error != std::errc() || end != end_of_text) return std::nullopt;
  return value;
}

std::optional<uint64_t> KilobytesOf(std::string_view text, std::string_view key) {
  const std::optional<std::string_view> field = FieldOf(text, key);
  if (!field) return std::nullopt;
  const std::optional<uint64_t> n = ToNumber(field->substr(0, field->find(' ')));
  if (!n) return std::nullopt;
  return *n * 1024;
}

std::optional<ProcessStat> ReadStat(int pid) {
  const std::optional<std::string> text = ReadProcFile(pid, "stat");
  if (!text) return std::nullopt;
  // The name may hold blanks and parentheses; the last ")" ends it (proc(5)).
  const size_t open = text->find('('), close = text->rfind(')');
  if (open == std::string::npos || close == std::string::npos) return std::nullopt;
  const std::vector<std::string_view> words = SplitWords(std::string_view(*text).substr(close + 1));
  constexpr size_t kParent = 1, kUserTicks = 11, kSystemTicks = 12, kStart = 19, kResident = 21;
  if (words.size() <= kResident) return std::nullopt;
  const auto number = [&](size_t field) { return ToNumber(words[field]).value_or(0); };
  ProcessStat stat;
  stat.comm = text->substr(open + 1, close - open - 1);
  stat.parent = static_cast<int>(number(kParent));
  stat.cpu_ticks = number(kUserTicks) + number(kSystemTicks);
  stat.start_ticks = number(kStart);
  stat.resident_bytes = number(kResident) * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  return stat;
}

std::vector<int> ChildrenOf(int pid) {
  std::vector<int> children;
  std::error_code error;
  const std::filesystem::path tasks = fmt::format("/proc/{}/task", pid);
  // A child belongs to the thread that made it.
  for (std::filesystem::directory_iterator it(tasks, error), end; !error && it != end;
       it.increment(error)) {
    const std::string text = ReadProcFile((it->path() / "children").string()).value_or("");
    for (const std::string_view word : SplitWords(text)) {
      if (const std::optional<uint64_t> child = ToNumber(word)) {
        children.push_back(static_cast<int>(*child));
      }
    }
  }
  return children;
}

std::optional<double> TimeOfTicks(uint64_t start_ticks) {
  const std::optional<std::string> text = ReadProcFile("/proc/stat");
  if (!text) return std::nullopt;
  const size_t at = text->find("\nbtime ");
  if (at == std::string::npos) return std::nullopt;
  const std::string_view rest = std::string_view(*text).substr(at + 7);
  const std::optional<uint64_t> boot = ToNumber(rest.substr(0, rest.find('\n')));
  if (!boot) return std::nullopt;
  return static_cast<double>(*boot) +
         static_cast<double>(start_ticks) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

}  // namespace leaktrail
