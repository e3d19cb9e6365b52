// Outcomes as rows of named columns and as CSV, the same as edge/emoji_edge/rows.py has them: one row a face.
//
// A photo without a face has one row too, and so has one that failed.

/**
 * @typedef {{label: string, emoji: string, score: number}} Expression
 * @typedef {{box: number[], roll: number | null, detection: number | null, not_sure: boolean, expressions: Expression[]}} Face
 * @typedef {{photo: string, size: number[], faces: Face[], model: {artifact: string, sha256: string}}} Result
 * @typedef {{photo: string, error: string}} Failure
 * @typedef {(Result | Failure) & {photo_sha256?: string}} Outcome photo_sha256: of the photo's bytes
 */

const PLACE = ["photo", "width", "height", "faces", "face", "x0", "y0", "x1", "y1", "roll", "detection", "not_sure"];
const RANKED = ["label", "emoji", "score"];
const ORIGIN = ["artifact", "face_mode", "finder", "ranked_by", "photo_sha256", "model_sha256", "error"];

/** The columns' names, with as many ranks of expressions as `top` says. */
export const listColumns = (top) => [
  ...PLACE,
  ...Array.from({ length: top }, (_, i) => RANKED.map((name) => `${name}_${i + 1}`)).flat(),
  ...ORIGIN,
];

/**
 * A face of the shared shape as columns: its box's corners, and its expressions by rank.
 *
 * @param {Face} face
 * @returns {Record<string, any>}
 */
function flattenFace({ box: [x0, y0, x1, y1], expressions, ...face }) {
  const ranked = expressions.flatMap((expression, i) => RANKED.map((name) => [`${name}_${i + 1}`, expression[name]]));
  return { ...face, x0, y0, x1, y1, ...Object.fromEntries(ranked) };
}

/**
 * The rows of one photo, whose faces were found and not given, with the columns of listColumns that they have.
 *
 * @param {Outcome} outcome
 * @returns {Record<string, string | number | boolean | null | undefined>[]}
 */
export function listRows(outcome) {
  const row = { photo: outcome.photo, photo_sha256: outcome.photo_sha256 };
  if ("error" in outcome) return [{ ...row, error: outcome.error }];
  const [width, height] = outcome.size;
  const { artifact, sha256 } = outcome.model;
  const found = { width, height, faces: outcome.faces.length };
  const whole = { ...row, ...found, artifact, face_mode: "auto", ranked_by: "scores", model_sha256: sha256 };
  const rows = outcome.faces.map((face, i) => ({ ...whole, face: i + 1, ...flattenFace(face) }));
  return rows.length ? rows : [whole];
}

/** One cell of CSV, quoted where it must be; what is not there is empty. */
function writeCell(value) {
  const text = String(value ?? "");
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/**
 * Outcomes as CSV with a head, as `emoji-edge --format csv` writes them.
 *
 * @param {Outcome[]} outcomes
 * @param {number} top how many expressions a face has
 */
export function writeCsv(outcomes, top) {
  const columns = listColumns(top);
  const rows = outcomes.flatMap(listRows).map((row) => columns.map((name) => writeCell(row[name])));
  return [columns, ...rows].map((cells) => `${cells.join(",")}\n`).join("");
}

/** Outcomes as JSON, as `emoji-edge --format json` writes those of several photos. */
export function writeJson(outcomes) {
  const lines = outcomes.map(({ photo_sha256: _, ...outcome }) => JSON.stringify(outcome));
  return `{"results": [\n${lines.join(",\n")}\n]}\n`;
}
