// The genome language as far as the browser must know it, and places in a text; no page needed.
//
// Places are UTF-16 offsets, except where Python's lines and columns, which count code points, come in
// (`placed`) or are shown (`position`).

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
    const pieces = this.pieces(text);
    const piece = pieces.find(({ start, end }) => start < column && column <= end);
    if (piece?.kind === "comment" || piece?.kind === "number") return null;
    if (!piece?.word) return { start: column, end: column, typed: "", after: null };
    if (pieces.some(({ kind, end }) => kind === "number" && end === piece.start)) return null; // 1e becomes 1e3
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
