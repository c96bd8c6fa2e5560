const MARGIN_PX = 8; // between the list and the window's edge

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

function span(kind, text) {
  const node = document.createElement("span");
  node.className = kind;
  node.textContent = text;
  return node;
}
