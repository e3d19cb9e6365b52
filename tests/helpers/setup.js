// Before any test: build the site into web/dist, as `make site` does.

import { execFileSync } from "node:child_process";
import { join } from "node:path";

export default function setup() {
  execFileSync("make", ["--no-print-directory", "site"], {
    cwd: join(import.meta.dirname, "..", ".."),
    stdio: "inherit",
  });
}
