// Files and texts that the page makes, and where they go.

/** Hand a file to the browser's own download. */
export function saveFile(file) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = file.name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/**
 * Put a text on the clipboard.
 *
 * @param {string} text
 * @returns {Promise<boolean>} whether it is there: a browser may forbid it, and has no clipboard on plain HTTP
 */
export async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}
