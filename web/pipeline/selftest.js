// Runs all goldens on this device and holds the answers against Keras's, as edge/emoji_edge/selftest.py does.

import { fetchFile } from "#platform/fetch.js";
import { fetchJson } from "./contract.js";
import { decodePixels } from "./index.js";

const LOSSY = /\.(jpe?g|webp)$/; // whose decoders may differ by a level

const largest = (a, b) => Math.max(...Array.from(b, (value, i) => Math.abs(a[i] - value)));

/** Whether both have the same best, or Keras's own two scores are nearer than `near`. */
function agreeOnBest(scores, expected, near) {
  const best = scores.indexOf(Math.max(...scores));
  return Math.max(...expected) - expected[best] < near;
}

async function measureFaces(classifier, faces) {
  /** @type {{id: string, difference: number}[]} */
  const each = [];
  const measured = { count: faces.length, agreed: 0, difference: 0, labelDifference: 0, logits: 0, each };
  for (const face of faces) {
    const { scores, difference, labelDifference, logits } = await classifier.compareGolden(face);
    if (agreeOnBest(scores, face.scores, classifier.contract.same_answer.score)) measured.agreed += 1;
    measured.difference = Math.max(measured.difference, difference);
    measured.labelDifference = Math.max(measured.labelDifference, labelDifference);
    measured.logits = Math.max(measured.logits, logits);
    measured.each.push({ id: face.id, difference });
  }
  return measured;
}

/** Decode the golden photos, find and cut their faces, as for any photo. */
async function measurePhotos(classifier, photos, folder) {
  /** @type {string[]} */
  const problems = [];
  const measured = { count: photos.length, problems, box: 0, lossy: 0, exact: 0 };
  for (const { file, size, faces } of photos) {
    const photo = await classifier.openPhoto(await (await fetchFile(new URL(file, folder))).blob());
    const found = await classifier.cutFaces(photo);
    if (found.length !== faces.length || photo.width !== size[0] || photo.height !== size[1]) {
      measured.problems.push(
        `${file}: ${found.length} faces in ${photo.width}x${photo.height}, expected ${faces.length} in ${size.join("x")}`,
      );
      continue;
    }
    for (const [i, { box, pixels }] of found.entries()) {
      measured.box = Math.max(measured.box, largest(box, faces[i].box));
      const kind = LOSSY.test(file) ? "lossy" : "exact";
      measured[kind] = Math.max(measured[kind], largest(pixels, decodePixels(faces[i].pixels)));
    }
  }
  return measured;
}

/** A photo's faces, each with the photo's file as its id. */
const nameFaces = ({ file, faces }) => faces.map((face) => ({ ...face, id: file }));

/**
 * @typedef {object} SelfTest
 * @property {boolean} passed
 * @property {string} backend
 * @property {number} ms for all of it
 * @property {{difference: number, box: number, lossy: number, exact: number}} limits
 * @property {{count: number, agreed: number, difference: number, labelDifference: number, logits: number,
 *   each: {id: string, difference: number}[]}} faces largest differences, and how many have Keras's best expression
 * @property {{count: number, problems: string[], box: number, lossy: number, exact: number}} photos
 */

/**
 * Run every golden face and photo.
 *
 * @param {import("./index.js").Classifier} classifier
 * @returns {Promise<SelfTest>}
 */
export async function runSelfTest(classifier) {
  const folder = new URL("golden/", classifier.folder);
  const { labels, faces, photos } = await fetchJson(new URL("golden.json", folder));
  const { same_answer: same, labels: own } = classifier.contract;
  const limits = { difference: classifier.limit, box: same.box, lossy: same.lossy_pixel, exact: 0 };
  const began = performance.now();
  const measured = {
    faces: await measureFaces(classifier, [...faces, ...photos.flatMap(nameFaces)]),
    photos: await measurePhotos(classifier, photos, folder),
  };
  const ms = performance.now() - began;
  const sameLabels = labels.join() === own.join();
  const held = measured.faces.difference <= limits.difference && measured.faces.agreed === measured.faces.count;
  const placed = ["box", "lossy", "exact"].every((key) => measured.photos[key] <= limits[key]);
  const passed = sameLabels && held && placed && !measured.photos.problems.length;
  return { passed, backend: classifier.backend, ms, limits, ...measured };
}
