#include "store/history.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/state_folder.h"

namespace leaktrail {
namespace {

constexpr int kBusyMs = 2000;
constexpr int kSchemaVersion = 1;
constexpr const char* kSchema = R"sql(
CREATE TABLE IF NOT EXISTS run (
  id INTEGER PRIMARY KEY, service TEXT NOT NULL, pid INTEGER NOT NULL, start_ticks INTEGER NOT NULL,
  boot_id TEXT NOT NULL, UNIQUE (service, pid, start_ticks, boot_id));
CREATE TABLE IF NOT EXISTS point (
  run INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE, at REAL NOT NULL, resident INTEGER NOT NULL,
  heap_used INTEGER NOT NULL, heap_total INTEGER NOT NULL, heap_limit INTEGER NOT NULL,
  external INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS point_of_run ON point (run, at);
CREATE TABLE IF NOT EXISTS major (
  run INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE, at REAL NOT NULL, pause_ms REAL NOT NULL,
  live INTEGER NOT NULL, external INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS major_of_run ON major (run, at);
)sql";
// What is old, or too much of one service, goes; then runs without points.
constexpr const char* kPrune = R"sql(
DELETE FROM point WHERE at < (SELECT max(at) FROM point) - 30 * 86400;
DELETE FROM point WHERE rowid IN (SELECT p.rowid FROM point p JOIN run r ON r.id = p.run
  WHERE r.service = ?1 ORDER BY p.at DESC LIMIT -1 OFFSET 200000);
DELETE FROM major WHERE at < (SELECT min(at) FROM point WHERE point.run = major.run);
DELETE FROM run WHERE service = ?1 AND NOT EXISTS (SELECT 1 FROM point WHERE point.run = run.id);
)sql";

class Statement {
 public:
  Statement(sqlite3* db, const char* sql) { sqlite3_prepare_v2(db, sql, -1, &statement_, &rest_); }
  ~Statement() { sqlite3_finalize(statement_); }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  bool valid() const { return statement_ != nullptr; }
  const char* rest() const { return rest_; }
  int parameter_count() const { return sqlite3_bind_parameter_count(statement_); }
  Statement& Bind(int at, int64_t v) {
    sqlite3_bind_int64(statement_, at, v);
    return *this;
  }
  Statement& Bind(int at, double v) {
    sqlite3_bind_double(statement_, at, v);
    return *this;
  }
  Statement& Bind(int at, const std::string& v) {
    sqlite3_bind_text(statement_, at, v.c_str(), static_cast<int>(v.size()), SQLITE_TRANSIENT);
    return *this;
  }
  int Step() { return statement_ == nullptr ? SQLITE_ERROR : sqlite3_step(statement_); }
  int64_t Integer(int column) const { return sqlite3_column_int64(statement_, column); }
  double Real(int column) const { return sqlite3_column_double(statement_, column); }

 private:
  sqlite3_stmt* statement_ = nullptr;
  const char* rest_ = nullptr;
};

int64_t Signed(uint64_t v) { return static_cast<int64_t>(v); }
uint64_t Unsigned(int64_t v) { return static_cast<uint64_t>(std::max<int64_t>(v, 0)); }

class SqliteHistory final : public History {
 public:
  SqliteHistory(sqlite3* db, std::string path) : db_(db), path_(std::move(path)) {}
  ~SqliteHistory() override { sqlite3_close(db_); }

  Result<void> Prepare();
  Result<HistoryRun> Begin(const HistoryProcess& process) override;
  Result<void> Append(int64_t run, const HistoryPoint& point) override;

 private:
  tl::unexpected<Error> Failed() const {
    return Fail(ErrorKind::kEnvironment,
                fmt::format("the history {} cannot be used ({}); move it away to begin a new one",
                            path_, sqlite3_errmsg(db_)));
  }
  bool Execute(const char* sql) {
    return sqlite3_exec(db_, sql, nullptr, nullptr, nullptr) == SQLITE_OK;
  }
  bool Prune(const std::string& service);
  std::optional<HistoryBefore> FindBefore(const std::string& service, int64_t run);
  std::vector<HistoryPoint> FindPoints(int64_t run);

  sqlite3* db_;
  std::string path_;
};

Result<void> SqliteHistory::Prepare() {
  sqlite3_busy_timeout(db_, kBusyMs);
  if (!Execute(
          "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON;")) {
    return Failed();
  }
  int64_t version = 0;
  {
    Statement ask(db_, "PRAGMA user_version");
    if (ask.Step() == SQLITE_ROW) version = ask.Integer(0);
  }
  if (version > kSchemaVersion) {
    return Fail(
        ErrorKind::kEnvironment,
        fmt::format("the history {} is of a newer leaktrail; use that, or move it away", path_));
  }
  if (!Execute(kSchema) ||
      !Execute(fmt::format("PRAGMA user_version = {}", kSchemaVersion).c_str())) {
    return Failed();
  }
  return {};
}

bool SqliteHistory::Prune(const std::string& service) {
  for (const char* sql = kPrune; sql != nullptr && *sql != '\0';) {
    Statement statement(db_, sql);
    if (!statement.valid()) return statement.rest() != nullptr && *statement.rest() == '\0';
    if (statement.parameter_count() > 0) statement.Bind(1, service);
    if (statement.Step() != SQLITE_DONE) return false;
    sql = statement.rest();
    while (*sql == '\n' || *sql == ' ') ++sql;
  }
  return true;
}

std::optional<HistoryBefore> SqliteHistory::FindBefore(const std::string& service, int64_t run) {
  Statement ask(db_,
                "SELECT r.pid, p.at, p.resident FROM run r JOIN point p ON p.run = r.id "
                "WHERE r.service = ?1 AND r.id != ?2 ORDER BY p.at DESC LIMIT 1");
  if (ask.Bind(1, service).Bind(2, run).Step() != SQLITE_ROW) return std::nullopt;
  return HistoryBefore{static_cast<int>(ask.Integer(0)), ask.Real(1), Unsigned(ask.Integer(2))};
}

std::vector<HistoryPoint> SqliteHistory::FindPoints(int64_t run) {
  std::vector<HistoryPoint> points;
  {
    Statement ask(db_,
                  "SELECT at, resident, heap_used, heap_total, heap_limit, external FROM point "
                  "WHERE run = ?1 ORDER BY at DESC LIMIT 5000");
    ask.Bind(1, run);
    while (ask.Step() == SQLITE_ROW) {
      points.push_back({ask.Real(0),
                        Unsigned(ask.Integer(1)),
                        Unsigned(ask.Integer(2)),
                        Unsigned(ask.Integer(3)),
                        Unsigned(ask.Integer(4)),
                        Unsigned(ask.Integer(5)),
                        {}});
    }
  }
  std::reverse(points.begin(), points.end());
  if (points.empty()) return points;
  Statement ask(db_, "SELECT at, pause_ms, live, external FROM major WHERE run = ?1 ORDER BY at");
  ask.Bind(1, run);
  size_t next = 0;
  while (ask.Step() == SQLITE_ROW) {
    const HistoryMajor major{ask.Real(0), ask.Real(1), Unsigned(ask.Integer(2)),
                             Unsigned(ask.Integer(3))};
    // A collection came before the sample that told of it.
    while (next + 1 < points.size() && points[next].at < major.at) ++next;
    points[next].majors.push_back(major);
  }
  return points;
}

Result<HistoryRun> SqliteHistory::Begin(const HistoryProcess& process) {
  if (!Prune(process.service)) return Failed();
  const auto bind = [&](Statement& s) {
    s.Bind(1, process.service).Bind(2, int64_t{process.pid}).Bind(3, Signed(process.start_ticks));
    s.Bind(4, process.boot_id);
  };
  HistoryRun run;
  Statement find(db_,
                 "SELECT id FROM run WHERE service = ?1 AND pid = ?2 AND start_ticks = ?3 AND "
                 "boot_id = ?4");
  bind(find);
  if (find.Step() == SQLITE_ROW) {
    run.id = find.Integer(0);
    run.points = FindPoints(run.id);
    return run;
  }
  Statement insert(db_,
                   "INSERT INTO run (service, pid, start_ticks, boot_id) VALUES (?1, ?2, ?3, ?4)");
  bind(insert);
  if (insert.Step() != SQLITE_DONE) return Failed();
  run.id = sqlite3_last_insert_rowid(db_);
  run.before = FindBefore(process.service, run.id);
  return run;
}

Result<void> SqliteHistory::Append(int64_t run, const HistoryPoint& point) {
  if (!Execute("BEGIN")) return Failed();
  bool written = false;
  {
    Statement insert(db_, "INSERT INTO point VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)");
    insert.Bind(1, run).Bind(2, point.at).Bind(3, Signed(point.resident_bytes));
    insert.Bind(4, Signed(point.heap_used_bytes)).Bind(5, Signed(point.heap_total_bytes));
    insert.Bind(6, Signed(point.heap_limit_bytes)).Bind(7, Signed(point.external_bytes));
    written = insert.Step() == SQLITE_DONE;
  }
  for (const HistoryMajor& m : point.majors) {
    Statement insert(db_, "INSERT INTO major VALUES (?1, ?2, ?3, ?4, ?5)");
    insert.Bind(1, run).Bind(2, m.at).Bind(3, m.pause_ms);
    insert.Bind(4, Signed(m.live_heap_bytes)).Bind(5, Signed(m.external_bytes));
    written = written && insert.Step() == SQLITE_DONE;
  }
  if (written && Execute("COMMIT")) return {};
  const tl::unexpected<Error> failed = Failed();
  Execute("ROLLBACK");
  return failed;
}

}  // namespace

std::string History::UsualPath() {
  const std::string folder = StateFolder();
  return folder.empty() ? "" : folder + "/history.db";
}

Result<std::unique_ptr<History>> History::Open(const std::string& path) {
  const auto cannot = [&](const char* why) {
    return Fail(ErrorKind::kEnvironment,
                fmt::format("the history {} cannot be written: {}", path, why));
  };
  if (!MakeFoldersOf(path)) return cannot(std::strerror(errno));
  // SQLite would create it for everybody.
  const int file = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) return cannot(std::strerror(errno));
  close(file);
  sqlite3* db = nullptr;
  if (sqlite3_open_v2(path.c_str(), &db, SQLITE_OPEN_READWRITE, nullptr) != SQLITE_OK) {
    const std::string why = db == nullptr ? "not enough memory" : sqlite3_errmsg(db);
    sqlite3_close(db);
    return cannot(why.c_str());
  }
  auto history = std::make_unique<SqliteHistory>(db, path);
  if (Result<void> prepared = history->Prepare(); !prepared)
    return tl::unexpected(prepared.error());
  return history;
}

}  // namespace leaktrail
