// Reads the contract, where labels, sizes, constants and thresholds stand; nothing of it is repeated in code.

const VERSION = 1;

/** The contract or a network cannot be used; the message says why in one line. */
export class ModelError extends Error {
  name = "ModelError";
}

/**
 * Fetch a JSON file; ModelError where it is not to be had.
 *
 * @param {string | URL} address
 */
export async function fetchJson(address) {
  const response = await fetch(address).catch(() => null);
  if (!response?.ok) throw new ModelError(`${address} cannot be loaded`);
  return response.json();
}

/**
 * The contract as models/contract.json has it, checked as far as a wrong file would go unnoticed.
 *
 * @param {string | URL} models address of the models folder, with a slash at its end
 */
export async function loadContract(models) {
  const contract = await fetchJson(new URL("contract.json", models));
  if (contract.version !== VERSION) throw new ModelError(`the contract's version is ${contract.version}, this page reads ${VERSION}`);
  for (const key of ["emoji", "display_names"]) {
    const odd = contract.labels.find((label) => !contract[key][label]);
    if (odd) throw new ModelError(`the contract's ${key} lacks ${odd}`);
  }
  return contract;
}
