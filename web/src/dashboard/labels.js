// The expressions as the contract names them.

/** Name and emoji of each label, in the network's order. */
export const listExpressions = (contract) =>
  contract.labels.map((label) => ({ label, name: contract.display_names[label], emoji: contract.emoji[label] }));

const SPLITS = ["PrivateTest", "PublicTest", "Validation"]; // held-out pictures before those that settings were chosen on

/** The split that the sections show; undefined when none was measured. */
export const chooseSplit = (report) => SPLITS.find((name) => report.evaluation?.splits?.[name]);

/** Stands in a section's needs for the split that chooseSplit names. */
export const SHOWN = Symbol("the split shown");
