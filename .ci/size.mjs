// Reads what twiggy says of a WASM module, as CSV, and prints which crates take its space: the twenty largest ones.
// Before wasm-opt and without what it takes out: names, debugging information, and what wasm-bindgen has read by then.
import { readFileSync } from "node:fs";

const crates = new Map();
for (const line of readFileSync(0, "utf8").split("\n").slice(1)) {
  const [, name, bytes] = line.match(/^"?(.*?)"?,(\d+),[\d.e-]+,/) ?? [];
  if (!name || /^(custom section|""function names|export ""__wbindgen|__wbindgen_describe)/.test(name)) continue;
  const crate = name.match(/([a-z_][a-z_0-9]*)(\[[0-9a-f]+\])?::/)?.[1] ?? name.replace(/[ \[].*/, "");
  crates.set(crate, (crates.get(crate) ?? 0) + Number(bytes));
}
const all = [...crates.values()].reduce((sum, bytes) => sum + bytes, 0);
for (const [crate, bytes] of [...crates].sort((one, other) => other[1] - one[1]).slice(0, 20)) {
  console.log(`${String(bytes).padStart(9)} ${((100 * bytes) / all).toFixed(1).padStart(5)} % ${crate}`);
}
console.log(`${String(all).padStart(9)} 100.0 % together`);
