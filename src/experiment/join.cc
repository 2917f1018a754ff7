#include "experiment/join.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "base/ascii.h"

namespace leaktrail {
namespace {

// A stack below this part of what the largest one grew by is left-over of many small ones.
constexpr double kLeastPart = 0.02;
// Of all growth, for a package that holds what grows to be called its maker as well.
constexpr double kLeastShare = 0.1;
constexpr size_t kMostFrames = 24;
// The share of all growth that one place must have made to be named on that alone.
constexpr double kClearShare = 0.3;
// Of the most that one stack with the package on it made, for a stack to be preferred to it because
// it shares the file: in the file of what grows, small things are made on the side as well.
constexpr double kLeastOfMost = 0.25;

enum class Fit : uint8_t { kNone, kPackage, kFile, kFunction };

bool IsUserland(const StackFrame& frame) {
  return !frame.package.empty() && frame.package != "node";
}

// "@a/b" of "@a/b@1.2": trail may not know the version.
std::string_view NameOf(std::string_view label) {
  const size_t at = label.rfind('@');
  return at == std::string_view::npos || at == 0 ? label : label.substr(0, at);
}

bool EndsLike(std::string_view a, std::string_view b) {
  return a == b || (a.size() > b.size() && a.ends_with(b) && a[a.size() - b.size() - 1] == '/') ||
         (b.size() > a.size() && b.ends_with(a) && b[b.size() - a.size() - 1] == '/');
}

// V8 has "Meter.add" or "get add" in one place where it has "add" in another.
std::string_view LastPart(std::string_view function) {
  const size_t dot = function.find_last_of(". ");
  return dot == std::string_view::npos ? function : function.substr(dot + 1);
}

Fit FitOf(const CodePlace& place, const StackFrame& frame) {
  if (!IsUserland(frame) || NameOf(place.package) != NameOf(frame.package)) return Fit::kNone;
  if (place.file.empty() || !EndsLike(place.file, frame.file)) return Fit::kPackage;
  if (!place.function.empty() && LastPart(place.function) == LastPart(frame.function)) {
    return Fit::kFunction;
  }
  return Fit::kFile;
}

struct Match {
  const GrowingStack* stack = nullptr;
  const StackFrame* frame = nullptr;
  Fit fit = Fit::kNone;
  double grown = 0;
};

Match BestFit(const GrowingStack& stack, const CodePlace& place) {
  Match best;
  for (const StackFrame& frame : stack.frames) {
    const Fit fit = FitOf(place, frame);
    if (fit > best.fit) best = {&stack, &frame, fit, stack.grown_bytes};
  }
  return best;
}

Match BestFit(std::span<const GrowingStack> stacks, const CodePlace& place) {
  std::vector<Match> matches;
  double most = 0;
  for (const GrowingStack& stack : stacks) {
    matches.push_back(BestFit(stack, place));
    most = std::max(most, matches.back().grown);
  }
  Match best;
  for (const Match& m : matches) {
    if (m.fit == Fit::kFile && m.grown < kLeastOfMost * most) continue;
    if (m.fit > best.fit || (m.fit == best.fit && m.grown > best.grown)) best = m;
  }
  return best;
}

std::vector<StackFrame> Shown(const GrowingStack& stack) {
  std::vector<StackFrame> frames;
  for (const StackFrame& f : stack.frames) {
    if (frames.size() >= kMostFrames) break;
    if (!f.file.empty()) frames.push_back(f);  // not the engine's own
  }
  return frames;
}

const StackFrame* FirstUserFrame(const GrowingStack& stack) {
  const auto it = std::find_if(stack.frames.begin(), stack.frames.end(), IsUserland);
  return it == stack.frames.end() ? nullptr : &*it;
}

// The user's function that most of the growth was made in, if it is a good part of it.
Match MostGrowth(std::span<const GrowingStack> stacks) {
  double all = 0;
  Match best;
  for (const GrowingStack& stack : stacks) {
    all += stack.grown_bytes;
    const StackFrame* frame = FirstUserFrame(stack);
    if (frame == nullptr) continue;
    double grown = 0;
    for (const GrowingStack& other : stacks) {
      const StackFrame* f = FirstUserFrame(other);
      if (f != nullptr && f->package == frame->package && f->file == frame->file &&
          f->function == frame->function) {
        grown += other.grown_bytes;
      }
    }
    if (grown > best.grown) best = {&stack, frame, Fit::kFunction, grown};
  }
  return best.grown >= kClearShare * all ? best : Match{};
}

// "Meter", and what only wraps its constructor: "meter", "createMeter".
bool Makes(std::string_view function, std::string_view class_name) {
  function = LastPart(function);
  for (std::string_view verb : {"create", "make", "build", "new"}) {
    if (function.size() == verb.size() + class_name.size() && function.starts_with(verb)) {
      function.remove_prefix(verb.size());
      break;
    }
  }
  return !function.empty() && EqualsIgnoringCase(function, class_name);
}

// Where it is not known what grows: by the custom that only constructors begin with a capital.
bool LooksLikeConstructor(std::string_view function) {
  function = LastPart(function);
  return !function.empty() && IsUpper(function.front());
}

// Whether the function's work is to make one of the suspect's objects.
bool IsMaker(std::string_view function, const Suspect& suspect) {
  return Makes(function, suspect.class_name) ||
         std::any_of(suspect.grows_with.begin(), suspect.grows_with.end(),
                     [&](const std::string& name) { return Makes(function, name); });
}

// A constructor makes one object each time it is called; whoever calls it without end is to blame.
// Goes outwards as long as that stays in the package. Which of the functions on the way V8 inlines,
// and so leaves out, changes from run to run; the caller is there in all of them.
template <typename IsConstructor>
const StackFrame* PastConstructors(const GrowingStack& stack, const StackFrame* frame,
                                   const IsConstructor& is_constructor) {
  for (const StackFrame* f = frame; f != stack.frames.data() + stack.frames.size(); ++f) {
    if (!IsUserland(*f)) continue;
    if (f->package != frame->package) break;
    // An anonymous function would say less than the constructor.
    if (!is_constructor(f->function)) return f->function.empty() ? frame : f;
  }
  return frame;
}

// Of all growth, what was made with this package on the stack. V8 leaves inlined functions out.
double ShareOf(std::span<const GrowingStack> stacks, const CodePlace& place) {
  double all = 0, with = 0;
  for (const GrowingStack& stack : stacks) {
    all += stack.grown_bytes;
    const bool is_on =
        std::any_of(stack.frames.begin(), stack.frames.end(),
                    [&](const StackFrame& f) { return FitOf(place, f) != Fit::kNone; });
    if (is_on) with += stack.grown_bytes;
  }
  return all > 0 ? with / all : 0;
}

void JoinOne(std::span<const GrowingStack> stacks, Suspect* suspect) {
  if (!suspect->culprit) return;
  const Match match = BestFit(stacks, suspect->culprit->place);
  if (match.fit == Fit::kNone || ShareOf(stacks, suspect->culprit->place) < kLeastShare) return;
  suspect->allocation_stack = Shown(*match.stack);
  CodePlace& place = suspect->culprit->place;
  if (place.package != match.frame->package && NameOf(place.package) == place.package) {
    place.package = match.frame->package;  // with its version
  }
  suspect->culprit->because = Because::kAllocationStack;
  const StackFrame* caller =
      PastConstructors(*match.stack, match.frame,
                       [&](std::string_view function) { return IsMaker(function, *suspect); });
  const bool is_inlined =
      match.fit == Fit::kPackage && !caller->function.empty() && IsMaker(place.function, *suspect);
  if (caller != match.frame || is_inlined) {
    place = PlaceOf(*caller);
  } else if (match.fit == Fit::kFunction) {
    place.line = match.frame->line;
    place.column = match.frame->column;
    place.file = match.frame->file;  // the original, if there is a source map
  } else if (place.function.empty()) {
    place = PlaceOf(*match.frame);
  }
}

}  // namespace

void JoinStacks(std::span<const GrowingStack> all, Findings* findings) {
  std::vector<GrowingStack> stacks;
  for (const GrowingStack& s : all) {
    if (s.grown_bytes >= kLeastPart * all.front().grown_bytes) stacks.push_back(s);
  }
  if (stacks.empty()) return;
  for (Suspect& suspect : findings->suspects) JoinOne(stacks, &suspect);

  Suspect* first = findings->suspects.empty() ? nullptr : &findings->suspects.front();
  const bool nobody =
      first == nullptr || !first->culprit ||
      (first->culprit->because == Because::kDominator && first->allocation_stack.empty());
  if (nobody) {
    const Match most = MostGrowth(stacks);
    if (most.frame != nullptr) {
      const StackFrame* maker = PastConstructors(*most.stack, most.frame, LooksLikeConstructor);
      const Culprit culprit{PlaceOf(*maker), Because::kAllocationStack};
      if (first != nullptr) {
        first->culprit = culprit;
        first->allocation_stack = Shown(*most.stack);
      }
      findings->culprit = culprit;
      return;
    }
  }
  if (first != nullptr && first->culprit) findings->culprit = first->culprit;
}

}  // namespace leaktrail
