// The spans of two texts, coloured by what they add, and what answers the one that is looked at.

/** How many answers and pairs are told in words. */
const toldAnswers = 5, toldPairs = 10;
/** The strongest colour, in percent of ink: text on it stays readable. */
const mostInk = 45;

/** The marked spans of an answer. One of them can be active: pointed at, else focused, else kept. */
class Marks {
  /**
   * - bodies: for each text, the elements of text and rationale.
   * - detail: what is told of the active span.
   */
  constructor(contributions, texts, rationales, bodies, detail) {
    this.contributions = contributions;
    this.detail = detail;
    this.spans = bodies.map((body, side) => this.fill(side, body, texts[side], rationales[side]));
    this.order = bodies.map(body => [body.text, body.rationale].flatMap(element =>
      Array.from(element.querySelectorAll(".mark"), mark => Number(mark.dataset.index))));
    this.pointed = this.focused = this.kept = null;
    this.order.forEach((order, side) => {
      if (order.length) this.spans[side][order[0]].tabIndex = 0;
    });
    this.paint();
  }

  fill(side, body, text, rationale) {
    const marks = [];
    const list = this.contributions.spans[side];
    const add = (element, parts, className) => {
      for (const {text, index} of parts) {
        if (index === null) {
          element.append(make("span", text, "left-out"));
          continue;
        }
        const mark = make("span", text, className);
        mark.dataset.side = side;
        mark.dataset.index = index;
        mark.tabIndex = -1;
        mark.setAttribute("role", "button");
        marks[index] = mark;
        element.append(mark);
      }
    };
    body.text.replaceChildren();
    body.rationale.replaceChildren();
    // What nobody wrote for this text: it stands beside it, in the same place as for the model.
    const others = list.map(({text, kind}, index) => ({text: text.replaceAll("\n", "⏎") || "∅", index, kind}))
      .filter(({kind}) => kind !== "text" && kind !== "rationale");
    add(body.text, others.filter(({kind}) => kind === "prompt"), "mark template");
    if (body.text.firstChild) body.text.append(" ");
    add(body.text, pieces(text, list, "text"), "mark");
    body.text.append(" ");
    add(body.text, others.filter(({kind}) => kind !== "prompt"), "mark template");
    add(body.rationale, pieces(rationale, list, "rationale"), "mark");
    return marks;
  }

  get active() {
    return this.pointed ?? this.focused ?? this.kept;
  }

  /** How a span is called where it stands alone. */
  name({side, index}) {
    const span = this.contributions.spans[side][index];
    return sideNames[side] + ", " + span.kind + ": “" + shortened(span.text) + "”";
  }

  paint() {
    const {active, contributions} = this;
    for (const side of [0, 1]) {
      const isAnswering = active && active.side !== side;
      const values = isAnswering ? contributions.answers(active.side, active.index) : contributions.totals[side];
      const shares = contributions.shares(side, values, at("scale").value);
      const strongest = isAnswering ? contributions.ranking(active.side, active.index)[0]?.index : undefined;
      this.spans[side].forEach((mark, index) => {
        const isDark = active && active.side === side && active.index !== index;
        mark.style.setProperty("--share", isDark ? 0 : (Math.abs(shares[index]) * mostInk).toFixed(1));
        mark.dataset.sign = values[index] < 0 && !isDark ? "below" : "above";
        mark.classList.toggle("active", Boolean(active && active.side === side && active.index === index));
        mark.classList.toggle("answer", index === strongest);
        const isKept = this.kept && this.kept.side === side && this.kept.index === index;
        mark.classList.toggle("kept", Boolean(isKept));
        mark.setAttribute("aria-pressed", Boolean(isKept));
        mark.title = signed(values[index]) + (isAnswering ? " with the part that is looked at" : " in all");
      });
    }
    this.tell();
  }

  tell() {
    const {active, contributions, detail} = this;
    if (!active) {
      const hint = make("p");
      hint.append("All parts together: ", make("b", signed(contributions.similarity), "number"));
      detail.replaceChildren(hint);
      return;
    }
    const line = make("p");
    line.append(make("b", signed(contributions.totals[active.side][active.index]), "number"), this.name(active));
    const list = make("ol");
    const ranking = contributions.ranking(active.side, active.index).slice(0, toldAnswers);
    for (const {index, value} of ranking) {
      const item = make("li");
      item.append(make("span", signed(value), "number"), "with " + this.name({side: 1 - active.side, index}));
      list.append(item);
    }
    detail.replaceChildren(line, list);
    const mark = this.spans[active.side][active.index];
    if (mark) mark.title += "; most with " + ranking.slice(0, 1).map(({index, value}) =>
      this.name({side: 1 - active.side, index}) + " " + signed(value)).join("");
  }

  // MARK: What people do

  place(target) {
    const mark = target instanceof Element ? target.closest(".mark") : null;
    return mark ? {side: Number(mark.dataset.side), index: Number(mark.dataset.index)} : null;
  }

  listen(element) {
    const look = (name, place) => {
      if (JSON.stringify(this[name]) === JSON.stringify(place)) return;
      this[name] = place;
      this.paint();
    };
    element.addEventListener("pointerover", event => {
      if (event.pointerType !== "touch") look("pointed", this.place(event.target));
    });
    element.addEventListener("pointerleave", () => look("pointed", null));
    element.addEventListener("focusin", event => look("focused", this.place(event.target)));
    element.addEventListener("focusout", () => look("focused", null));
    element.addEventListener("click", event => {
      const place = this.place(event.target);
      if (place) this.keep(place);
    });
    element.addEventListener("keydown", event => this.press(event));
  }

  /** Keeps a span active, or lets go of it if it is kept already. */
  keep(place) {
    this.kept = JSON.stringify(this.kept) === JSON.stringify(place) ? null : place;
    this.paint();
  }

  /** Lets go of what is active; false where nothing is. */
  release() {
    if (!this.active) return false;
    this.pointed = this.focused = this.kept = null;
    this.paint();
    return true;
  }

  focus(side, index) {
    for (const mark of this.spans[side]) if (mark) mark.tabIndex = -1;
    const mark = this.spans[side][index];
    mark.tabIndex = 0;
    mark.focus();
  }

  press(event) {
    const place = this.place(event.target);
    if (!place || event.ctrlKey || event.altKey || event.metaKey) return;
    const order = this.order[place.side];
    const rank = order.indexOf(place.index);
    const move = next => this.focus(place.side, order[Math.min(Math.max(next, 0), order.length - 1)]);
    const actions = {
      ArrowLeft: () => move(rank - 1), ArrowRight: () => move(rank + 1),
      Home: () => move(0), End: () => move(order.length - 1),
      Enter: () => this.keep(place), " ": () => this.keep(place),
    };
    actions.ArrowUp = actions.ArrowDown = () => {
      const strongest = this.contributions.ranking(place.side, place.index)[0];
      if (strongest) this.focus(1 - place.side, strongest.index);
    };
    if (!actions[event.key]) return;
    event.preventDefault();
    // Whoever uses the keys does not mean what the pointer happens to lie on.
    this.pointed = null;
    actions[event.key]();
  }

  // MARK: The same in words

  /** The pairs that add the most, each a way to its span. */
  pairs() {
    const table = make("table");
    const head = table.insertRow();
    for (const name of ["adds", "A", "B"]) head.append(make("th", name));
    for (const {a, b, value} of this.contributions.strongest(toldPairs)) {
      const row = table.insertRow();
      row.append(make("td", signed(value), "number"));
      [a, b].forEach((index, side) => {
        const button = make("button", shortened(this.contributions.spans[side][index].text, 60));
        button.type = "button";
        button.addEventListener("click", () => this.focus(side, index));
        row.insertCell().append(button);
      });
    }
    return table;
  }

  /** What texts, template and rationales add: the sums are the similarity. */
  sums() {
    const table = make("table");
    const head = table.insertRow();
    const {kinds, sums} = this.contributions.byKind();
    head.append(make("th", "A \\ B"), ...kinds.map(kind => make("th", kind)));
    sums.forEach((values, index) => {
      const row = table.insertRow();
      row.append(make("th", kinds[index]), ...values.map(value => make("td", signed(value), "number")));
    });
    return table;
  }
}
