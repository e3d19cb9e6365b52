// Tables of the charts' numbers. Sortable ones have a button in each head.

import { t } from "../../shared/strings.js";
import { setNumber } from "../report/numbers.js";

const isNumber = (cell) => typeof cell === "object";

/** Orders texts by the alphabet and numbers by size; what was not measured comes last either way. */
function compare(a, b, sign) {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  return sign * (typeof a === "string" ? a.localeCompare(String(b)) : a - b);
}

function makeCell(cell, column) {
  const element = document.createElement(column === 0 ? "th" : "td");
  if (column === 0) element.scope = "row";
  if (isNumber(cell)) {
    element.className = "number";
    return setNumber(element, cell);
  }
  element.textContent = cell;
  return element;
}

/**
 * @param {string} title its caption, for screen readers
 * @param {{head: string[], rows: (string | {value: number})[][], sortable?: boolean}} table
 * @returns {HTMLElement} a box that scrolls sideways where the table is wider than it
 */
export function makeTable(title, { head, rows, sortable = false }) {
  const table = document.createElement("table");
  table.className = "numbers";
  const caption = table.createCaption();
  caption.className = "visually-hidden";
  caption.textContent = title;
  const heads = table.createTHead().insertRow();
  for (const name of head) {
    const cell = document.createElement("th");
    cell.scope = "col";
    cell.textContent = name;
    heads.append(cell);
  }
  const body = table.createTBody();
  for (const row of rows) body.insertRow().append(...row.map(makeCell));
  if (sortable) letSort(heads, body, rows);
  const box = document.createElement("div");
  box.className = "table-box";
  box.tabIndex = 0;
  box.role = "region";
  box.ariaLabel = title;
  box.append(table);
  return box;
}

/** A button in each head: once for the smallest first, again for the largest. */
function letSort(heads, body, rows) {
  const lines = [...body.rows].map((line, i) => ({
    line,
    keys: rows[i].map((cell) => (isNumber(cell) ? cell.value : cell)),
  }));
  [...heads.cells].forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    button.title = t("dashboard.sort");
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const down = head.ariaSort === "ascending";
      for (const other of heads.cells) other.removeAttribute("aria-sort");
      head.ariaSort = down ? "descending" : "ascending";
      const sorted = lines.toSorted((a, b) => compare(a.keys[column], b.keys[column], down ? -1 : 1));
      body.append(...sorted.map(({ line }) => line));
    });
  });
}
