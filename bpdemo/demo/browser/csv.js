// Rows of a table as CSV, as `bpdemo.export.rows` writes them.

/**
 * @param {string[]} columns
 * @param {Record<string, string>[]} rows what is not there is empty
 * @returns {string}
 */
export function toCsv(columns, rows) {
  const lines = [columns, ...rows.map((row) => columns.map((column) => plain(row[column] ?? "")))];
  return lines.map((cells) => `${cells.map(quote).join(",")}\n`).join("");
}

/** @returns {string} text that commands no spreadsheet: it may come with the name of a file */
function plain(text) {
  return /^[=+@-]/.test(text) && !/^-\d+\.?\d*$/.test(text) ? `'${text}` : text;
}

const quote = (text) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
