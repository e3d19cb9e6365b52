// What several files of tests need is made once, by the first of them.

import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { inject } from "vitest";
import { PYTHON, ROOT } from "./site.js";

/** The folder that a Python module writes: `python -m tests.helpers.NAME FOLDER`. Tests only read it. */
export function shareFolder(name) {
  const folder = join(inject("shared"), name);
  if (existsSync(folder)) return folder;
  const partial = `${folder}.partial`; // of a run that failed
  mkdirSync(partial, { recursive: true });
  execFileSync(PYTHON, ["-m", `tests.helpers.${name}`, partial], { cwd: ROOT });
  renameSync(partial, folder);
  return folder;
}
