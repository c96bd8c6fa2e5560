// The component: takes the population, follows hand and keys, says which cell is chosen.
// Text of the store only ever goes into textContent.

const NEAR_PX = 14;
const DRAG_PX = 4;
const AT_ONCE = 2000; // lines that are drawn while the view moves; more come in steps when it rests
const SETTLE_MS = 120;
const SLICE_MS = 8; // of drawing lines, so that nobody waits for them
const PASS_MS = 250; // a turn of the wheel that began elsewhere goes on scrolling the page
const CLOSEST = 8; // cells across
const DEEPEST = 1e-4; // of the whole height
const STEP = 1.5;
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
    [this.lines, this.familyLines] = [new Steps(), new Steps()];
    this.listen(find);
    this.observer = new ResizeObserver(() => this.draw());
    this.observer.observe(this.plot);
  }

  close() {
    this.observer.disconnect();
    window.removeEventListener("wheel", this.onWheelAnywhere, true);
    cancelAnimationFrame(this.frame);
    cancelAnimationFrame(this.familyFrame);
    this.lines.stop();
    this.familyLines.stop();
  }

  // Show what is wanted as soon as its cells are there.
  refresh() {
    if (this.wanted.version === delivered.version && this.wanted !== this.data) this.show(this.wanted);
  }

  show(data) {
    const before = this.data;
    this.data = data;
    if (data.version !== before?.version) {
      this.cells = delivered.cells;
      this.point(NOBODY);
    }
    if (data.version !== before?.version || data.scale !== before.scale) {
      this.scale = SCALES[data.scale];
      this.cells.arrange(this.scale);
    }
    if (data.filter !== before?.filter || data.scale !== before.scale) this.box = null;
    this.painter.readTheme(this.host);
    this.colour();
    this.select(this.cells.position(data.chosen));
    this.draw();
    this.plot.setAttribute("aria-label", data.alt);
  }

  colour() {
    const { colour, labels } = this.data;
    this.codes = this.cells.codes[colour];
    this.palette = labels[colour].map((label) => this.painter.colours[COLOURS[colour][label] ?? "gray"]);
    this.counts = new Array(labels[colour].length).fill(0);
    for (const code of this.codes) this.counts[code]++;
    const order = Uint32Array.from(this.codes, (_, i) => i); // the rarest are drawn last and seen
    this.order = order.sort((a, b) => this.counts[this.codes[b]] - this.counts[this.codes[a]] || a - b);
  }

  select(position) {
    this.chosen = position;
    this.family = this.cells.family(position);
    this.explain();
    this.drawFamily();
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

  draw() {
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => this.paint(true));
  }

  drawFamily() {
    cancelAnimationFrame(this.familyFrame);
    this.familyFrame = requestAnimationFrame(() => this.paint(false));
  }

  paint(everything) {
    const { clientWidth, clientHeight } = this.plot;
    if (!clientWidth || !this.cells) return; // not on the page yet, or nothing to show
    const began = performance.now();
    const { cells, scale, family, chosen, order, palette, codes, painter } = this;
    const { unit, title } = this.data;
    const scene = { cells, scale, family, chosen, order, palette, codes, unit, title };
    painter.fit(clientWidth, clientHeight, this.view());
    if (everything) {
      this.lines.take(painter.paintBack(scene), cells.lineCount);
      painter.paintMiddle(scene);
    }
    this.familyLines.take(painter.paintFront(scene), family.lines[0].length + family.lines[1].length);
    this.plot.dataset.cells = cells.count;
    this.plot.dataset.frameMs = (performance.now() - began).toFixed(1);
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

  // --- hand and keys

  listen(find) {
    const { plot } = this;
    const centre = (times) => () => this.zoom(times, plot.clientWidth / 2, plot.clientHeight / 2);
    const all = () => {
      this.box = null;
      this.draw();
    };
    find(".in").onclick = centre(STEP);
    find(".out").onclick = centre(1 / STEP);
    find(".all").onclick = all;
    plot.ondblclick = (event) => event.target === plot && all();
    plot.onpointerdown = (event) => this.press(event);
    plot.onpointermove = (event) => this.move(event);
    plot.onpointerup = (event) => this.release(event);
    plot.onpointercancel = () => (this.hand = null);
    plot.onpointerleave = () => this.point(NOBODY);
    plot.onwheel = (event) => this.turn(event);
    this.onWheelAnywhere = (event) => {
      if (!event.composedPath().includes(plot)) this.scrolledAt = event.timeStamp;
    };
    window.addEventListener("wheel", this.onWheelAnywhere, { capture: true, passive: true });
    const keys = { "+": centre(STEP), "=": centre(STEP), "-": centre(1 / STEP), 0: all };
    for (const [key, x, y] of [
      ["ArrowLeft", 1, 0],
      ["ArrowRight", -1, 0],
      ["ArrowUp", 0, 1],
      ["ArrowDown", 0, -1],
    ]) {
      keys[key] = () => this.pan((x * plot.clientWidth) / 8, (y * plot.clientHeight) / 8);
    }
    plot.onkeydown = (event) => {
      if (!keys[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      keys[event.key]();
    };
  }

  press(event) {
    if (event.button || event.target !== this.plot) return; // the buttons on it have a life of their own
    this.hand = { x: event.offsetX, y: event.offsetY, moved: 0 };
    this.plot.setPointerCapture(event.pointerId);
  }

  move({ offsetX: x, offsetY: y, target }) {
    if (!this.hand) return this.point(target === this.plot ? this.nearest(x, y) : NOBODY);
    const { hand } = this;
    const [dx, dy] = [x - hand.x, y - hand.y];
    hand.moved += Math.abs(dx) + Math.abs(dy);
    [hand.x, hand.y] = [x, y];
    if (hand.moved > DRAG_PX) this.pan(dx, dy);
  }

  release({ offsetX: x, offsetY: y }) {
    const clicked = this.hand && this.hand.moved <= DRAG_PX;
    this.hand = null;
    const cell = clicked ? this.nearest(x, y) : NOBODY;
    if (cell === NOBODY || cell === this.chosen) return;
    this.select(cell); // at once; the page follows
    this.tell(this.cells.id[cell]);
  }

  // Turned away, the wheel scrolls the page where there is no more to see of the picture.
  turn(event) {
    const scrolling = event.timeStamp - this.scrolledAt < PASS_MS;
    if (scrolling) this.scrolledAt = event.timeStamp;
    if (scrolling || (event.deltaY > 0 && !this.box)) return;
    event.preventDefault();
    this.zoom(Math.exp(-event.deltaY / 400), event.offsetX, event.offsetY);
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

// Work that is done a little at a time, between frames.
class Steps {
  take(work, size) {
    this.stop();
    if (size <= AT_ONCE) for (const _ of work) continue;
    else this.timer = setTimeout(() => this.goOn(work), SETTLE_MS);
  }

  goOn(work) {
    const end = performance.now() + SLICE_MS;
    while (performance.now() < end) if (work.next().done) return;
    this.frame = requestAnimationFrame(() => this.goOn(work));
  }

  stop() {
    clearTimeout(this.timer);
    cancelAnimationFrame(this.frame);
  }
}
