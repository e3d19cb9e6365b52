// Tells a video from a photo, and has the texts of videos, without loading what reads them.

import { addStrings } from "../shared/strings.js";
import english from "./strings/en.json";

const SUFFIXES = /\.(mp4|m4v|mov|qt|webm|mkv|avi|mpe?g|ts|mts|m2ts|3gp|3g2|ogv|wmv|flv)$/i;

/** Whether a file is a video, by its type or else by its name. */
export const isVideo = ({ type, name }) => type.startsWith("video/") || (!type && SUFFIXES.test(name ?? ""));

/** Let the page have the texts of videos; to be called before it chooses its language. */
export function addVideoTexts() {
  const others = import.meta.glob(["./strings/*.json", "!./strings/en.json"], { import: "default" });
  addStrings(english, /** @type {import("../shared/strings.js").Loaders} */ (others));
}
