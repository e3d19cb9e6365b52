// Builds what the package ships beside its modules, into dist/: assets, types, and two files that need no bundler.

import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { WASM_FOLDER, describeStart, listModels, listWasm } from "./assets.js";
import { BUNDLES, bundleFile } from "./bundle.js";

const root = join(import.meta.dirname, "..");
const dist = join(root, "dist");
const models = join(root, "..", "..", "models");

function copyAssets() {
  const assets = join(dist, "assets");
  for (const [name, source] of Object.entries(listModels(models)))
    cpSync(source, join(assets, name), { recursive: true });
  for (const [name, source] of Object.entries(listWasm())) cpSync(source, join(assets, WASM_FOLDER, name));
  writeFileSync(join(assets, "start.json"), JSON.stringify(describeStart(models, `./${WASM_FOLDER}/`)));
}

function writeTypes() {
  const tsc = join(dirname(createRequire(import.meta.url).resolve("typescript/package.json")), "bin", "tsc");
  execFileSync(process.execPath, [tsc, "--project", join(root, "..", "config", "tsconfig.types.json")], {
    stdio: "inherit",
  });
}

rmSync(dist, { recursive: true, force: true });
mkdirSync(dist);
copyAssets();
cpSync(join(root, "..", "..", "LICENSE"), join(dist, "LICENSE"));
writeTypes();
for (const name of BUNDLES) await bundleFile(name, { outdir: dist });
