// The npm package as it is published: packed, and installed in an empty folder.

import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { ROOT } from "./site.js";

const WEB = join(ROOT, "web");
const { packages } = JSON.parse(readFileSync(join(WEB, "package-lock.json"), "utf8"));

/** Text of a document's code blocks of a language, in their order. */
export function listBlocks(path, language) {
  const text = readFileSync(join(ROOT, path), "utf8");
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, "gms"))].map(([, block]) => block);
}

/** What a package needs, and what that needs, as the lock file has it: places below web/. */
function listNeeds(place, found = new Set()) {
  for (const name of Object.keys(packages[place].dependencies ?? {})) {
    const inner = `${place}/node_modules/${name}`;
    const need = inner in packages ? inner : `node_modules/${name}`;
    if (found.has(need)) continue;
    found.add(need);
    listNeeds(need, found);
  }
  return found;
}

/**
 * Pack web/pipeline and install the archive in an empty folder, whose node_modules holds what it depends on: no network is asked.
 *
 * @returns {{folder: string, archive: string, installed: string, remove: () => void}}
 */
export function installPackage() {
  const folder = mkdtempSync(join(tmpdir(), "npm-package-"));
  const packed = ["pack", "--json", "--pack-destination", folder];
  const options = { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] };
  const text = execFileSync("npm", packed, { ...options, cwd: join(WEB, "pipeline") });
  const archive = join(folder, /"filename": "([^"]+)"/.exec(text)[1]);
  writeFileSync(join(folder, "package.json"), '{ "private": true, "type": "module" }');
  for (const place of listNeeds("pipeline")) {
    mkdirSync(dirname(join(folder, place)), { recursive: true });
    cpSync(join(WEB, place), join(folder, place), { recursive: true, filter: (path) => !path.endsWith(".map") });
  }
  execFileSync("npm", ["install", "--offline", "--no-audit", "--no-fund", archive], { ...options, cwd: folder });
  const installed = join(folder, "node_modules", "emoji-edge");
  return { folder, archive, installed, remove: () => rmSync(folder, { recursive: true }) };
}

/** Put packages of web/ beside an installed one. */
export function linkPackages(folder, names) {
  for (const name of names) symlinkSync(join(WEB, "node_modules", name), join(folder, "node_modules", name));
}
