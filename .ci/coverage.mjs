// Prints the line coverage of each part of the program, and of the files below its minimum; fails if a part is below it.
// Usage: `cargo llvm-cov report --json --summary-only | node coverage.mjs`.
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
const { files } = JSON.parse(readFileSync(0, "utf8")).data[0];
const lines = files
  .map(({ filename, summary }) => ({ file: filename.replace(root, ""), ...summary.lines }))
  .filter(({ file }) => file.startsWith("src/"));
const coverage = (list) => {
  const sum = (key) => list.reduce((total, file) => total + file[key], 0);
  return (100 * sum("covered")) / sum("count");
};
let failed = false;
for (const { name, minimum, includes } of PARTS) {
  const part = lines.filter(({ file }) => includes(file));
  const percent = coverage(part);
  failed ||= !(percent >= minimum);
  console.log(`${percent.toFixed(1).padStart(6)} %  ${name} (at least ${minimum} %)`);
  for (const file of part) if (coverage([file]) < minimum) console.log(`${coverage([file]).toFixed(1).padStart(14)} %  ${file.file}`);
}
process.exitCode = failed ? 1 : 0;
