// The code editor of the genome language: a text field with transparent letters on its coloured copy.
//
// The text field owns the text. All changes go through it as if typed, so that undo takes them back, and
// text that somebody wrote becomes text nodes only.

const PAUSE_MS = 250; // after the last key, before the text is sent
const HINT = "Ctrl+Space offers words";
const editors = new WeakMap();

export default function ({ data, parentElement, setStateValue, setTriggerValue }) {
  if (!editors.has(parentElement)) editors.set(parentElement, new Editor(parentElement));
  const editor = editors.get(parentElement);
  editor.update(data, (draft) => setStateValue("draft", draft));
  editor.done = () => setTriggerValue("done", true);
  return () => {
    editors.delete(parentElement);
    editor.close();
  };
}

class Editor {
  constructor(root) {
    this.root = root;
    this.area = root.querySelector("textarea");
    this.frame = root.querySelector(".frame");
    this.paper = root.querySelector(".paint");
    this.status = root.querySelector("#status");
    this.text = ""; // as it was at the last look
    this.marks = [];
    this.rows = []; // what each painted row shows, as a key
    this.offers = new Offers(root.querySelector("#words"), this.area, (offer) => this.accept(offer));
    this.listeners = new AbortController();
    this.listen();
  }

  listen() {
    const on = (target, type, act, more) =>
      target.addEventListener(type, act, { signal: this.listeners.signal, ...more });
    on(this.area, "input", (event) => this.changed(event));
    on(this.area, "keydown", (event) => this.key(event));
    on(this.area, "blur", () => {
      this.offers.hide();
      this.flush();
      this.paint();
    });
    for (const type of ["keyup", "click", "focus"]) on(this.area, type, () => this.caretMoved());
    // a press on a suggestion or an offer must not take the caret out of the text
    for (const part of [this.status, this.offers.list]) {
      on(part, "mousedown", (event) => event.target.closest("button, li") && event.preventDefault());
    }
    for (const type of ["scroll", "resize"]) on(window, type, () => this.placeOffers(), { capture: true });
  }

  close() {
    this.flush();
    this.listeners.abort();
  }

  // ---- between browser and Python

  update(data, send) {
    const known = this.data;
    Object.assign(this, { data, send, language: new Language(data) });
    this.offers.language = this.language;
    this.area.setAttribute("aria-label", data.label);
    this.area.placeholder = data.example;
    if (!known || data.revision !== known.revision || this.isBehind(data)) this.take(data.text, !known);
    // an answer to an earlier sending knows nothing of the text of the last one
    if (data.sending === this.sent.number) {
      const marks = data.marks.map((mark) => placed(this.sent.text, mark));
      this.marks = moved(marks, this.sent.text, this.text);
    }
    this.paint();
    this.tell();
  }

  // Whether the editor that stood here before sent its last letters when it was taken away.
  isBehind(data) {
    return data.sending > this.sent.number && this.area.value === this.sent.text;
  }

  take(text, first) {
    this.sent = { text, number: this.data.sending };
    this.text = text;
    this.marks = [];
    if (first) this.area.value = text;
    else this.replaceAll(text);
  }

  flush() {
    clearTimeout(this.timer);
    if (this.area.value === this.sent.text) return;
    this.sent = { text: this.area.value, number: this.sent.number + 1 };
    this.send({ text: this.sent.text, sending: this.sent.number, revision: this.data.revision });
  }

  // ---- what a person does

  changed(event) {
    if (this.replacing) return;
    const before = this.text;
    this.text = this.area.value;
    this.marks = moved(this.marks, before, this.text);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.flush(), PAUSE_MS);
    this.paint();
    this.tell();
    if (!event.isComposing) this.offer(false);
  }

  key(event) {
    const command = event.ctrlKey || event.metaKey;
    // inside a shadow root the page cannot see that a text field has the keys, and would take R for itself
    if (!command && !event.altKey) event.stopPropagation();
    if (event.isComposing) return;
    if (command && event.key === "Enter") this.finish(event);
    else if (event.ctrlKey && event.code === "Space") this.offer(true);
    else if (event.altKey && event.key === "Enter") this.fix(this.nearest());
    else if (command || event.altKey || event.shiftKey || !this.offers.key(event.key)) return;
    event.preventDefault();
  }

  // The page hears of it here and not by a shortcut of its own, which could overtake the text.
  finish(event) {
    event.stopPropagation();
    this.flush();
    this.done();
  }

  caretMoved() {
    if (this.offers.shown && this.area.selectionStart !== this.offers.caret) this.offers.hide();
    this.paint();
  }

  offer(asked) {
    const caret = this.area.selectionStart;
    if (this.plain || caret !== this.area.selectionEnd) return this.offers.hide();
    const [, column, text] = this.rowOf(caret);
    this.offers.find(text, column, caret, asked);
    this.placeOffers();
  }

  accept({ text, start, end, back }) {
    this.type(text, start, end);
    if (back) this.area.setSelectionRange(start + text.length - back, start + text.length - back);
    this.offers.hide();
    this.caretMoved();
  }

  nearest() {
    const caret = this.area.selectionStart;
    const away = (mark) => Math.max(mark.start - caret, caret - mark.end, 0);
    return this.marks.filter((mark) => mark.suggestion).sort((a, b) => away(a) - away(b))[0];
  }

  fix(mark) {
    if (!mark) return;
    const glued = (at) => /\w/.test(this.text[at] ?? "") && /\w/.test(mark.suggestion);
    const text = (glued(mark.start - 1) ? " " : "") + mark.suggestion + (glued(mark.end) ? " " : "");
    this.type(text, mark.start, mark.end);
    this.offers.hide();
    this.flush();
  }

  // ---- changes of the text that undo takes back

  type(text, start, end) {
    this.area.focus({ preventScroll: true });
    this.area.setSelectionRange(start, end);
    if (document.execCommand(text ? "insertText" : "delete", false, text)) return;
    this.area.setRangeText(text, start, end, "end"); // a browser without it loses undo, not the text
    this.area.dispatchEvent(new Event("input"));
  }

  replaceAll(text) {
    clearTimeout(this.timer);
    this.offers.hide();
    if (text === this.area.value) return;
    const focused = document.activeElement;
    const mine = this.root.activeElement === this.area;
    this.replacing = true;
    this.type(text, 0, this.area.value.length);
    if (this.area.value !== text) this.area.value = text;
    if (!mine) {
      this.area.blur();
      focused?.focus({ preventScroll: true });
    }
    this.replacing = false;
  }

  // ---- what is seen

  // A text that is too long for a genome is shown by the text field itself, since painting takes time.
  get plain() {
    return this.text.length > this.data.longest;
  }

  // The number of the row that an offset is in, the place in it, and its text.
  rowOf(offset) {
    let start = 0;
    for (const [row, text] of this.text.split("\n").entries()) {
      if (offset <= start + text.length) return [row, offset - start, text];
      start += text.length + 1;
    }
    throw new RangeError(`no character ${offset} in the text`);
  }

  paint() {
    this.frame.classList.toggle("plain", this.plain);
    if (this.plain || this.replacing) return; // half-way, caret and text don't belong together
    const spots = [...this.marks.map(({ start, end }) => ({ start, end, kind: "error" })), ...this.pair()];
    let start = 0;
    const rows = this.text.split("\n").map((text) => {
      const here = spots
        .filter((spot) => spot.start <= start + text.length && spot.end >= start)
        .map((spot) => ({ ...spot, start: spot.start - start, end: spot.end - start }));
      start += text.length + 1;
      return { text, spots: here, key: JSON.stringify(here) + text };
    });
    this.repaint(rows);
  }

  // Only rows that changed get new nodes.
  repaint(rows) {
    const { head, tail } = common(this.rows, rows.map((row) => row.key));
    const nodes = rows.slice(head, rows.length - tail).map((row) => this.rowNode(row));
    const old = [...this.paper.children].slice(head, this.rows.length - tail);
    const next = this.paper.children[this.rows.length - tail] ?? null;
    old.forEach((node) => node.remove());
    nodes.forEach((node) => this.paper.insertBefore(node, next));
    this.rows = rows.map((row) => row.key);
  }

  rowNode({ text, spots }) {
    const node = document.createElement("div");
    node.className = "line";
    const errors = spots.filter((spot) => spot.kind === "error");
    node.classList.toggle("wrong", errors.length > 0);
    for (const { kind, start, end } of cut(this.language.pieces(text), spots)) {
      node.append(span(kind, text.slice(start, end)));
    }
    if (errors.some((spot) => spot.start >= text.length)) node.append(span("error", " "));
    return node;
  }

  // The parenthesis beside the caret and its partner in the same row.
  pair() {
    if (this.root.activeElement !== this.area) return [];
    const [row, column, text] = this.rowOf(this.area.selectionStart);
    const code = this.language.code(text);
    const start = this.area.selectionStart - column;
    const at = [column - 1, column].find((place) => code[place] === "(" || code[place] === ")");
    const other = at === undefined ? undefined : partner(code, at);
    if (other === undefined) return [];
    return [at, other].map((place) => ({ start: start + place, end: start + place + 1, kind: "pair" }));
  }

  tell() {
    const told = JSON.stringify(this.marks);
    if (told === this.told) return; // whoever has the keys in a message keeps them
    this.told = told;
    const messages = this.marks.map((mark) => this.message(mark));
    this.status.replaceChildren(...(messages.length ? messages : [HINT]));
    this.area.setAttribute("aria-invalid", String(messages.length > 0));
  }

  message(mark) {
    const line = document.createElement("div");
    line.className = "message";
    const { line: number, column } = position(this.text, mark.start);
    const place = button(`${number}:${column}`, "Go there", () => this.goTo(mark.start));
    line.append(place, `  ${mark.message}`);
    if (mark.suggestion) {
      const repair = button(mark.suggestion, "Put it there (Alt+Enter)", () => this.fix(mark));
      repair.className = "suggestion";
      line.append(". Did you mean ", repair, "?");
    }
    return line;
  }

  goTo(offset) {
    this.area.focus();
    this.area.setSelectionRange(offset, offset);
    this.caretMoved();
  }

  placeOffers() {
    if (this.offers.shown) this.offers.place(this.boxAt(this.offers.start));
  }

  // Where a character of the text is on the screen, measured on the painted copy.
  boxAt(offset) {
    const [row, column] = this.rowOf(offset);
    const node = this.paper.children[row];
    const range = document.createRange();
    let before = 0;
    for (const piece of node.children) {
      const length = piece.firstChild.length;
      if (column < before + length) {
        range.setStart(piece.firstChild, column - before);
        range.setEnd(piece.firstChild, column - before + 1);
        return range.getBoundingClientRect();
      }
      before += length;
    }
    const last = node.lastChild?.getClientRects();
    const box = last?.length ? last[last.length - 1] : node.getBoundingClientRect();
    return { left: last?.length ? box.right : box.left, top: box.top, bottom: box.bottom };
  }
}

function button(text, title, act) {
  const node = document.createElement("button");
  node.type = "button";
  node.textContent = text;
  node.title = title;
  node.onclick = act;
  return node;
}
