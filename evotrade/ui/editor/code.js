// The code editor of the genome language: a text field with transparent letters on its coloured copy.
//
// The text field owns the text. All changes go through it as if typed, so that undo takes them back.
// The language (token pattern, kinds of words, words on offer) comes from Python in `data`; text that
// somebody wrote becomes text nodes only. Places are UTF-16 offsets into the whole text, except where
// Python's lines and columns, which count code points, come in (`placed`) or are shown (`position`).

const PAUSE_MS = 250; // after the last key, before the text is sent
const HINT = "Ctrl+Space offers words";
const MARGIN_PX = 8;
const editors = new WeakMap();

export default function ({ data, parentElement, setStateValue }) {
  if (!editors.has(parentElement)) editors.set(parentElement, new Editor(parentElement));
  const editor = editors.get(parentElement);
  editor.update(data, (draft) => setStateValue("draft", draft));
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
    // a press on a message or an offer must not take the caret out of the text
    for (const part of [this.status, this.offers.list]) on(part, "mousedown", (event) => event.preventDefault());
    for (const type of ["scroll", "resize"]) on(window, type, () => this.placeOffers(), { capture: true });
  }

  close() {
    this.flush();
    this.listeners.abort();
  }

  // ---- between browser and Python

  update(data, send) {
    const first = this.data === undefined;
    const replaces = first || data.revision !== this.data.revision;
    this.data = data;
    this.send = send;
    this.language = new Language(data);
    this.offers.language = this.language;
    this.area.setAttribute("aria-label", data.label);
    this.area.placeholder = data.example;
    if (replaces) {
      this.sent = { text: data.text, number: data.sending };
      if (first) this.area.value = data.text;
      else this.replaceAll(data.text);
      this.text = this.area.value;
    }
    // an answer to an earlier sending knows nothing of the text of the last one
    if (data.sending === this.sent.number) {
      const marks = data.marks.map((mark) => placed(this.sent.text, mark));
      this.marks = moved(marks, this.sent.text, this.text);
    }
    this.paint();
    this.tell();
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
    if (command && event.key === "Enter") this.flush();
    else if (event.ctrlKey && event.code === "Space") this.offer(true);
    else if (event.altKey && event.key === "Enter") this.fix(this.nearest());
    else if (command || event.altKey || event.shiftKey || !this.offers.key(event.key)) return;
    event.preventDefault();
  }

  caretMoved() {
    if (this.offers.shown && this.area.selectionStart !== this.offers.caret) this.offers.hide();
    this.paint();
  }

  offer(asked) {
    const caret = this.area.selectionStart;
    if (caret !== this.area.selectionEnd) return this.offers.hide();
    const [row, column] = this.rowOf(caret);
    this.offers.find(this.rowTexts()[row], column, caret, asked);
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

  rowTexts() {
    // a text that is too long for a genome is shown as one row without colours, which takes no time
    return this.text.length > this.data.longest ? [this.text] : this.text.split("\n");
  }

  rowOf(offset) {
    let start = 0;
    for (const [row, text] of this.rowTexts().entries()) {
      if (offset <= start + text.length) return [row, offset - start];
      start += text.length + 1;
    }
    return [0, 0];
  }

  paint() {
    const texts = this.rowTexts();
    const numbered = this.text.length <= this.data.longest;
    const spots = [...this.marks.map(({ start, end }) => ({ start, end, kind: "error" })), ...this.pair(texts)];
    let start = 0;
    const rows = texts.map((text) => {
      const here = spots
        .filter((spot) => spot.start <= start + text.length && spot.end >= start)
        .map((spot) => ({ ...spot, start: spot.start - start, end: spot.end - start }));
      start += text.length + 1;
      return { text, spots: here, key: `${numbered}${JSON.stringify(here)}${text}` };
    });
    this.repaint(rows, numbered);
  }

  // Only rows that changed get new nodes.
  repaint(rows, numbered) {
    const { head, tail } = common(this.rows, rows.map((row) => row.key));
    const nodes = rows.slice(head, rows.length - tail).map((row) => this.rowNode(row, numbered));
    const old = [...this.paper.children].slice(head, this.rows.length - tail);
    const next = this.paper.children[this.rows.length - tail] ?? null;
    old.forEach((node) => node.remove());
    nodes.forEach((node) => this.paper.insertBefore(node, next));
    this.rows = rows.map((row) => row.key);
  }

  rowNode({ text, spots }, numbered) {
    const node = document.createElement("div");
    node.className = numbered ? "line" : "";
    const errors = spots.filter((spot) => spot.kind === "error");
    node.classList.toggle("wrong", errors.length > 0);
    const pieces = numbered ? this.language.pieces(text) : [{ kind: "", start: 0, end: text.length }];
    for (const { kind, start, end } of cut(pieces, spots)) node.append(span(kind, text.slice(start, end)));
    if (errors.some((spot) => spot.start >= text.length)) node.append(span("error", " "));
    return node;
  }

  // The parenthesis beside the caret and its partner in the same row.
  pair(texts) {
    if (this.root.activeElement !== this.area || this.text.length > this.data.longest) return [];
    const [row, column] = this.rowOf(this.area.selectionStart);
    const code = this.language.code(texts[row]);
    const start = this.area.selectionStart - column;
    const at = [column - 1, column].find((place) => code[place] === "(" || code[place] === ")");
    const other = at === undefined ? undefined : partner(code, at);
    if (other === undefined) return [];
    return [at, other].map((place) => ({ start: start + place, end: start + place + 1, kind: "pair" }));
  }

  tell() {
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

// The words on offer, and the list that shows them.
class Offers {
  constructor(list, area, accept) {
    this.list = list;
    this.area = area;
    this.accept = accept;
    this.found = [];
  }

  get shown() {
    return this.list.matches(":popover-open");
  }

  find(rowText, column, caret, asked) {
    const word = this.language.wordAt(rowText, column);
    this.found = word ? this.language.complete(word, asked) : [];
    if (!this.found.length) return this.hide();
    this.caret = caret;
    this.start = caret - column + word.start;
    this.end = caret - column + word.end;
    this.calls = rowText[word.end] === "(";
    this.show();
  }

  show() {
    this.list.replaceChildren(...this.found.map((word, index) => this.option(word, index)));
    if (!this.shown) this.list.showPopover();
    this.choose(0);
  }

  hide() {
    if (this.shown) this.list.hidePopover();
    this.area.removeAttribute("aria-activedescendant");
  }

  option(word, index) {
    const option = document.createElement("li");
    option.id = `word-${index}`;
    option.role = "option";
    option.append(span(word.kind, word.shown), span("doc", word.doc));
    option.onclick = () => this.take(index);
    return option;
  }

  choose(index) {
    this.chosen = (index + this.found.length) % this.found.length;
    for (const [each, option] of [...this.list.children].entries()) {
      option.setAttribute("aria-selected", String(each === this.chosen));
    }
    this.list.children[this.chosen].scrollIntoView({ block: "nearest" });
    this.area.setAttribute("aria-activedescendant", `word-${this.chosen}`);
  }

  // True where the key was meant for the list.
  key(name) {
    if (!this.shown) return false;
    if (name === "ArrowDown") this.choose(this.chosen + 1);
    else if (name === "ArrowUp") this.choose(this.chosen - 1);
    else if (name === "Enter" || name === "Tab") this.take(this.chosen);
    else if (name === "Escape") this.hide();
    else return false;
    return true;
  }

  take(index) {
    const { name, calls } = this.found[index];
    const opens = calls && !this.calls;
    this.accept({ text: name + (opens ? "()" : ""), start: this.start, end: this.end, back: opens ? 1 : 0 });
  }

  // Below the word, above it where there is more room, never beyond the window.
  place(box) {
    const style = this.list.style;
    style.maxHeight = "";
    const below = window.innerHeight - box.bottom - MARGIN_PX;
    const above = box.top - MARGIN_PX;
    const size = this.list.getBoundingClientRect();
    const under = size.height <= below || below >= above;
    const height = Math.min(size.height, under ? below : above);
    const rightmost = window.innerWidth - size.width - MARGIN_PX;
    style.maxHeight = `${height}px`;
    style.top = `${under ? box.bottom : box.top - height}px`;
    style.left = `${Math.max(MARGIN_PX, Math.min(box.left, rightmost))}px`;
  }
}

// What Python's tables say about a row of text.
class Language {
  constructor({ token, kinds, words, suffixes }) {
    this.token = token;
    this.kinds = new Map(Object.entries(kinds));
    this.words = words;
    this.suffixes = suffixes;
  }

  // The row cut into coloured and plain pieces, as evotrade.ui.genome.pieces cuts it.
  pieces(text) {
    const found = [];
    let end = 0;
    for (const match of text.matchAll(new RegExp(this.token, "g"))) {
      const [all, comment, word, suffix, number] = match;
      const kind = comment ? "comment" : number ? "number" : (this.kinds.get(word.toUpperCase()) ?? "");
      const start = match.index;
      if (start > end) found.push({ kind: "", start: end, end: start });
      end = start + all.length;
      found.push({ kind, start, end, word, suffix });
    }
    if (end < text.length) found.push({ kind: "", start: end, end: text.length });
    return found;
  }

  // The row without its comment.
  code(text) {
    const comment = this.pieces(text).find((piece) => piece.kind === "comment");
    return text.slice(0, comment?.start);
  }

  // The word that the caret is in or at the end of, or its timeframe; an empty one between words.
  wordAt(text, column) {
    const piece = this.pieces(text).find(({ start, end }) => start < column && column <= end);
    if (piece?.kind === "comment" || piece?.kind === "number") return null;
    if (!piece?.word) return { start: column, end: column, typed: "", after: null };
    const bend = piece.start + piece.word.length;
    const inSuffix = piece.suffix && column > bend;
    const start = inSuffix ? bend : piece.start;
    return {
      start,
      end: inSuffix || !piece.suffix ? piece.end : bend,
      typed: text.slice(start, column).toUpperCase(),
      after: inSuffix ? piece.word.toUpperCase() : null,
    };
  }

  // The words that fit; unasked, none where nothing is typed yet or nothing is left to complete.
  complete({ typed, after }, asked) {
    if (!typed && !asked) return [];
    if (after) return this.timeframes(typed, after, asked);
    const names = this.words.filter(({ name }) => name.startsWith(typed));
    const aliased = this.words.filter(({ name, alias }) => !name.startsWith(typed) && alias.startsWith(typed));
    const whole = this.words.some(({ name, alias }) => typed && (name === typed || alias === typed));
    return whole && !asked ? [] : [...names, ...aliased];
  }

  timeframes(typed, after, asked) {
    const owner = this.words.find(({ name, alias }) => name === after || alias === after);
    if (!owner?.suffixed) return [];
    if (!asked && this.suffixes.some(({ name }) => name === typed)) return [];
    return this.suffixes
      .filter(({ name }) => name.startsWith(typed))
      .map((suffix) => ({ ...suffix, kind: owner.kind, calls: owner.calls }));
  }
}

// ---- places

// A mark with Python's line, column and length as offsets; beyond the text's end it is the end.
function placed(text, { line, column, length, ...mark }) {
  let start = 0;
  for (let row = 1; row < line && text.indexOf("\n", start) >= 0; row += 1) start = text.indexOf("\n", start) + 1;
  start = onward(text, start, column - 1);
  return { ...mark, start, end: onward(text, start, length) };
}

// The offset `points` characters on, at most the end of the row.
function onward(text, from, points) {
  let at = from;
  for (let left = points; left > 0 && at < text.length && text[at] !== "\n"; left -= 1) {
    at += text.codePointAt(at) > 0xffff ? 2 : 1;
  }
  return at;
}

function position(text, offset) {
  const before = text.slice(0, offset);
  const row = before.slice(before.lastIndexOf("\n") + 1);
  return { line: before.split("\n").length, column: [...row].length + 1 };
}

// The marks of a text after it became another one; those that the change touches are gone.
function moved(marks, before, after) {
  const { head, tail } = common(before, after);
  const end = before.length - tail;
  const by = after.length - before.length;
  return marks.flatMap((mark) => {
    if (before === after || mark.end < head) return [mark];
    return mark.start > end ? [{ ...mark, start: mark.start + by, end: mark.end + by }] : [];
  });
}

// How many items two sequences have in common at their beginning and, of the rest, at their end.
function common(one, other) {
  const most = Math.min(one.length, other.length);
  let head = 0;
  while (head < most && one[head] === other[head]) head += 1;
  let tail = 0;
  while (tail < most - head && one[one.length - 1 - tail] === other[other.length - 1 - tail]) tail += 1;
  return { head, tail };
}

// The pieces, cut further where a spot begins or ends; a spot adds its kind.
function cut(pieces, spots) {
  const edges = spots.flatMap(({ start, end }) => [start, end]);
  return pieces.flatMap(({ kind, start, end }) => {
    const inside = edges.filter((edge) => edge > start && edge < end);
    const bounds = [start, ...new Set(inside.sort((a, b) => a - b)), end];
    return bounds.slice(1).map((to, index) => {
      const from = bounds[index];
      const over = spots.filter((spot) => spot.start < to && spot.end > from).map((spot) => spot.kind);
      return { kind: [kind, ...over].join(" ").trim(), start: from, end: to };
    });
  });
}

function partner(code, at) {
  const step = code[at] === "(" ? 1 : -1;
  let open = 0;
  for (let place = at; place >= 0 && place < code.length; place += step) {
    open += { "(": 1, ")": -1 }[code[place]] ?? 0;
    if (open === 0) return place;
  }
  return undefined;
}

// ---- nodes

function span(kind, text) {
  const node = document.createElement("span");
  node.className = kind;
  node.textContent = text;
  return node;
}

function button(text, title, act) {
  const node = document.createElement("button");
  node.type = "button";
  node.textContent = text;
  node.title = title;
  node.onclick = act;
  return node;
}
