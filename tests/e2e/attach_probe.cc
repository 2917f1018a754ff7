// Attaches to a process, evaluates expressions, prints the answers, and stays until its input ends.
//
//   attach_probe TARGET [EXPRESSION…]
//
// Prints one line of JSON once attached ({"port", "opened", "version", "pid", "values",
// "workers"}), or one sentence on standard error and exit code 4. For the tests of capture/attach.
#include <unistd.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "src/capture/attach.h"

using namespace leaktrail;

namespace {

int Complain(const Error& error) {
  std::fprintf(stderr, "%s\n", error.message.c_str());
  return 4;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  const Result<Target> target = ResolveTarget(argv[1]);
  if (!target) return Complain(target.error());
  AttachOptions options;
  if (const char* ms = std::getenv("ATTACH_OPEN_TIMEOUT_MS")) {
    options.open_timeout = std::chrono::milliseconds(std::atoi(ms));
  }
  Result<std::unique_ptr<Attachment>> attachment = Attachment::Open(*target, options);
  if (!attachment) return Complain(attachment.error());
  Inspector& inspector = (*attachment)->inspector();
  nlohmann::json line = {
      {"port", inspector.address().port},         {"opened", (*attachment)->opened_by_us()},
      {"version", (*attachment)->node_version()}, {"pid", (*attachment)->pid_inside()},
      {"values", nlohmann::json::array()},        {"workers", nlohmann::json::array()}};
  for (int i = 2; i < argc; ++i) {
    const Result<nlohmann::json> value = inspector.Evaluate(argv[i]);
    line["values"].push_back(value ? *value : nlohmann::json{{"error", value.error().message}});
  }
  if (Result<std::vector<InspectorWorker>> workers = inspector.FindWorkers()) {
    for (const InspectorWorker& w : *workers) {
      CallOptions call;
      call.session = w.session;
      const Result<nlohmann::json> thread =
          inspector.Evaluate("require('worker_threads').threadId", call);
      line["workers"].push_back(thread ? *thread : nlohmann::json(thread.error().message));
    }
  }
  std::printf("%s\n", line.dump().c_str());
  std::fflush(stdout);
  char byte = 0;
  while (read(STDIN_FILENO, &byte, 1) > 0) {
  }
  if (Result<void> closed = (*attachment)->Close(); !closed) return Complain(closed.error());
  return 0;
}
