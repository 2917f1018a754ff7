#include "capture/guest.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <string_view>

#include "capture/attach.h"

namespace leaktrail {
namespace {

constexpr std::string_view kFacts = "({pid: process.pid, version: process.versions.node})";

// Written for Node 12: no optional chaining. Names no global that an application may have replaced,
// where a module has the same. connected() counts TCP state 01 (ESTABLISHED); the socket of a
// client that died is in another one at once, that of a stopped client is not.
constexpr std::string_view kInstall = R"js((function (owner, closes, deadMan, takesOver) {
  'use strict';
  const key = Symbol.for('leaktrail.guest');
  const timers = require('timers'), inspector = require('inspector'), fs = require('fs');
  const facts = (busy) => ({pid: process.pid, version: process.versions.node, busy: busy,
                            owner: globalThis[key].owner, closes: globalThis[key].closes});
  const old = globalThis[key];
  if (old) return facts(!old.adopt(owner, closes, deadMan, takesOver));
  const leaves = new Map();
  let timer = null, leaving = false, clock = () => Number(process.hrtime.bigint() / 1000000n);
  let lastSign = clock(), patience = deadMan;
  const connected = () => {
    const url = inspector.url();
    if (!url) return false;
    const port = /:(\d+)\//.exec(url);
    const local = ':' + Number(port ? port[1] : 0).toString(16).toUpperCase().padStart(4, '0');
    return ['/proc/self/net/tcp', '/proc/self/net/tcp6'].some((table) => {
      try {
        return fs.readFileSync(table, 'latin1').split('\n').some((line) => {
          const words = line.trim().split(/\s+/);
          return words[3] === '01' && words[1].endsWith(local);
        });
      } catch (e) {
        return false;
      }
    });
  };
  const arm = (ms) => {
    if (timer) timers.clearTimeout(timer);
    timer = timers.setTimeout(finish, ms);
    timer.unref();
  };
  const runLeaves = () => {
    for (const f of Array.from(leaves.values())) {
      try { f(); } catch (e) {}
    }
    leaves.clear();
  };
  function finish() {
    runLeaves();
    if (guest.closes && connected()) return arm(1000);
    delete globalThis[key];
    if (guest.closes) inspector.close();
  }
  const guest = {
    owner: owner, closes: closes,
    adopt(newOwner, newCloses, ms, takesOver) {
      const dead = leaving || takesOver === guest.owner || clock() - lastSign > patience;
      if (newOwner !== guest.owner && !dead) return false;
      guest.owner = newOwner;
      guest.closes = guest.closes || newCloses;
      patience = ms;
      leaving = false;
      guest.renew();
      return true;
    },
    renew() { lastSign = clock(); arm(patience); return true; },
    leave(ms) { leaving = true; runLeaves(); arm(ms); return true; },
    atLeave(name, f) { leaves.set(name, f); },
    cancelLeave(name) { leaves.delete(name); },
  };
  Object.defineProperty(globalThis, key, {value: guest, configurable: true, writable: true});
  guest.renew();
  return facts(false);
})js";

constexpr std::chrono::milliseconds kGrace{100};

CallOptions Within(std::chrono::milliseconds timeout, bool even_if_cancelled = false) {
  CallOptions options;
  options.timeout = timeout;
  options.even_if_cancelled = even_if_cancelled;
  return options;
}

Result<GuestFacts> FactsOf(const Result<nlohmann::json>& answer) {
  if (!answer) return tl::unexpected(answer.error());
  if (!answer->is_object()) {
    return Fail(ErrorKind::kEnvironment, "the inspector's target does not look like Node");
  }
  return GuestFacts{answer->value("pid", 0), answer->value("version", ""),
                    answer->value("busy", false), answer->value("owner", ""),
                    answer->value("closes", false)};
}

}  // namespace

Result<GuestFacts> AskGuestFacts(Inspector* inspector, std::chrono::milliseconds timeout) {
  return FactsOf(inspector->Evaluate(kFacts, Within(timeout)));
}

Result<GuestFacts> InstallGuest(Inspector* inspector, const GuestOptions& options,
                                std::chrono::milliseconds timeout) {
  const std::string call = fmt::format(
      "{})({}, {}, {}, {})", kInstall, nlohmann::json(options.owner).dump(),
      options.close_inspector, options.dead_man.count(), nlohmann::json(options.takes_over).dump());
  return FactsOf(inspector->Evaluate(call, Within(timeout)));
}

Result<bool> RenewGuest(Inspector* inspector, std::chrono::milliseconds timeout) {
  // Not through Evaluate: the command line API takes longer to put up than this takes to run.
  const std::string expression = fmt::format("!!{0} && {0}.renew()", kGuest);
  Result<nlohmann::json> answer = inspector->Call(
      "Runtime.evaluate", {{"expression", expression}, {"returnByValue", true}}, Within(timeout));
  if (!answer) return tl::unexpected(answer.error());
  return answer->value(nlohmann::json::json_pointer("/result/value"), false);
}

Result<void> DismissGuest(Inspector* inspector, std::chrono::milliseconds timeout) {
  const Result<nlohmann::json> left = inspector->Evaluate(
      fmt::format("{0} ? {0}.leave({1}) : false", kGuest, kGrace.count()), Within(timeout, true));
  if (!left) return tl::unexpected(left.error());
  return {};
}

}  // namespace leaktrail
