// Long work in short pieces.

const AT_ONCE = 2000; // lines that are drawn while the view moves; more come when it rests
const SETTLE_MS = 120;
const SLICE_MS = 8; // so that nobody waits

class Steps {
  constructor(afterEach) {
    this.afterEach = afterEach;
    this.busy = false;
  }

  // Small work is done at once, other work soon, or when the hand has come to rest.
  take(work, size, soon) {
    this.stop();
    if (size <= AT_ONCE) {
      for (const _ of work) continue;
    } else {
      this.busy = true;
      this.timer = setTimeout(() => this.goOn(work), soon ? 0 : SETTLE_MS);
    }
  }

  goOn(work) {
    const end = performance.now() + SLICE_MS;
    while (this.busy && performance.now() < end) this.busy = !work.next().done;
    if (this.busy) this.frame = requestAnimationFrame(() => this.goOn(work));
    this.afterEach();
  }

  stop() {
    this.busy = false;
    clearTimeout(this.timer);
    cancelAnimationFrame(this.frame);
  }
}
