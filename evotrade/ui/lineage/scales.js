// Numbers to places and back, and the ticks of an axis.

// Logarithmic in both directions, with a line through zero: fitness goes from -100 % to many thousands.
const SCALES = {
  log: {
    place: (value) => Math.sign(value) * Math.log10(1 + Math.abs(value)),
    value: (place) => Math.sign(place) * (10 ** Math.abs(place) - 1),
  },
  linear: { place: (value) => value, value: (place) => place },
};

const FEW_TICKS = 4;
const LARGEST_POWER = 39; // of a 32-bit float

function evenTicks(from, to, most) {
  const rough = (to - from) / Math.max(1, most);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5].find((times) => times * power >= rough) ?? 10);
  if (!(step > 0)) return [];
  const ticks = [];
  for (let n = Math.ceil(from / step); n * step <= to && ticks.length <= 2 * most; n++) ticks.push(n * step);
  return ticks;
}

// The most important first, for the last ones give way where there is no room.
function decadeTicks(from, to, most) {
  const ticks = [0];
  for (let power = LARGEST_POWER; power >= 0; power--) ticks.push(10 ** power, -(10 ** power));
  for (let power = 0; power <= LARGEST_POWER; power++) {
    for (const times of [2, 5]) ticks.push(times * 10 ** power, -times * 10 ** power);
  }
  const within = ticks.filter((value) => value >= from && value <= to);
  return within.length < FEW_TICKS ? evenTicks(from, to, most) : within;
}

const MILLION = 1e6;
const PLAIN = new Intl.NumberFormat("en-US", { maximumFractionDigits: 2 });
const COMPACT = new Intl.NumberFormat("en-US", { notation: "compact", maximumFractionDigits: 2 });

function written(value, unit = "") {
  if (Number.isNaN(value)) return "–";
  const text = (Math.abs(value) < MILLION ? PLAIN : COMPACT).format(value);
  return (text === "-0" ? "0" : text.replace("-", "−")) + unit;
}
