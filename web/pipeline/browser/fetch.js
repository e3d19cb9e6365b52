// Files by their address, in a page or a worker.

/**
 * Fetch a file.
 *
 * @param {string | URL} address
 * @returns {Promise<Response>}
 */
export const fetchFile = (address) => fetch(address);

/** The address that relative ones are meant from. */
export const findBase = () => globalThis.location.href;
