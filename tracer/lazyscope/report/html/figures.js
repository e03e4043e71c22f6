// Numbers as people read them, as the rest of the report writes them.
const count = (number) => number.toLocaleString("en-US");

/** So many digits; what lies halfway becomes even, as Python has it. */
function precise(value, digits) {
  const longer = value.toPrecision(digits + 1);
  if (Number(longer) !== value || !longer.endsWith("5")) return value.toPrecision(digits);
  const down = (value * (1 - 1e-9)).toPrecision(digits);
  return /[02468]$/.test(down) ? down : value.toPrecision(digits);
}

function duration(micros) {
  const seconds = micros / 1e6;
  if (seconds < 0.0995) return `${Number(precise(micros / 1000, 2))} ms`;
  if (seconds < 99.95) return `${precise(seconds, 3)} s`;
  const whole = Math.round(seconds);
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return whole >= 120 ? `${minutes} min ${whole % 60} s` : `${whole} s`;
  return `${count(Math.floor(minutes / 60))} h ${minutes % 60} min`;
}

function size(bytes) {
  if (bytes === null) return "?";
  const units = ["B", "kB", "MB", "GB", "TB", "PB"];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const shown = value < 999.5 ? Number(precise(value, 3)) : Math.round(value);
  return `${count(shown)} ${units[unit]}`;
}
