// The report's numbers on their way to the page: each keeps where in the report it stands, so that a
// test can read it off the page and look it up again.

import { formatNumber, t } from "../../shared/strings.js";

/** @typedef {{value: any, source: string, format: string}} ReportNumber value: a number; null where there is none */

/** The value at a path of keys; undefined where the report lacks it. */
export const lookUp = (report, path) => path.reduce((value, key) => value?.[key], report);

/** A path as a JSON pointer (RFC 6901). */
const writePointer = (path) =>
  path.map((key) => `/${String(key).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");

/**
 * A number of the report.
 *
 * @param {object} report
 * @param {string} format a key of FORMATS
 * @param {...(string | number)} path
 * @returns {ReportNumber}
 */
export const take = (report, format, ...path) => ({
  value: lookUp(report, path) ?? null,
  source: writePointer(path),
  format,
});

const OPERATIONS = {
  sum: (...values) => values.reduce((total, value) => total + value, 0),
  ratio: (a, b) => a / b,
  largest: (...values) => Math.max(...values),
  share: (part, ...values) => part / values.reduce((total, value) => total + value, 0),
};

const keepFinite = (value) => (Number.isFinite(value) ? value : null);

/**
 * A number worked out of others; null where that cannot be done, as a share of nothing.
 *
 * @param {keyof OPERATIONS} operation
 * @param {string} format
 * @param {...ReportNumber} numbers of the report
 */
export const derive = (operation, format, ...numbers) => ({
  value: keepFinite(OPERATIONS[operation](...numbers.map((number) => number.value))),
  source: [operation, ...numbers.map((number) => number.source)].join(" "),
  format,
});

const SUPERSCRIPTS = { "-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" };

const raise = (exponent) => [...exponent.replace("+", "")].map((sign) => SUPERSCRIPTS[sign]).join("");

/** 0.0000013 as 1.3 × 10⁻⁶; not below a thousandth as 0.0013. */
function formatDifference(value) {
  if (value === 0 || value >= 1e-3) return formatNumber(value, { maximumSignificantDigits: 2 });
  const [mantissa, exponent] = value.toExponential(1).split("e");
  return `${formatNumber(Number(mantissa))} × 10${raise(exponent)}`;
}

function formatBytes(value) {
  const [unit, size] = value >= 1e6 || value === 0 ? ["megabyte", 1e6] : ["kilobyte", 1e3];
  return formatNumber(value / size, { style: "unit", unit, maximumSignificantDigits: 3 });
}

const percent = (digits) => (value) =>
  formatNumber(value, { style: "percent", minimumFractionDigits: digits, maximumFractionDigits: digits });
const fixed = (digits) => (value) =>
  formatNumber(value, { minimumFractionDigits: digits, maximumFractionDigits: digits });

export const FORMATS = {
  count: (value) => formatNumber(value, { maximumFractionDigits: 0 }),
  plain: (value) => formatNumber(value, { maximumFractionDigits: 3 }),
  percent: percent(1),
  whole: percent(0),
  points: (value) =>
    t("dashboard.points", {
      value: formatNumber(value * 100, { maximumFractionDigits: 2, signDisplay: "exceptZero" }),
    }),
  gap: (value) => t("dashboard.points", { value: formatNumber(value * 100, { maximumFractionDigits: 1 }) }),
  score: fixed(3),
  bits: fixed(2),
  difference: formatDifference,
  power: (value) => `10${raise(String(Math.round(Math.log10(value))))}`,
  bytes: formatBytes,
  compact: (value) => formatNumber(value, { notation: "compact", maximumSignificantDigits: 3 }),
  ms: (value) => formatNumber(value, { style: "unit", unit: "millisecond", maximumSignificantDigits: 3 }),
  minutes: (value) => formatNumber(value, { style: "unit", unit: "minute", maximumFractionDigits: 0 }),
};

/** The number's text in the language in use; a dash where there is none. */
export const format = (number) => (number.value === null ? "–" : FORMATS[number.format](number.value));

/** Write the number into an HTML or SVG element, with its source beside it. */
export function setNumber(element, number) {
  element.textContent = format(number);
  if (number.value === null) return element;
  element.dataset.value = number.value;
  element.dataset.source = number.source;
  return element;
}

/** An element with the number: `<data>` in a sentence, `<td>` in a table. */
export const makeNumber = (number, tag = "data") => setNumber(document.createElement(tag), number);

/** The tenths around some shares, as an axis' domain. */
export const roundOut = (shares) => [
  Math.floor(Math.min(...shares) * 10) / 10,
  Math.ceil(Math.max(...shares) * 10) / 10,
];

const isNumber = (value) => typeof value === "object" && value !== null && "source" in value;

/**
 * The text of a key as nodes: numbers among the values become elements that know their source, sentences stay as they are.
 *
 * @param {string} key
 * @param {Record<string, any>} [values] numbers of the report, texts, or what another writeSentence gave
 * @returns {(Node | string)[]}
 */
export function writeSentence(key, values = {}) {
  const names = Object.keys(values);
  const marked = t(key, Object.fromEntries(names.map((name) => [name, `\u0001${name}\u0001`])));
  return marked.split("\u0001").flatMap((part, i) => {
    if (i % 2 === 0 || Array.isArray(values[part])) return i % 2 === 0 ? part : values[part];
    return isNumber(values[part]) ? makeNumber(values[part]) : String(values[part]);
  });
}

/** The text of a key with its numbers formatted, for attributes. */
export const writeText = (key, values = {}) =>
  t(
    key,
    Object.fromEntries(Object.entries(values).map(([name, value]) => [name, isNumber(value) ? format(value) : value])),
  );
