// The columns of a population: who descends from whom, and where each cell lies in the picture.

const NOBODY = -1;
const ANCESTOR = 1;
const DESCENDANT = 2;
const ROOM = 0.05; // above and below, as a share of the height

class Cells {
  constructor(table) {
    const column = (name) => table.getChild(name).toArray();
    this.count = table.numRows;
    this.id = column("id");
    this.parents = [column("first_parent"), column("second_parent")];
    this.fitness = column("fitness");
    this.generation = column("generation");
    this.codes = { status: column("status"), origin: column("origin") };
    this.names = table.getChild("name");
    this.valueless = this.fitness.reduce((count, value) => count + Number.isNaN(value), 0);
    this.lineCount = 0;
    for (const parents of this.parents) for (const parent of parents) this.lineCount += parent !== NOBODY;
    this.sortChildren();
  }

  // Everyone's children one after the other, those of cell i from firstChild[i] to firstChild[i + 1].
  sortChildren() {
    const first = new Int32Array(this.count + 2);
    const eachParent = (use) => {
      for (const parents of this.parents) {
        for (let i = 0; i < this.count; i++) if (parents[i] !== NOBODY) use(parents[i], i);
      }
    };
    eachParent((parent) => first[parent + 2]++);
    for (let i = 2; i < first.length; i++) first[i] += first[i - 1];
    this.children = new Int32Array(first[this.count + 1]);
    eachParent((parent, child) => (this.children[first[parent + 1]++] = child));
    this.firstChild = first;
  }

  // Birth order from left to right, fitness from bottom to top; what has no value gets the bottom edge.
  arrange(scale) {
    let low = Infinity;
    let high = -Infinity;
    for (const value of this.fitness) {
      if (!Number.isFinite(value)) continue;
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
    if (low > high) low = high = 0;
    const [bottom, top] = [scale.place(low), scale.place(high)];
    const room = (top - bottom || 1) * ROOM;
    const side = Math.max(0.5, this.count / 100);
    this.whole = {
      left: -side,
      right: this.count - 1 + side,
      bottom: bottom - room * (this.valueless ? 2 : 1),
      top: top + room,
    };
    this.y = Float32Array.from(this.fitness, (value) => {
      if (Number.isFinite(value)) return scale.place(value);
      return value === Infinity ? top + room / 2 : this.whole.bottom + room / 2;
    });
  }

  // Where a cell of that number is, or would be.
  place(id) {
    let [low, high] = [0, this.count];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.id[middle] < id) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  position(id) {
    const place = this.place(id);
    return this.id[place] === id ? place : NOBODY;
  }

  // What each cell is to the chosen one, how many are, and the lines between them as child, parent, child, …
  family(chosen) {
    const family = { kin: new Uint8Array(this.count), members: [], counts: [0, 0], lines: [[], []] };
    if (chosen === NOBODY) return family;
    const parents = (cell) => this.parents.map((column) => column[cell]);
    const children = (cell) => this.children.subarray(this.firstChild[cell], this.firstChild[cell + 1]);
    this.walk(family, chosen, ANCESTOR, parents);
    this.walk(family, chosen, DESCENDANT, children);
    return family;
  }

  walk(family, start, mark, neighbours) {
    const seen = new Uint8Array(this.count);
    const reached = [start];
    seen[start] = 1;
    for (let i = 0; i < reached.length; i++) {
      for (const other of neighbours(reached[i])) {
        if (other === NOBODY) continue;
        family.lines[mark - 1].push(reached[i], other);
        if (seen[other]) continue;
        seen[other] = 1;
        reached.push(other);
        if (family.kin[other]) continue; // around a circle a cell is both
        family.kin[other] = mark;
        family.members.push(other);
      }
    }
    family.counts[mark - 1] = reached.length - 1;
  }
}
