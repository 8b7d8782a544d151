// Prints the twenty largest crates in a WASM module, from twiggy's CSV on standard input.
// The module is not optimized yet. What later steps remove is left out: names, debugging information, and the exports that
// only wasm-bindgen reads.
import { readFileSync } from "node:fs";

const crates = new Map();
for (const line of readFileSync(0, "utf8").split("\n").slice(1)) {
  const [, name, bytes] = line.match(/^"?(.*?)"?,(\d+),[\d.e-]+,/) ?? [];
  if (!name || /^(custom section|""function names|export ""__wbindgen|__wbindgen_describe)/.test(name)) continue;
  const crate = name.match(/([a-z_][a-z_0-9]*)(\[[0-9a-f]+\])?::/)?.[1] ?? name.replace(/[ \[].*/, "");
  crates.set(crate, (crates.get(crate) ?? 0) + Number(bytes));
}
const total = [...crates.values()].reduce((sum, bytes) => sum + bytes, 0);
for (const [crate, bytes] of [...crates].sort((one, other) => other[1] - one[1]).slice(0, 20)) {
  console.log(`${String(bytes).padStart(9)} ${((100 * bytes) / total).toFixed(1).padStart(5)} % ${crate}`);
}
console.log(`${String(total).padStart(9)} 100.0 % total`);
