// Prints verdict and culprit of a report that comes on standard input: what redaction must not change.
import { readFileSync } from "node:fs";

const report = JSON.parse(readFileSync(0, "utf8"));
console.log(JSON.stringify({ verdict: report.verdict, ...report.culprit }));
