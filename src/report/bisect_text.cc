#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "report/bisect_report.h"
#include "report/table.h"
#include "report/words.h"

namespace leaktrail {
namespace {

constexpr double kExactUpTo = 10'000;  // bytes that are shown without rounding
constexpr size_t kVersionWidth = 9;
constexpr size_t kDateLength = 10;
constexpr size_t kShownChanges = 5, kShownVersions = 6;

std::string Rate(double bytes) {
  if (std::abs(bytes) >= kExactUpTo) return FormatSizeDelta(static_cast<int64_t>(bytes));
  return fmt::format("{:+.0f} B", bytes == 0 ? 0.0 : bytes);
}

std::string Growth(const BisectTest& test) {
  return fmt::format("{} per request{} ({} to {})", Rate(test.per_request),
                     test.is_outside_heap ? " outside V8's heap" : "", Rate(test.low),
                     Rate(test.high));
}

const char* AnswerText(const BisectTest& test) {
  switch (test.answer) {
    case BisectAnswer::kGood:
      return test.verdict == Verdict::kNoLeak ? "no leak" : "not this leak";
    case BisectAnswer::kBad:
      return "leak";
    case BisectAnswer::kUnclear:
      return "inconclusive";
    case BisectAnswer::kSkipped:
      break;
  }
  return "skipped";
}

Paint PaintOf(BisectAnswer answer) {
  switch (answer) {
    case BisectAnswer::kGood:
      return Paint::kGood;
    case BisectAnswer::kBad:
      return Paint::kBad;
    default:
      return Paint::kWarn;
  }
}

std::string ChangeText(const VersionChange& change) {
  return fmt::format("{} {} → {}", change.package, change.before.empty() ? "(none)" : change.before,
                     change.after.empty() ? "(none)" : change.after);
}

std::string ChangesText(const std::vector<VersionChange>& changes, size_t most) {
  std::vector<std::string> parts;
  for (size_t i = 0; i < std::min(most, changes.size()); ++i) {
    parts.push_back(ChangeText(changes[i]));
  }
  std::string text = fmt::format("{}", fmt::join(parts, ", "));
  if (changes.size() > most) text += fmt::format(" and {} more", changes.size() - most);
  return SafeText(text);
}

std::string SubjectOf(const BisectTest& test) {
  if (!test.version.empty()) return SafeText(test.version);
  return FormatCountOf(test.changes.size(), "package new", "packages new");
}

const BisectTest* FindTest(const Bisection& b, const std::string& version) {
  for (auto test = b.tests.rbegin(); test != b.tests.rend(); ++test) {
    if (!version.empty() && test->version == version) return &*test;
  }
  return nullptr;
}

// What changed between two tests beside the package itself: it might be guilty as well.
std::vector<VersionChange> AlsoChanged(const BisectTest& first, const BisectTest& second) {
  std::set<std::string> names;
  for (const VersionChange& c : first.others) names.insert(c.package);
  for (const VersionChange& c : second.others) names.insert(c.package);
  const auto now = [](const BisectTest& test, const std::string& name) -> const VersionChange* {
    for (const VersionChange& c : test.others) {
      if (c.package == name) return &c;
    }
    return nullptr;
  };
  std::vector<VersionChange> out;
  for (const std::string& name : names) {
    const VersionChange *f = now(first, name), *l = now(second, name);
    const std::string before = f != nullptr ? f->after : l->before;
    const std::string after = l != nullptr ? l->after : f->before;
    if (before != after) out.push_back({name, before, after});
  }
  return out;
}

using Lines = std::vector<std::pair<std::string, std::string>>;

std::string VersionLine(const Bisection& b, const std::string& version) {
  const BisectTest* test = FindTest(b, version);
  if (test == nullptr) return SafeText(version);
  std::string text = SafeText(version);
  if (!test->published.empty()) text += " of " + SafeText(test->published.substr(0, kDateLength));
  text += fmt::format(": {}", AnswerText(*test));
  if (test->answer != BisectAnswer::kSkipped) text += ", " + Growth(*test);
  for (const std::string& d : test->deprecations) {
    text += fmt::format("; deprecated: {}", SafeText(d));
  }
  return text;
}

std::string FailureOf(const Bisection& b, BisectRole role) {
  for (const BisectTest& test : b.tests) {
    if (test.role == role && !test.reason.empty()) return SafeText(test.reason);
  }
  return "";
}

std::string VersionsText(const std::vector<std::string>& versions) {
  if (versions.size() <= kShownVersions)
    return SafeText(fmt::format("{}", fmt::join(versions, ", ")));
  return SafeText(fmt::format("{}, {} … {} ({} versions)", versions[0], versions[1],
                              versions.back(), versions.size()));
}

std::string GoodLeaksText(const VersionBisection& v) {
  const std::string name = SafeText(v.package);
  const char* age = v.seeks_fix ? "newer" : "older";
  const char* otherwise = "it may be another package: leaktrail find says whose objects grow";
  switch (v.beyond) {
    case VersionBisection::Recovery::kStillBad:
      return fmt::format("{} leaks in all versions that were tested, from {} to {}, the {}; {}",
                         name, v.bad, v.beyond_bad, v.seeks_fix ? "newest" : "oldest", otherwise);
    case VersionBisection::Recovery::kNotFound:
      return fmt::format(
          "{} {} leaks already, and among {} {} versions no good one was found (down to {} they "
          "leak); name one as the good end, or {}",
          name, v.good, v.beyond_count, age, v.beyond_bad, otherwise);
    default:
      break;
  }
  if (v.beyond_count == 0) {
    return fmt::format("{} {}, the {} version, leaks already; {}", name, v.good,
                       v.seeks_fix ? "newest" : "oldest", otherwise);
  }
  return fmt::format("{} {} leaks already; name {} version as the good one, or {}", name, v.good,
                     v.seeks_fix ? "a newer" : "an older", otherwise);
}

std::string Headline(const Bisection& b, const VersionBisection& v) {
  const std::string name = SafeText(v.package);
  switch (v.outcome) {
    case BisectOutcome::kFound:
      return v.seeks_fix ? fmt::format("{} {} put the leak right", name, v.last_good)
                         : fmt::format("{} {} brought the leak in", name, v.first_bad);
    case BisectOutcome::kNarrowed:
      return fmt::format("{}: one of {} and {} {}; the {} could not be told", name,
                         VersionsText(v.between), v.seeks_fix ? v.last_good : v.first_bad,
                         v.seeks_fix ? "put the leak right" : "brought the leak in",
                         v.between.size() == 1 ? "first of them" : "ones before the last");
    case BisectOutcome::kGoodLeaks:
      return GoodLeaksText(v);
    case BisectOutcome::kNoLeak:
      if (!v.installed.empty()) {
        return fmt::format(
            "{} {} does not leak under this load; name the --path that makes it "
            "grow, or name {}, which the project has installed, as the bad one",
            name, v.bad, SafeText(v.installed));
      }
      return fmt::format(
          "{} {} does not leak under this load, and neither does {}; name the "
          "--path that makes it grow, or another bad version",
          name, v.bad, v.good);
    case BisectOutcome::kNoAnswer:
      break;
  }
  if (v.first_bad.empty() && !b.tests.empty() && b.tests.back().answer == BisectAnswer::kSkipped) {
    return fmt::format(
        "{} {}, the bad end, does not run (why stands above), so there is nothing to "
        "compare with; mend the command, or name another bad version",
        name, v.bad);
  }
  if (v.first_bad.empty()) {
    return fmt::format("{} {}, the bad end, cannot be told: {}", name, v.bad,
                       FailureOf(b, BisectRole::kBadEnd));
  }
  return fmt::format(
      "{} {} leaks, and none that is {} could be shown not to; {}, the good end, "
      "has no answer (why stands above)",
      name, v.first_bad, v.seeks_fix ? "newer" : "older", v.good);
}

void AppendVersionLines(const Bisection& b, const VersionBisection& v, Lines* lines) {
  if (v.ends_swapped) {
    lines->emplace_back(
        "asked", fmt::format("{} as good and {} as bad; it is the other way round", v.bad, v.good));
  }
  if (v.good_end_leaks && v.beyond != VersionBisection::Recovery::kNotSought) {
    lines->emplace_back("asked", fmt::format("{} as good; it leaks, so {} ones were tested", v.good,
                                             v.seeks_fix ? "newer" : "older"));
  }
  if (!v.last_good.empty()) {
    lines->emplace_back(v.seeks_fix ? "first good" : "last good", VersionLine(b, v.last_good));
    lines->emplace_back(v.seeks_fix ? "last bad" : "first bad", VersionLine(b, v.first_bad));
    if (v.seeks_fix) std::swap((*lines)[lines->size() - 1], (*lines)[lines->size() - 2]);
  } else if (v.recovery == VersionBisection::Recovery::kNotSought) {
    return;
  }
  switch (v.recovery) {
    case VersionBisection::Recovery::kFound:
      lines->emplace_back("good again", VersionLine(b, v.good_again));
      if (!v.is_exactly_next) {
        lines->emplace_back(
            "", fmt::format("{} still leaks; what lies between was not told", v.still_bad));
      }
      break;
    case VersionBisection::Recovery::kStillBad:
      lines->emplace_back("good again",
                          fmt::format("none: {}, the newest, still leaks", SafeText(v.still_bad)));
      break;
    case VersionBisection::Recovery::kNotFound:
      lines->emplace_back("good again",
                          fmt::format("not found: {} still leaks, and not all of the {} newer "
                                      "versions than {} were tested",
                                      SafeText(v.still_bad), v.newer, v.bad));
      break;
    case VersionBisection::Recovery::kNotSought:
      if (!v.seeks_fix && v.newer == 0) {
        lines->emplace_back("good again", fmt::format("{} is the newest version", v.bad));
      } else if (!v.seeks_fix) {
        lines->emplace_back("good again", "not looked for");
      }
      break;
  }
  const BisectTest *good = FindTest(b, v.last_good), *bad = FindTest(b, v.first_bad);
  if (good == nullptr || bad == nullptr) return;
  const std::vector<VersionChange> also =
      v.seeks_fix ? AlsoChanged(*bad, *good) : AlsoChanged(*good, *bad);
  if (also.empty()) return;
  lines->emplace_back(
      "with it", ChangesText(also, kShownChanges) + ": needed by it, so not told apart from it");
}

std::string LockHeadline(const Bisection& b, const LockBisection& l) {
  switch (l.outcome) {
    case BisectOutcome::kFound:
      if (l.guilty.size() == 1) {
        return l.is_confirmed
                   ? fmt::format("{} brought the leak in", ChangesText(l.guilty, 1))
                   : fmt::format(
                         "without {} it does not leak, but alone with it it could not be "
                         "shown to",
                         ChangesText(l.guilty, 1));
      }
      return fmt::format("{}: it leaks only with {}{}", ChangesText(l.guilty, l.guilty.size()),
                         l.guilty.size() == 2 ? "both" : "all of them",
                         l.is_confirmed ? "" : ", and others may be needed");
    case BisectOutcome::kNarrowed:
      return fmt::format("one of {} packages brought the leak in: {}", l.suspects.size(),
                         ChangesText(l.suspects, l.suspects.size()));
    case BisectOutcome::kGoodLeaks:
      return fmt::format(
          "it leaks with all packages of {} already; it is none of those that "
          "differ, or the good lock file is not good",
          SafeText(l.old_file));
    case BisectOutcome::kNoLeak:
      return fmt::format(
          "it does not leak with the packages of {} under this load; name the "
          "--path that makes it grow",
          SafeText(l.new_file));
    case BisectOutcome::kNoAnswer:
      break;
  }
  const std::string& file = b.tests.size() < 2 ? l.new_file : l.old_file;
  return fmt::format("with the packages of {} it cannot be told: {}", SafeText(file),
                     b.tests.empty() ? "" : SafeText(b.tests.back().reason));
}

}  // namespace

std::string BisectTestLine(const BisectTest& test, const TextOptions& options) {
  std::string subject = SubjectOf(test);
  const size_t width = DisplayWidth(subject);
  if (width < kVersionWidth) subject.append(kVersionWidth - width, ' ');
  std::string line =
      fmt::format("  {}  {}", subject, Painted(AnswerText(test), PaintOf(test.answer), options));
  if (test.answer != BisectAnswer::kSkipped) {
    line += fmt::format(" ({}, {} … {})", Rate(test.per_request), Rate(test.low), Rate(test.high));
  }
  line += test.is_kept ? " · of the stopped run" : fmt::format(" · {:.0f} s", test.seconds);
  const bool says_why = !test.reason.empty() && test.answer != BisectAnswer::kGood;
  if (says_why || (options.verbose && !test.reason.empty())) {
    line += fmt::format("\n    {}", Wrapped(SafeText(test.reason), 4, options));
  }
  if (options.verbose && !test.others.empty()) {
    line += fmt::format("\n    with it: {}",
                        Wrapped(ChangesText(test.others, test.others.size()), 4, options));
  }
  return line + "\n";
}

std::string BisectText(const BisectReport& report, const TextOptions& options) {
  const Bisection& b = report.bisection;
  std::string out = "\n";
  AppendDiagnostics(report.notes.diagnostics, options, &out);
  const auto headline = [&](const std::string& text) {
    out += Painted(Wrapped(text, 0, options), Paint::kBold, options) + "\n";
  };
  if (b.locks) headline(LockHeadline(b, *b.locks));
  Lines lines;
  if (b.versions) {
    headline(Headline(b, *b.versions));
    AppendVersionLines(b, *b.versions, &lines);
  }
  if (b.locks) {
    std::string text = FormatCountOf(b.locks->differing, "package differs", "packages differ");
    if (b.locks->come + b.locks->gone > 0) {
      text += fmt::format("; {} only in the new file, {} only in the old one", b.locks->come,
                          b.locks->gone);
    }
    lines.emplace_back("lock files", std::move(text));
  }
  size_t skipped = 0;
  for (const BisectTest& test : b.tests) skipped += test.answer == BisectAnswer::kSkipped ? 1 : 0;
  std::string tests = fmt::format("{} in {}", b.tests.size(), FormatDuration(b.seconds * 1000));
  if (skipped > 0) tests += fmt::format(", {} skipped", skipped);
  if (b.versions) {
    tests += fmt::format(", of {}", FormatCountOf(b.versions->versions, "version", "versions"));
    if (b.versions->beyond != VersionBisection::Recovery::kNotSought) {
      tests += fmt::format(" and {} {} ones", b.versions->beyond_count,
                           b.versions->seeks_fix ? "newer" : "older");
    }
    if (b.versions->pre_releases_left_out > 0) {
      tests += fmt::format("; {} left out", FormatCountOf(b.versions->pre_releases_left_out,
                                                          "pre-release", "pre-releases"));
    }
  }
  lines.emplace_back("tests", std::move(tests));
  if (!b.kept_folder.empty()) lines.emplace_back("kept", SafeText(b.kept_folder));
  out += "\n";
  for (const auto& [name, text] : lines) {
    out += Wrapped(fmt::format("{:<12}{}", name, text), 12, options) + "\n";
  }
  return out;
}

}  // namespace leaktrail
