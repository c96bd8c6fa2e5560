// The rules of a genome as trees. What a person opened or closed stays so from bar to bar.

const KEPT = new WeakMap(); // parentElement -> { genome, open: Map of path -> boolean }

export default function ({ data, parentElement }) {
  const kept = keptFor(parentElement, data.genome);
  const rules = parentElement.querySelector(".rules");
  const isOpen = (path, joins) => kept.open.get(path) ?? (data.open || joins);
  rules.replaceChildren(...data.rules.map((rule) => ruleCard(rule, isOpen, kept)));
  const tools = parentElement.querySelector(".tools");
  const turnAll = (open) => rules.querySelectorAll("details").forEach((each) => (each.open = open));
  const foldable = rules.querySelector("details") !== null;
  tools.replaceChildren(
    ...(foldable ? [button("Expand all", () => turnAll(true)), button("Collapse all", () => turnAll(false))] : []),
  );
}

function keptFor(parentElement, genome) {
  if (KEPT.get(parentElement)?.genome !== genome) KEPT.set(parentElement, { genome, open: new Map() });
  return KEPT.get(parentElement);
}

function ruleCard(rule, isOpen, kept) {
  const card = element("section", "rule");
  const heading = element("header", "", `Rule ${rule.number}`);
  heading.append(element("span", `vote ${rule.vote}`, rule.vote ? `votes ${rule.vote}` : "no vote yet"));
  const tree = element("ul", "");
  tree.append(nodeItem(rule.condition, `${rule.number}`, isOpen, kept));
  const actions = element("footer", "");
  actions.append(branch("THEN", rule.then, rule.branch), branch("ELSE", rule.otherwise, rule.branch));
  card.append(heading, tree, actions);
  return card;
}

function branch(word, action, taken) {
  const line = element("span", taken === word ? "branch taken" : "branch");
  line.append(element("span", "keyword", word), " ", element("span", action, action));
  if (taken === word) line.append(element("span", "hint", " taken"));
  return line;
}

function nodeItem(node, path, isOpen, kept) {
  const item = element("li", "");
  if (!node.rows.length) {
    item.append(fill(element("div", "row leaf"), node));
    return item;
  }
  const details = element("details", "");
  details.open = isOpen(path, node.joins);
  details.ontoggle = () => kept.open.set(path, details.open);
  const below = element("ul", "");
  below.append(...node.rows.map((child, place) => nodeItem(child, `${path}.${place}`, isOpen, kept)));
  details.append(fill(element("summary", "row"), node), below);
  item.append(details);
  return item;
}

function fill(row, node) {
  if (node.holds !== null) {
    const mark = element("span", node.holds ? "mark holds" : "mark fails", node.holds ? "✓" : "✗");
    mark.setAttribute("role", "img");
    mark.setAttribute("aria-label", node.holds ? "holds" : "does not hold");
    row.append(mark);
  }
  const words = element("span", "words");
  words.append(...node.text.map(([kind, piece]) => element("span", kind, piece)));
  words.title = words.textContent;
  const text = element("span", "text");
  text.append(words);
  if (node.joins) row.dataset.joins = "";
  if (node.note) text.append(element("span", node.undefined ? "note undefined" : "note", node.note));
  const value = element("span", "value", node.value);
  value.title = node.exact;
  const reading = element("span", "reading");
  reading.append(value, element("span", "margin", node.margin));
  row.append(text, reading);
  return row;
}

function button(label, act) {
  const made = element("button", "", label);
  made.type = "button";
  made.onclick = act;
  return made;
}

function element(tag, className, text = "") {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.textContent = text;
  return made;
}
