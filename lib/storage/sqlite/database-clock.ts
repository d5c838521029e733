/** SQLite's own clock in milliseconds since the epoch; stands still within one statement. `subsec` is known since SQLite 3.42. */
export const NOW = `CAST(ROUND(unixepoch('subsec') * 1000) AS INTEGER)`;
