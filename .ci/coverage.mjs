// Prints line coverage, by parts of the program that have to reach a share of it: `cargo llvm-cov report --json
// --summary-only | node coverage.mjs`. Fails where one does not.
import { readFileSync } from "node:fs";

const PARTS = [
  {
    name: "the export path",
    least: 90,
    has: (file) => /^src\/(server\/(export\/|formula_guard)|web\/(handlers\/export|listener\/connection)|cli\/export\.rs|export_params\.rs)/.test(file),
  },
  {
    name: "the components' logic",
    least: 70,
    // What only ever runs in a browser is tested there (end2end/), where lines are not counted.
    has: (file) => file.startsWith("src/ui/") && !/\/(browser|download)\.rs$/.test(file),
  },
  { name: "everything", least: 0, has: () => true },
];

const root = `${process.cwd()}/`;
const { files } = JSON.parse(readFileSync(0, "utf8")).data[0];
const lines = files
  .map(({ filename, summary }) => ({ file: filename.replace(root, ""), ...summary.lines }))
  .filter(({ file }) => file.startsWith("src/"));
const share = (list) => {
  const sum = (key) => list.reduce((total, file) => total + file[key], 0);
  return (100 * sum("covered")) / sum("count");
};
let failed = false;
for (const { name, least, has } of PARTS) {
  const part = lines.filter(({ file }) => has(file));
  const reached = share(part);
  failed ||= !(reached >= least);
  console.log(`${reached.toFixed(1).padStart(6)} %  ${name}${least ? ` (at least ${least} %)` : ""}`);
  if (least) for (const file of part) console.log(`${share([file]).toFixed(1).padStart(14)} %  ${file.file}`);
}
process.exitCode = failed ? 1 : 0;
