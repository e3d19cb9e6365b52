// Files by their address, in Node, whose own fetch reads no file of this computer.

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

/**
 * Fetch a file.
 *
 * @param {string | URL} address
 * @returns {Promise<Response>}
 */
export async function fetchFile(address) {
  const url = new URL(address);
  return url.protocol === "file:" ? new Response(await readFile(url)) : fetch(url);
}

/** The address that relative ones are meant from: of the folder that the program runs in. */
export const findBase = () => String(pathToFileURL(join(process.cwd(), "/")));
