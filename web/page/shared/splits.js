// The splits of FER-2013 that networks are measured on.

/** Held-out pictures before those that settings were chosen on; the first that was measured is shown. */
export const SPLITS = ["PrivateTest", "PublicTest", "Validation"];

/**
 * The split that both pages show; undefined when none was measured.
 *
 * @param {Record<string, any>} report models/report.json
 * @returns {string | undefined}
 */
export const findSplit = (report) => SPLITS.find((name) => report.evaluation?.splits?.[name]);
