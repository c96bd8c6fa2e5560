// Draws a population in three layers: lines behind, cells, and in front the family of the chosen one. Each
// is drawn out of sight and put onto its canvas by `present`, so that nobody sees it half done.

const MARGIN = { left: 74, right: 12, top: 38, bottom: 40 };
const TICK_PX = { across: 90, down: 26 };
const FRONT_LINE_PX = 1.25;
const BATCH = 64; // lines in one path: a long path costs more than its lines do
const CHOSEN_PX = 6;
const LAYERS = ["back", "middle", "front"];
const COLOUR_NAMES = ["text", "gray", "green", "red", "violet", "blue", "orange", "border", "background"];
const KIN_COLOURS = ["blue", "orange"]; // ancestors, descendants

class Painter {
  constructor(find) {
    this.shown = Object.fromEntries(LAYERS.map((name) => [name, find(`.${name}`).getContext("2d")]));
    for (const name of LAYERS) this[name] = new OffscreenCanvas(1, 1).getContext("2d");
    this.scratch = new OffscreenCanvas(1, 1).getContext("2d");
  }

  readTheme(host) {
    const style = getComputedStyle(host);
    const read = (name) => [name, style.getPropertyValue(`--st-${name}-color`).trim() || "gray"];
    this.colours = Object.fromEntries(COLOUR_NAMES.map(read));
    this.font = `12px ${style.getPropertyValue("--st-font").trim() || "sans-serif"}`;
    return JSON.stringify([this.colours, this.font]); // what it looks like, to tell a new theme by
  }

  // The place of the picture on the screen: `view` in places, everything else in pixels of the page.
  fit(width, height, view) {
    this.view = view;
    this.ratio = window.devicePixelRatio || 1;
    this.area = {
      left: MARGIN.left,
      top: MARGIN.top,
      width: Math.max(1, width - MARGIN.left - MARGIN.right),
      height: Math.max(1, height - MARGIN.top - MARGIN.bottom),
    };
    this.perX = this.area.width / (view.right - view.left);
    this.perY = this.area.height / (view.top - view.bottom);
    const [across, down] = [Math.round(width * this.ratio), Math.round(height * this.ratio)];
    for (const { canvas } of [this.back, this.middle, this.front, this.scratch]) resize(canvas, across, down);
  }

  present(names) {
    for (const name of names) {
      const [from, to] = [this[name].canvas, this.shown[name]];
      resize(to.canvas, from.width, from.height);
      to.clearRect(0, 0, from.width, from.height);
      to.drawImage(from, 0, 0);
    }
  }

  x(place) {
    return this.area.left + (place - this.view.left) * this.perX;
  }

  y(place) {
    return this.area.top + (this.view.top - place) * this.perY;
  }

  sees(cells, i) {
    const { left, right, bottom, top } = this.view;
    return i >= left && i <= right && cells.y[i] >= bottom && cells.y[i] <= top;
  }

  // The axes; the lines from parents to children come with the steps that are returned.
  paintBack(scene) {
    this.clear(this.back);
    this.axes(scene);
    const { cells } = scene;
    const style = this.lineStyle("gray", cells.lineCount, cells, 12);
    return chain(
      cells.parents.map((parents) => this.strokes(this.back, cells, style, cells.count, (i) => [i, parents[i]])),
    );
  }

  paintMiddle({ cells, order, palette, codes }) {
    const paints = palette.map(bytes);
    this.stamp(this.middle, cells, order, 0, (i) => paints[codes[i]]);
  }

  // The family's cells and the chosen one; their lines come with the steps, and go below the cells.
  paintFront(scene) {
    this.clear(this.front);
    this.paintKin(scene);
    const { cells, family } = scene;
    const lines = family.lines.map((pairs, which) => {
      const style = this.lineStyle(KIN_COLOURS[which], pairs.length / 2, cells, 30);
      const pair = (i) => [pairs[2 * i], pairs[2 * i + 1]];
      return this.strokes(this.front, cells, style, pairs.length / 2, pair);
    });
    return chain([...lines, once(() => this.paintKin(scene))]);
  }

  paintKin({ cells, family, chosen }) {
    const paints = KIN_COLOURS.map((name) => bytes(this.colours[name]));
    this.stamp(this.scratch, cells, family.members, 1, (i) => paints[family.kin[i] - 1]);
    this.front.save();
    this.front.resetTransform();
    this.front.drawImage(this.scratch.canvas, 0, 0);
    this.front.restore();
    if (chosen !== NOBODY && this.sees(cells, chosen)) this.paintChosen(this.x(chosen), this.y(cells.y[chosen]));
  }

  paintChosen(x, y) {
    this.front.beginPath();
    this.front.arc(x, y, CHOSEN_PX, 0, 2 * Math.PI);
    this.front.fillStyle = this.colours.background;
    this.front.fill();
    this.front.strokeStyle = this.colours.text;
    this.front.lineWidth = 3;
    this.front.stroke();
  }

  clear(context) {
    context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    context.clearRect(0, 0, context.canvas.width, context.canvas.height);
    context.font = this.font;
  }

  // The more lines there are in sight, the fainter each one is.
  lineStyle(name, lines, cells, strength) {
    const { left, right } = this.view;
    const inSight = lines * Math.min(1, (right - left) / Math.max(1, cells.count));
    return { colour: this.colours[name], alpha: Math.max(0.04, Math.min(0.7, strength / Math.sqrt(inSight + 1))) };
  }

  *strokes(context, { y }, { colour, alpha }, count, pair) {
    const { left, right, bottom, top } = this.view;
    let drawn = 0;
    const begin = () => {
      context.save();
      context.beginPath();
      context.rect(this.area.left, this.area.top, this.area.width, this.area.height);
      context.clip();
      context.strokeStyle = colour;
      context.globalAlpha = alpha;
      context.lineWidth = context === this.front ? FRONT_LINE_PX : 1;
      context.beginPath();
    };
    const end = () => {
      context.stroke();
      context.restore();
    };
    begin();
    for (let i = 0; i < count; i++) {
      const [a, b] = pair(i);
      if (b === NOBODY || Math.max(a, b) < left || Math.min(a, b) > right) continue;
      if (Math.max(y[a], y[b]) < bottom || Math.min(y[a], y[b]) > top) continue;
      context.moveTo(this.x(a), this.y(y[a]));
      context.lineTo(this.x(b), this.y(y[b]));
      if (++drawn % BATCH) continue;
      end();
      yield;
      begin();
    }
    end();
  }

  // Cells go pixel by pixel into an image, since 100 000 discs drawn one by one would take a second.
  stamp(context, cells, which, larger, paint) {
    const { width, height } = context.canvas;
    const image = context.createImageData(width, height);
    const pixels = new Uint32Array(image.data.buffer);
    const disc = this.disc(this.radius(cells.count) + larger);
    for (const i of which) {
      if (this.sees(cells, i)) this.dot(pixels, width, height, this.x(i), this.y(cells.y[i]), disc, paint(i));
    }
    context.putImageData(image, 0, 0);
  }

  // So large that neighbours leave each other some room.
  radius(count) {
    const { left, right } = this.view;
    const inSight = Math.max(1, Math.min(count, right - left));
    return Math.max(1.1, Math.min(4.5, 0.2 * Math.sqrt((this.area.width * this.area.height) / inSight)));
  }

  // The pixels of a disc as dx, dy, how much of it is covered (0 to 255), and so on.
  disc(radius) {
    const r = radius * this.ratio;
    const pixels = [];
    for (let dy = -Math.ceil(r); dy <= r + 1; dy++) {
      for (let dx = -Math.ceil(r); dx <= r + 1; dx++) {
        const covered = Math.max(0, Math.min(1, r + 0.5 - Math.hypot(dx, dy)));
        if (covered) pixels.push(dx, dy, Math.round(255 * covered));
      }
    }
    return pixels;
  }

  dot(pixels, width, height, left, top, disc, paint) {
    const [x, y] = [Math.round(left * this.ratio), Math.round(top * this.ratio)];
    for (let k = 0; k < disc.length; k += 3) {
      const [across, down] = [x + disc[k], y + disc[k + 1]];
      if (across < 0 || across >= width || down < 0 || down >= height) continue;
      const at = down * width + across;
      if (disc[k + 2] >= pixels[at] >>> 24) pixels[at] = (disc[k + 2] << 24) | paint;
    }
  }

  axes({ cells, scale, unit, title }) {
    const { back } = this;
    const { left, top, width, height } = this.area;
    const [bottom, right] = [top + height, left + width];
    back.strokeStyle = this.colours.border;
    back.lineWidth = 0.5;
    back.strokeRect(left, top, width, height);
    for (const value of this.apart(this.fitnessTicks(scale), TICK_PX.down, (value) => this.y(scale.place(value)))) {
      const y = this.y(scale.place(value));
      line(back, left, y, right, y);
      this.write(written(value, unit), left - 8, y, "right", "middle", "gray");
    }
    for (const id of this.apart(this.numberTicks(cells), TICK_PX.across / 2, (id) => this.x(cells.place(id)))) {
      const x = this.x(cells.place(id));
      line(back, x, top, x, bottom);
      this.write(PLAIN.format(id), x, bottom + 6, "center", "top", "gray");
    }
    this.write("Cells in the order of their birth, by number", left + width / 2, bottom + 22, "center", "top", "text");
    this.write(title, 4, top - 16, "left", "middle", "text");
  }

  write(text, x, y, align, baseline, colour) {
    Object.assign(this.back, { textAlign: align, textBaseline: baseline, fillStyle: this.colours[colour] });
    this.back.fillText(text, x, y);
  }

  // Those of the ticks that have room, the first ones before the others.
  apart(ticks, room, where) {
    const kept = [];
    for (const tick of ticks) {
      if (kept.every((other) => Math.abs(where(other) - where(tick)) >= room)) kept.push(tick);
    }
    return kept;
  }

  numberTicks({ id, count }) {
    if (!count) return [];
    const [first, last] = [Math.max(0, Math.ceil(this.view.left)), Math.min(count - 1, Math.floor(this.view.right))];
    const ticks = evenTicks(id[first], id[last], this.area.width / TICK_PX.across);
    return ticks.filter(Number.isInteger);
  }

  fitnessTicks(scale) {
    const [from, to] = [scale.value(this.view.bottom), scale.value(this.view.top)];
    const most = this.area.height / (2 * TICK_PX.down);
    return scale === SCALES.log ? decadeTicks(from, to, most) : evenTicks(from, to, most);
  }
}

function* chain(generators) {
  for (const steps of generators) yield* steps;
}

function* once(action) {
  action();
}

function resize(canvas, width, height) {
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
}

function line(context, x1, y1, x2, y2) {
  context.beginPath();
  context.moveTo(x1, y1);
  context.lineTo(x2, y2);
  context.stroke();
}

// A colour of CSS as the three lower bytes of a pixel.
function bytes(colour) {
  const context = new OffscreenCanvas(1, 1).getContext("2d");
  context.fillStyle = colour;
  context.fillRect(0, 0, 1, 1);
  const [red, green, blue] = context.getImageData(0, 0, 1, 1).data;
  return (blue << 16) | (green << 8) | red;
}
