// The photos of the list with their boxes and answers drawn in, as one ZIP; one photo at a time is in memory.

import { composePicture } from "./share.js";

const SIDE = 1600; // pixels of the longer side of a photo in it

/** A name that no file before it has: "a-emoji.png", then "a-emoji-2.png". */
export function nameApart(name, taken) {
  for (let count = 1; ; count++) {
    const tried = count === 1 ? name : name.replace(/(\.\w+)$/, `-${count}$1`);
    if (!taken.has(tried)) {
      taken.add(tried);
      return tried;
    }
  }
}

/**
 * Ask about each photo again and draw its answer.
 *
 * @param {import("./sources.js").Photo[]} photos
 * @param {(file: File, options: object) => Promise<any>} ask the engine
 */
async function* drawPictures(photos, ask, contract, { cover, onProgress }) {
  const taken = new Set();
  for (const [i, { file, name }] of photos.entries()) {
    const { result, preview } = await ask(file, { name, preview: SIDE });
    onProgress(i + 1);
    if (!result) continue; // the file is gone meanwhile
    const picture = await composePicture(preview, result, contract, { cover });
    preview.close();
    yield { name: nameApart(picture.name, taken), input: picture, lastModified: new Date(file.lastModified) };
  }
}

/**
 * All photos as one ZIP.
 *
 * @param {import("./sources.js").Photo[]} photos that have an answer
 * @param {(file: File, options: object) => Promise<any>} ask the engine
 * @param {{cover: boolean, onProgress: (done: number) => void}} options
 * @returns {Promise<File>}
 */
export async function zipPictures(photos, ask, contract, options) {
  const { downloadZip } = await import("client-zip");
  const blob = await downloadZip(drawPictures(photos, ask, contract, options)).blob();
  return new File([blob], "emoji-photos.zip", { type: "application/zip" });
}
