// The tests' videos, what the command says of them, and how far two timelines differ.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { shareFolder } from "./shared.js";
import { ROOT } from "./site.js";

const { labels } = JSON.parse(readFileSync(join(ROOT, "models", "contract.json"), "utf8"));

/** The folder of make_videos.py's videos. */
export const shareVideos = () => shareFolder("make_videos");

/** The command's rows for a video. */
export function askTimeline(folder, name) {
  const command = [join(folder, name), "--format", "jsonl"];
  const options = { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] };
  const lines = execFileSync(join(ROOT, ".venv", "bin", "emoji-edge"), command, options)
    .trim()
    .split("\n");
  return lines.map((line) => ({ ...JSON.parse(line), video: name }));
}

/** Largest differences between two timelines with the same frames. */
export function compareRows(found, expected) {
  const largest = (names) =>
    Math.max(...found.flatMap((row, i) => names.map((name) => Math.abs(row[name] - expected[i][name]))));
  return { time: largest(["time"]), box: largest(["x0", "y0", "x1", "y1"]), score: largest(labels) };
}
