// The answer of `find` and `trail` as CI systems take it: a JUnit case, SARIF results, Markdown.
//
// Threads: functions of their input.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "report/findings_report.h"
#include "report/junit.h"
#include "report/sarif.h"

namespace leaktrail {

// A path as the repository has it: a package's files lie below node_modules. "" for what is in no
// file of it, like Node's own code.
std::string RepositoryFile(const CodePlace& place);

// One case: whether `subject` (the command, the process or the files) leaks.
JunitCase FindingsCase(const FindingsReport& report, const std::string& subject);

std::vector<SarifRule> FindingsRules();
// One for each suspect that counts; none where nothing leaks. What has no place of its own is put
// at package.json, since code-scanning pages want one.
std::vector<SarifResult> FindingsResults(const FindingsReport& report, const std::string& subject);

// A heading, the gate's answer, and the report as text.
std::string FindingsMarkdown(const FindingsReport& report, const std::string& subject);
// The same where there is no answer.
std::string FailureMarkdown(const std::string& subject, const std::string& why);

}  // namespace leaktrail
