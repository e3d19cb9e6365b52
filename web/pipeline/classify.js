// Scores to the result shape that every front end shares, as edge/emoji_edge/classify.py does.

/** All expressions, best first; equal scores in the order of the labels. */
export function rankScores(scores, contract) {
  return contract.labels
    .map((label, i) => ({ label, emoji: contract.emoji[label], score: scores[i] }))
    .sort((a, b) => b.score - a.score);
}

/** A score as it is shown, in whole percent. */
export const showScore = (score) => Math.floor(100 * score + 0.5);

const round = (value, digits) => Number(value.toFixed(digits));

/**
 * One face in the shared shape.
 *
 * @param {{box: number[], roll: number | null, detection: number | null}} place the head's tilt in degrees clockwise and the
 *   detector's score; null where the picture was taken as the face
 * @param {Float32Array} scores [labels]
 * @param {import("./contract.js").Contract} contract
 * @param {number} [top] how many expressions; the contract's where it is left out
 */
export function describeFace({ box, roll, detection }, scores, contract, top = contract.top) {
  return {
    box: box.map((value) => round(value, 2)),
    roll: roll === null ? null : round(roll, 2),
    detection: detection === null ? null : round(detection, 6),
    not_sure: Math.max(...scores) < contract.not_sure.score_below,
    expressions: rankScores(scores, contract)
      .slice(0, top)
      .map((entry) => ({ ...entry, score: round(entry.score, 6) })),
  };
}
