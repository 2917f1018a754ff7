// leaktrail redact FILE -o FILE: a snapshot that can be given to others.
#include "snapshot/redactor.h"

#include <fmt/format.h>
#include <sys/random.h>

#include <memory>
#include <vector>

#include "base/input.h"
#include "base/output_file.h"
#include "cli/command_line.h"
#include "cli/interrupt.h"
#include "cli/run.h"
#include "report/redact_report.h"
#include "snapshot/note_filter.h"

namespace leaktrail {
namespace {

constexpr size_t kReadBytes = size_t{1} << 20;
constexpr size_t kMagicBytes = 4;

struct RedactArguments {
  std::string input, output;
};

tl::unexpected<Error> Named(const std::string& file, Error error) {
  if (error.byte_offset) error.message += fmt::format(" (at byte {})", *error.byte_offset);
  error.message = fmt::format("{}: {}", ShownPath(file), error.message);
  return tl::unexpected(error);
}

Result<ByteStream> OpenText(const std::string& path, uint64_t* size) {
  Result<std::shared_ptr<InputFile>> file = InputFile::Open(path);
  if (!file) return tl::unexpected(file.error());
  ByteStream bytes = StreamOf(*file);
  std::string head;
  while (head.size() < kMagicBytes) {
    char buffer[kMagicBytes];
    Result<size_t> n = bytes(std::span(buffer).first(kMagicBytes - head.size()));
    if (!n) return tl::unexpected(n.error());
    if (*n == 0) break;
    head.append(buffer, *n);
  }
  const Compression compression = DetectCompression(head);
  *size = compression == Compression::kNone && (*file)->regular() ? (*file)->size() : 0;
  bytes = Prepend(head, std::move(bytes));
  if (compression != Compression::kNone) bytes = Decompress(std::move(bytes), compression);
  return bytes;
}

Result<int> RunRedact(const RedactArguments& arguments, Run& run) {
  if (arguments.output.empty() || arguments.output == "-") {
    return Fail(ErrorKind::kUsage, "where shall the redacted snapshot go? Name a file with -o");
  }
  RedactionKey key;
  if (getrandom(&key, sizeof key, 0) != static_cast<ssize_t>(sizeof key)) {
    return Fail(ErrorKind::kEnvironment, "the system gives no random numbers to redact with");
  }
  uint64_t size = 0;
  Result<ByteStream> bytes = OpenText(arguments.input, &size);
  if (!bytes) return tl::unexpected(bytes.error());
  Result<std::unique_ptr<OutputFile>> file = OutputFile::Create(arguments.output);
  if (!file) return tl::unexpected(file.error());
  Redactor redactor(key, [&](std::span<const char> b) { return (*file)->Write(b); });
  CaptureNote note;
  note.redacted = true;
  NoteFilter head(note, [&](std::span<const char> b) { return redactor.Write(b); });
  std::vector<char> buffer(kReadBytes);
  for (;;) {
    if (run.cancel()->cancelled()) return Fail(ErrorKind::kInterrupted, "interrupted");
    Result<size_t> n = (*bytes)(buffer);
    if (!n) return Named(arguments.input, n.error());
    if (*n == 0) break;
    if (Result<void> done = head.Write(std::span(buffer).first(*n)); !done) {
      return Named(arguments.input, done.error());
    }
    run.progress()->Report("redacting", head.text_bytes(), size);
  }
  if (Result<void> done = head.Finish(); !done) return Named(arguments.input, done.error());
  if (Result<void> done = redactor.Finish(); !done) return Named(arguments.input, done.error());
  if (Result<void> done = (*file)->Finish(); !done) return tl::unexpected(done.error());

  LeaveStandardOutputTo(arguments.output);
  RedactReport report;
  report.input = arguments.input;
  report.file = arguments.output;
  report.node_count = head.node_count();
  report.edge_count = head.edge_count();
  report.replaced_count = redactor.replaced_count();
  report.text_size = head.text_bytes();
  report.file_size = (*file)->file_bytes();
  return run.Print(report, RedactText, WriteRedactJson, kExitFine);
}

}  // namespace

void AddRedact(CLI::App* root, CommandLine* line) {
  auto arguments = std::make_shared<RedactArguments>();
  Verb(root, line, "redact", "Make it fit to be given to others",
       "  leaktrail redact app.heapsnapshot -o for-others.heapsnapshot.zst\n")
      .Required("FILE", &arguments->input, "the snapshot; it stays as it is")
      .Text("-o,--output", "FILE", &arguments->output, "where to; .gz and .zst are compressed")
      .Runs([arguments](Run& run) { return RunRedact(*arguments, run); });
}

}  // namespace leaktrail
