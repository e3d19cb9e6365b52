// Fills the pages at build time: partials, the English texts and the Content-Security-Policy.

import { readFileSync } from "node:fs";
import { join } from "node:path";

const NOT_IN_META = ["frame-ancestors"]; // browsers take it from a header only

/** The policy of headers.json as a meta tag. */
function writePolicy(headers) {
  const rules = Object.entries(headers["Content-Security-Policy"]).filter(([name]) => !NOT_IN_META.includes(name));
  const content = rules.map((rule) => rule.join(" ")).join("; ");
  return `<meta http-equiv="Content-Security-Policy" content="${content}">`;
}

/** `<!-- include: NAME -->` becomes partials/NAME.html. */
function includePartials(html, root) {
  return html.replace(/<!-- include: ([\w-]+) -->/g, (_, name) =>
    readFileSync(join(root, "partials", `${name}.html`), "utf8").trim(),
  );
}

/** Texts into the elements with data-t="key" and the attributes of data-t-ATTRIBUTE="key". */
export function fillTexts(html, strings) {
  const find = (key) => {
    if (!(key in strings)) throw new Error(`the strings have no ${key}`);
    return strings[key].replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
  };
  return html
    .replace(/(<[a-z0-9]+[^>]*\sdata-t="([\w.-]+)"[^>]*>)(<\/)/g, (_, tag, key, end) => tag + find(key) + end)
    .replace(/\sdata-t-([a-z-]+)="([\w.-]+)"/g, (found, name, key) => `${found} ${name}="${find(key)}"`);
}

/**
 * @param {string} root the folder of the pages
 * @returns {import("vite").Plugin}
 */
export function fillPages(root) {
  const read = (name) => JSON.parse(readFileSync(join(root, name), "utf8"));
  let building = false;
  return {
    name: "pages",
    configResolved: (config) => {
      building = config.command === "build"; // `vite dev` needs inline styles and a socket
    },
    transformIndexHtml: {
      order: "pre",
      handler(html) {
        const strings = { ...read("shared/strings/en.json"), ...read("video/strings/en.json") };
        const filled = fillTexts(includePartials(html, root), strings);
        return building ? filled.replace("<head>", `<head>\n    ${writePolicy(read("headers.json"))}`) : filled;
      },
    },
  };
}
