// Puts the page, onnxruntime-web and the exported model into one folder, which any static server serves.
//
//     node build.mjs ../../target/browser

import { cpSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const [folder] = process.argv.slice(2);
mkdirSync(join(folder, "ort"), { recursive: true });
cpSync(join(here, "page"), folder, { recursive: true });
for (const file of ["ort.wasm.min.mjs", "ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm"]) {
  cpSync(join(here, "node_modules", "onnxruntime-web", "dist", file), join(folder, "ort", file));
}
