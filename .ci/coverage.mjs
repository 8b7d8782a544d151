// Prints the line coverage of each part of the program, and of the files below its minimum; fails if a part is below it.
// Tests beside the code are not counted. Usage: `cargo llvm-cov report --lcov | node coverage.mjs`.
import { readFileSync } from "node:fs";

// Calls to web-sys, which return nothing on a server, and helpers of tests. The browser tests run the calls, but lines of
// WASM are not counted: stable Rust has no profiler runtime for wasm32.
const BROWSER_ONLY = /^src\/ui\/(browser|test_support|download\/(fetch|file_system_access))\.rs$/;

const PARTS = [
  {
    name: "the export path",
    minimum: 90,
    includes: (file) => /^src\/(server\/(export\/|formula_guard)|web\/(handlers\/export|listener\/connection)|cli\/export\.rs|export_params)/.test(file),
  },
  {
    name: "MotionExport and its parts",
    minimum: 80,
    includes: (file) => file.startsWith("src/ui/") && !BROWSER_ONLY.test(file),
  },
  { name: "everything", minimum: 80, includes: () => true },
];

const root = `${process.cwd()}/`;

/** The number of the line at which the unit tests of a file begin. */
function firstLineOfTests(file) {
  const lines = readFileSync(file, "utf8").split("\n");
  const line = lines.findIndex((text, index) => text === "#[cfg(test)]" && /^(pub )?mod \w+ \{/.test(lines[index + 1]));
  return line < 0 ? Infinity : line + 1;
}

/** The files of the report, with the number of their lines and of those that ran. */
function parse(report) {
  return report.split("end_of_record").flatMap((record) => {
    const file = /^SF:(.*)$/m.exec(record)?.[1].replace(root, "");
    if (!file?.startsWith("src/") || /(^|\/)tests?(\/|\.rs$)/.test(file)) return [];
    const end = firstLineOfTests(file);
    const lines = [...record.matchAll(/^DA:(\d+),(\d+)/gm)].filter(([, line]) => Number(line) < end);
    return [{ file, count: lines.length, covered: lines.filter(([, , runs]) => runs !== "0").length }];
  });
}

const files = parse(readFileSync(0, "utf8"));
const coverage = (list) => {
  const sum = (key) => list.reduce((total, file) => total + file[key], 0);
  return (100 * sum("covered")) / sum("count");
};
let failed = false;
for (const { name, minimum, includes } of PARTS) {
  const part = files.filter(({ file, count }) => count > 0 && includes(file));
  const percent = coverage(part);
  failed ||= !(percent >= minimum);
  console.log(`${percent.toFixed(1).padStart(6)} %  ${name} (at least ${minimum} %)`);
  for (const file of part) if (coverage([file]) < minimum) console.log(`${coverage([file]).toFixed(1).padStart(14)} %  ${file.file}`);
}
process.exitCode = failed ? 1 : 0;
