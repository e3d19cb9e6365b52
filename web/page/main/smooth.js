// Steadies a camera's answers: a face keeps its place and its scores follow slowly.

import { measureOverlap } from "emoji-edge/detector.js";

const HALF_LIFE = 250; // ms after which half of a change has arrived
const SAME_FACE = 0.3; // overlap of the boxes of one face in two pictures

/** Mean of two lists, `part` of it the new one's. */
const mixLists = (old, recent, part) => recent.map((value, i) => old[i] + part * (value - old[i]));

/**
 * A function that takes the faces of each picture and gives them back in the order of before, with scores and boxes moved
 * towards the new ones by the time that went by.
 *
 * @returns {(faces: {box: number[], scores: Float32Array}[], ms: number) => object[]}
 */
export function makeSmoother() {
  let kept = [];
  return (faces, ms) => {
    const part = 1 - 0.5 ** (ms / HALF_LIFE);
    const rest = [...faces];
    const followed = kept.flatMap((old) => {
      const at = rest.findIndex((face) => measureOverlap(old.box, face.box) > SAME_FACE);
      if (at < 0) return [];
      const [face] = rest.splice(at, 1);
      return [{ ...face, box: mixLists(old.box, face.box, part), scores: mixLists(old.scores, face.scores, part) }];
    });
    kept = [...followed, ...rest];
    return kept;
  };
}
