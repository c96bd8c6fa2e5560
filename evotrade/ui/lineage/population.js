// The component: takes the population, follows hand and keys, says which cell is chosen.
// Text of the store only ever goes into textContent.

const NEAR_PX = 14;
const HOLD_MS = 700; // that the picture before stays while a new one gets its lines
const CLOSEST = 8; // cells across
const DEEPEST = 1e-4; // of the whole height
const COLOURS = {
  status: { alive: "green", dead: "gray" },
  origin: { founder: "violet", evolution: "green", llm: "red", person: "text", import: "gray" },
};

// The component comes twice, with one module: as the carrier of the cells, and as the picture of them. So
// the many cells travel when they change, and not whenever another one is chosen.
const delivered = { version: null, cells: null, carrier: null };
const pictures = new Map();

export default function ({ data, parentElement, setTriggerValue }) {
  return data.cells ? carry(data, parentElement) : picture(data, parentElement, setTriggerValue);
}

function carry({ version, cells }, carrier) {
  if (version !== delivered.version) Object.assign(delivered, { version, cells: new Cells(cells), carrier });
  for (const shown of pictures.values()) shown.refresh();
  return () => {
    if (delivered.carrier === carrier) Object.assign(delivered, { version: null, cells: null, carrier: null });
  };
}

function picture(data, parentElement, setTriggerValue) {
  if (!pictures.has(parentElement)) pictures.set(parentElement, new Population(parentElement));
  const shown = pictures.get(parentElement);
  shown.tell = (cell) => setTriggerValue("cell", cell);
  shown.wanted = data;
  shown.refresh();
  return () => {
    shown.close();
    pictures.delete(parentElement);
  };
}

class Population {
  constructor(root) {
    const find = (selector) => root.querySelector(selector);
    root.append(find("template").content.cloneNode(true));
    this.host = root.host ?? root;
    [this.plot, this.tip, this.ring, this.legend] = [".plot", ".tip", ".ring", ".legend"].map(find);
    this.painter = new Painter(find);
    this.box = null; // the part in view; null for the whole, however it grows
    this.hovered = NOBODY;
    this.unseen = new Set(); // layers that are drawn and not on the page yet
    this.lines = new Steps(() => this.present("back"));
    this.familyLines = new Steps(() => this.present("front"));
    this.hand = new Hand(this, this.plot, find);
    this.observer = new ResizeObserver(() => this.draw());
    this.observer.observe(this.plot);
  }

  close() {
    this.observer.disconnect();
    this.hand.close();
    cancelAnimationFrame(this.frame);
    this.lines.stop();
    this.familyLines.stop();
  }

  // Show what is wanted as soon as its cells are there.
  refresh() {
    if (this.wanted.version === delivered.version && this.wanted !== this.data) this.show(this.wanted);
  }

  show(data) {
    const before = this.data ?? {};
    const changed = (...names) => names.some((name) => data[name] !== before[name]);
    this.data = data;
    if (changed("version")) {
      this.cells = delivered.cells;
      this.point(NOBODY);
    }
    if (changed("version", "scale")) {
      this.scale = SCALES[data.scale];
      this.cells.arrange(this.scale);
    }
    if (changed("filter", "scale")) this.box = null;
    const theme = this.painter.readTheme(this.host);
    if (changed("version", "colour", "scale", "filter") || theme !== this.theme) {
      this.theme = theme;
      this.colour();
      this.draw({ calm: !changed("scale", "filter") });
    }
    this.select(this.cells.position(data.chosen), changed("version"));
    this.plot.setAttribute("aria-label", data.alt);
  }

  colour() {
    const { colour, labels } = this.data;
    this.codes = this.cells.codes[colour];
    this.palette = labels[colour].map((label) => this.painter.colours[COLOURS[colour][label] ?? "gray"]);
    const members = labels[colour].map(() => []);
    for (let i = 0; i < this.cells.count; i++) members[this.codes[i]].push(i);
    this.counts = members.map((cells) => cells.length);
    this.order = members.sort((a, b) => b.length - a.length).flat(); // the rarest last, to be seen
  }

  select(position, anew = false) {
    if (anew || position !== this.chosen) {
      this.chosen = position;
      this.family = this.cells.family(position);
      this.draw({ family: true });
    }
    this.explain();
  }

  explain() {
    const { colour, labels } = this.data;
    const entries = labels[colour].map((label, code) => [this.palette[code], label, this.counts[code]]);
    if (this.chosen !== NOBODY) {
      entries.push([this.painter.colours.blue, "ancestors", this.family.counts[0]]);
      entries.push([this.painter.colours.orange, "descendants", this.family.counts[1]]);
    }
    if (this.cells.valueless) {
      entries.push(["transparent", "without a value, on the bottom edge", this.cells.valueless]);
    }
    this.legend.replaceChildren(
      ...entries.map(([ground, text, count]) => {
        const [item, swatch] = [document.createElement("li"), document.createElement("i")];
        swatch.style.background = ground;
        item.append(swatch, `${text} ${PLAIN.format(count)}`);
        return item;
      }),
    );
  }

  // --- drawing

  // With the next frame: all, or only the family; at once, or `calm`, when it is done with its lines.
  draw({ family = false, calm = false } = {}) {
    const { asked } = this;
    this.asked = asked ? { family: asked.family && family, calm: asked.calm && (family || calm) } : { family, calm };
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => this.paint());
  }

  paint() {
    const { clientWidth, clientHeight } = this.plot;
    if (!clientWidth || !this.cells) return; // not on the page yet, or nothing to show
    const began = performance.now();
    const { cells, scale, family, chosen, order, palette, codes, painter, asked } = this;
    const { unit, title } = this.data;
    const scene = { cells, scale, family, chosen, order, palette, codes, unit, title };
    this.asked = null;
    this.heldUntil = asked.calm ? began + HOLD_MS : 0;
    painter.fit(clientWidth, clientHeight, this.view());
    if (!asked.family) {
      this.lines.take(painter.paintBack(scene), cells.lineCount, asked.calm);
      painter.paintMiddle(scene);
    }
    const kinLines = (family.lines[0].length + family.lines[1].length) / 2;
    this.familyLines.take(painter.paintFront(scene), kinLines, asked.calm);
    this.present(...(asked.family ? ["front"] : LAYERS));
    this.plot.inert = false; // there is something to point at now
    this.plot.dataset.cells = cells.count;
    this.plot.dataset.frameMs = (performance.now() - began).toFixed(1);
  }

  // What is new comes into sight as a whole, unless that takes too long.
  present(...layers) {
    for (const layer of layers) this.unseen.add(layer);
    if (performance.now() < this.heldUntil && (this.lines.busy || this.familyLines.busy)) return;
    this.painter.present(this.unseen);
    this.unseen.clear();
  }

  // --- the part in view

  view() {
    return this.box ?? this.cells.whole;
  }

  zoom(times, x, y) {
    const { area, perX, perY } = this.painter;
    const [across, up] = [(x - area.left) / area.width, 1 - (y - area.top) / area.height];
    const { whole, count } = this.cells;
    const { left, bottom } = this.view();
    const width = Math.max(area.width / perX / times, Math.min(CLOSEST, count));
    const height = Math.max(area.height / perY / times, (whole.top - whole.bottom) * DEEPEST);
    const [atX, atY] = [left + (across * area.width) / perX, bottom + (up * area.height) / perY];
    this.look(atX - across * width, atY - up * height, width, height);
  }

  pan(x, y) {
    const { area, perX, perY } = this.painter;
    const { left, bottom } = this.view();
    this.look(left - x / perX, bottom + y / perY, area.width / perX, area.height / perY);
  }

  // Never more than the whole, and never past its edges.
  look(left, bottom, width, height) {
    const { whole } = this.cells;
    const within = (from, size, low, high) => {
      const fits = Math.min(size, high - low);
      const start = Math.min(Math.max(from, low), high - fits);
      return [start, start + fits];
    };
    const [x1, x2] = within(left, width, whole.left, whole.right);
    const [y1, y2] = within(bottom, height, whole.bottom, whole.top);
    const all = x2 - x1 >= whole.right - whole.left && y2 - y1 >= whole.top - whole.bottom;
    this.box = all ? null : { left: x1, right: x2, bottom: y1, top: y2 };
    this.point(NOBODY);
    this.draw();
  }

  all() {
    this.box = null;
    this.draw();
  }

  // --- one of the cells

  choose(cell) {
    if (cell === NOBODY || cell === this.chosen) return;
    this.select(cell); // at once; the page follows
    this.tell(this.cells.id[cell]);
  }

  nearest(x, y) {
    const { painter, cells } = this;
    let [best, least] = [NOBODY, NEAR_PX ** 2];
    for (let i = 0; i < cells.count; i++) {
      const [dx, dy] = [painter.x(i) - x, painter.y(cells.y[i]) - y];
      const distance = dx * dx + dy * dy;
      if (distance <= least && painter.sees(cells, i)) [best, least] = [i, distance];
    }
    return best;
  }

  point(cell) {
    if (cell === this.hovered) return;
    this.hovered = cell;
    this.tip.hidden = this.ring.hidden = cell === NOBODY;
    if (cell !== NOBODY) this.describe(cell);
  }

  describe(cell) {
    const { cells, tip, ring, painter } = this;
    const { unit, labels } = this.data;
    const name = cells.names.get(cell);
    const lines = [
      `Cell ${cells.id[cell]}${name ? ` · ${name}` : ""}`,
      `fitness ${written(cells.fitness[cell], unit)} · generation ${PLAIN.format(cells.generation[cell])}`,
      `${labels.status[cells.codes.status[cell]]} · ${labels.origin[cells.codes.origin[cell]]}`,
    ];
    tip.replaceChildren(...lines.map((text) => Object.assign(document.createElement("p"), { textContent: text })));
    const [x, y] = [painter.x(cell), painter.y(cells.y[cell])];
    [ring.style.left, ring.style.top] = [`${x}px`, `${y}px`];
    tip.style.left = `${Math.min(x + 12, this.plot.clientWidth - tip.offsetWidth - 4)}px`;
    tip.style.top = `${y - tip.offsetHeight - 12 < 0 ? y + 12 : y - tip.offsetHeight - 12}px`;
  }
}
