// Names that are data: a table keyed by customer has their addresses for property names.
//
// All rules are of thumb. How many secrets they let through, and how many names they take for one:
// docs/decisions.md.
//
// Cost: linear in the text. Threads: any.
#pragma once

#include <string_view>

namespace leaktrail {

// A name that is more likely a value: e-mail addresses, long digits (cards, telephone numbers),
// UUIDs, hex and base64, keys and tokens, letters and digits mixed, words that nobody could
// pronounce, very long names.
bool LooksLikeValue(std::string_view utf8);

// name@host.tld, but not @scope/package and not package@1.2.3.
bool HasMailAddress(std::string_view utf8);

}  // namespace leaktrail
