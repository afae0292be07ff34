const units = ['B', 'kB', 'MB', 'GB', 'TB'];

/** `950 B`, `1.5 kB`, `12 MB`: decimal units, as for disks and network speeds. */
export function inBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1_000;
    unit++;
  }
  const shown = unit === 0 || value >= 99.95 ? Math.round(value) : value.toFixed(1);
  return `${shown} ${units[unit]}`;
}
