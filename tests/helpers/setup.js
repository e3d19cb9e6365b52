// Before any test: build the site into web/dist, as `make site` does. After all: remove what they shared.

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export default function setup(project) {
  execFileSync("make", ["--no-print-directory", "site"], {
    cwd: join(import.meta.dirname, "..", ".."),
    stdio: "inherit",
  });
  const shared = mkdtempSync(join(tmpdir(), "page-tests-"));
  project.provide("shared", shared);
  return () => rmSync(shared, { recursive: true });
}
