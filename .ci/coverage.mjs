// Prints the line coverage of each part of the program, and fails if one is below its minimum.
// Usage: `cargo llvm-cov report --json --summary-only | node coverage.mjs`.
import { readFileSync } from "node:fs";

const PARTS = [
  {
    name: "the export path",
    minimum: 90,
    includes: (file) => /^src\/(server\/(export\/|formula_guard)|web\/(handlers\/export|listener\/connection)|cli\/export\.rs|export_params\.rs)/.test(file),
  },
  {
    name: "the components' logic",
    minimum: 70,
    // These files run only in a browser. The browser tests (end2end/) measure no coverage.
    includes: (file) => file.startsWith("src/ui/") && !/\/(browser|download)\.rs$/.test(file),
  },
  { name: "everything", minimum: 0, includes: () => true },
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
  console.log(`${percent.toFixed(1).padStart(6)} %  ${name}${minimum ? ` (at least ${minimum} %)` : ""}`);
  if (minimum) for (const file of part) console.log(`${coverage([file]).toFixed(1).padStart(14)} %  ${file.file}`);
}
process.exitCode = failed ? 1 : 0;
