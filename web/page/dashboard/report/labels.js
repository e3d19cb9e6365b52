// The expressions as the page shows them.

import { findSplit } from "../../shared/splits.js";
import { nameLabel, t } from "../../shared/strings.js";

/** The split that the sections show; to be asked where one was measured, which a section's needs see to. */
export const chooseSplit = (report) => /** @type {string} */ (findSplit(report));

/** Name in the visitor's language and emoji of each label, in the network's order. */
export const listExpressions = (contract) =>
  contract.labels.map((label) => ({ label, name: nameLabel(label, contract), emoji: contract.emoji[label] }));

/** Stands in a section's needs for the split that chooseSplit names. */
export const SHOWN = Symbol("the split shown");

/** A table's head from the ends of its texts' keys. */
export const writeHead = (...keys) => keys.map((key) => t(`dashboard.${key}`));
