// One request and what comes of it: rationales while they are written, then what they add.

/** The part of the page that belongs to one checkpoint. */
class Run {
  /** - texts: one or two. */
  constructor(name, texts) {
    this.name = name;
    this.texts = texts;
    this.element = make("section", undefined, "run");
    this.heading = make("h2", name);
    this.facts = make("p", "Waiting for a place in the queue …", "facts");
    this.result = make("p", undefined, "similarity");
    this.result.hidden = true;
    const grid = make("div", undefined, "texts");
    this.bodies = texts.map((text, index) => {
      const body = {text: make("p", text, "body"), rationale: make("p", "", "body writing")};
      const side = texts.length > 1 ? " " + sideNames[index] : "";
      const column = make("div");
      column.append(make("h3", "Text" + side), body.text, make("h4", "Rationale" + side), body.rationale);
      grid.append(column);
      return body;
    });
    this.element.append(this.heading, this.facts, this.result, grid);
    this.unspoken = texts.map(() => "");
    this.notes = [];
  }

  /** Sends the request; a failure is shown where the answer would stand. Returns what to say of it. */
  async send(request, key, signal) {
    const start = performance.now();
    try {
      const answer = await follow(request, key, signal, headers => this.accept(headers),
        (index, text) => this.write(index, text));
      this.show(answer);
      this.tell((performance.now() - start) / 1000);
      return this.outcome;
    } catch (error) {
      if (!(error instanceof Failure) && !signal.aborted) throw error;
      this.fail(error instanceof Failure ? error.message : "Stopped");
      return error instanceof Failure ? "Failed: " + error.message : "Stopped.";
    } finally {
      for (const body of this.bodies) body.rationale.classList.remove("writing");
      this.texts.forEach((_, index) => this.speak(index));
    }
  }

  /** The head of the answer: who answers. */
  accept(headers) {
    this.heading.textContent = headers.get("x-grace-checkpoint") ?? this.name;
    this.compute = headers.get("x-grace-compute");
    this.facts.textContent = "Writing …";
  }

  write(index, text) {
    if (!this.bodies[index]) return;
    this.bodies[index].rationale.append(text);
    this.unspoken[index] += text;
    if (/[.!?。！？\n]\s*$/u.test(text)) this.speak(index);
  }

  /** Gives screen readers whole sentences: piece by piece they would spell. */
  speak(index) {
    const text = this.unspoken[index].trim();
    if (!text) return;
    this.unspoken[index] = "";
    at("announcements").append(make("p", (this.texts.length > 1 ? sideNames[index] + ": " : "") + text));
    while (at("announcements").childElementCount > 20) at("announcements").firstElementChild.remove();
  }

  fail(message) {
    this.facts.replaceChildren(make("span", message, "failure"));
    this.element.dataset.state = "failed";
  }

  tell(seconds) {
    this.facts.textContent = [this.compute, seconds.toFixed(1) + " s", ...this.notes].filter(Boolean).join(", ");
    this.element.dataset.state = "done";
  }

  show(answer) {
    if (this.texts.length > 1) this.showPair(answer);
    else this.showOne(answer);
  }

  showOne(answer) {
    const [explanation] = Array.isArray(answer) ? answer : [];
    if (typeof explanation?.rationale !== "string") throw new Failure("The answer is not one that this page knows");
    this.heading.textContent = explanation.checkpoint ?? this.heading.textContent;
    this.bodies[0].rationale.textContent = explanation.rationale;
    this.note([explanation]);
    this.outcome = "Done: " + this.notes[0] + ".";
  }

  /** What explanations say beside their rationales. */
  note(explanations) {
    this.notes = explanations.flatMap(({rationale_tokens: tokens, finish_reason: reason, truncated}, index) => {
      const side = this.texts.length > 1 ? " " + sideNames[index] : "";
      const end = reason === "length" ? "cut off at the limit" : "ended by the model";
      return [
        "rationale" + side + " of " + tokens + " tokens, " + end, ...(truncated ? ["text" + side + " cut off"] : []),
      ];
    });
  }

  showPair(answer) {
    const contributions = new Contributions(answer);
    const explanations = answer.rationales;
    if (explanations?.length !== 2 || explanations.some(explanation => typeof explanation?.rationale !== "string")) {
      throw new Failure("The answer is not one that this page knows");
    }
    this.note(explanations);
    // Of very many parts the server tells the pairs that matter.
    const rest = answer.rest ?? 0;
    if (Math.abs(rest) >= 0.00005) this.notes.push("small pairs left out: " + signed(rest) + " together");
    const rationales = explanations.map(explanation => explanation.rationale);
    if (answer.checkpoint) this.heading.textContent = answer.checkpoint;
    this.result.hidden = false;
    this.result.replaceChildren(make("b", plain(answer.similarity)), " cosine similarity");
    const detail = make("div", undefined, "detail");
    this.marks = new Marks(contributions, this.texts, rationales, this.bodies, detail);
    this.marks.listen(this.element);
    const fold = (title, content) => {
      const details = make("details");
      details.append(make("summary", title), content);
      return details;
    };
    this.element.append(detail, fold("The strongest pairs", this.marks.pairs()),
      fold("What texts, template and rationales add", this.marks.sums()));
    this.outcome = "Done: similarity " + plain(answer.similarity) + ".";
  }
}
