// What a person does with the picture: pointer, wheel and keys.

const DRAG_PX = 4;
const STEP = 1.5; // of a zoom by button or key
const TURN = 400; // of the wheel, for a zoom by e
const PASS_MS = 250; // a turn of the wheel that began elsewhere goes on scrolling the page
const KEY_PART = 8; // an arrow key moves by this part of the picture

class Hand {
  constructor(view, plot, find) {
    Object.assign(this, { view, plot });
    const centre = (times) => () => view.zoom(times, plot.clientWidth / 2, plot.clientHeight / 2);
    const aside = (x, y) => () => view.pan((x * plot.clientWidth) / KEY_PART, (y * plot.clientHeight) / KEY_PART);
    find(".in").onclick = centre(STEP);
    find(".out").onclick = centre(1 / STEP);
    find(".all").onclick = () => view.all();
    this.keys = {
      ...{ "+": centre(STEP), "=": centre(STEP), "-": centre(1 / STEP), 0: () => view.all() },
      ...{ ArrowLeft: aside(1, 0), ArrowRight: aside(-1, 0), ArrowUp: aside(0, 1), ArrowDown: aside(0, -1) },
    };
    plot.onkeydown = (event) => this.key(event);
    plot.ondblclick = (event) => event.target === plot && view.all();
    plot.onpointerdown = (event) => this.press(event);
    plot.onpointermove = (event) => this.move(event);
    plot.onpointerup = (event) => this.release(event);
    plot.onpointercancel = () => (this.held = null);
    plot.onpointerleave = () => view.point(NOBODY);
    plot.onwheel = (event) => this.turn(event);
    this.onWheelAnywhere = (event) => {
      if (!event.composedPath().includes(plot)) this.scrolledAt = event.timeStamp;
    };
    window.addEventListener("wheel", this.onWheelAnywhere, { capture: true, passive: true });
  }

  close() {
    window.removeEventListener("wheel", this.onWheelAnywhere, { capture: true });
  }

  key(event) {
    if (!this.keys[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    this.keys[event.key]();
  }

  press(event) {
    if (event.button || event.target !== this.plot) return; // the buttons on it have a life of their own
    this.held = { x: event.offsetX, y: event.offsetY, moved: 0 };
    this.plot.setPointerCapture(event.pointerId);
  }

  move({ offsetX: x, offsetY: y, target }) {
    const { held, view } = this;
    if (!held) return view.point(target === this.plot ? view.nearest(x, y) : NOBODY);
    const [dx, dy] = [x - held.x, y - held.y];
    held.moved += Math.abs(dx) + Math.abs(dy);
    [held.x, held.y] = [x, y];
    if (held.moved > DRAG_PX) view.pan(dx, dy);
  }

  release({ offsetX: x, offsetY: y }) {
    const clicked = this.held && this.held.moved <= DRAG_PX;
    this.held = null;
    if (clicked) this.view.choose(this.view.nearest(x, y));
  }

  // Turned back, the wheel scrolls the page where there is no more to see of the picture.
  turn(event) {
    const scrolling = event.timeStamp - this.scrolledAt < PASS_MS;
    if (scrolling) this.scrolledAt = event.timeStamp;
    if (scrolling || (event.deltaY > 0 && !this.view.box)) return;
    event.preventDefault();
    this.view.zoom(Math.exp(-event.deltaY / TURN), event.offsetX, event.offsetY);
  }
}
