// What the parts of two texts add to their similarity.

/** The name of a side. */
const sideNames = ["A", "B"];
/** In the order in which they stand in what the model reads and writes. */
const kinds = ["prompt", "text", "template", "rationale"];

/** The contributions of an answer, by span and summed up. */
class Contributions {
  /** Throws a Failure for an answer of another form. */
  constructor(answer) {
    const {similarity, spans, contributions} = answer;
    const isSound = typeof similarity === "number" && Array.isArray(contributions) && Array.isArray(spans)
      && spans.length === 2 && spans.flat().every(span => typeof span?.text === "string");
    if (!isSound) throw new Failure("The answer is not one that this page knows");
    this.similarity = similarity;
    this.spans = spans;
    this.values = new Float64Array(spans[0].length * spans[1].length);
    this.totals = spans.map(list => new Float64Array(list.length));
    for (const {a, b, contribution} of contributions) {
      if (!(spans[0][a] && spans[1][b] && Number.isFinite(contribution))) {
        throw new Failure("The answer has a contribution of spans that it does not have: " + a + " and " + b);
      }
      this.values[a * spans[1].length + b] += contribution;
      this.totals[0][a] += contribution;
      this.totals[1][b] += contribution;
    }
  }

  /** What one span of each side adds. */
  between(a, b) {
    return this.values[a * this.spans[1].length + b];
  }

  /** What each span of the other side adds together with this one. */
  answers(side, index) {
    return this.spans[1 - side].map((_, other) =>
      side === 0 ? this.between(index, other) : this.between(other, index));
  }

  /** The spans of the other side by what they add together with this one, the most first. */
  ranking(side, index) {
    return this.answers(side, index).map((value, other) => ({index: other, value}))
      .sort((first, second) => Math.abs(second.value) - Math.abs(first.value));
  }

  /** The pairs that add or take the most. */
  strongest(count) {
    const found = [];
    this.values.forEach((value, place) => {
      if (found.length === count && Math.abs(value) <= Math.abs(found[count - 1].value)) return;
      const pair = {a: Math.floor(place / this.spans[1].length), b: place % this.spans[1].length, value};
      const rank = found.findIndex(other => Math.abs(other.value) < Math.abs(value));
      found.splice(rank < 0 ? found.length : rank, 0, pair);
      found.length = Math.min(found.length, count);
    });
    return found;
  }

  /** The kinds of spans that there are, and what they add: a row for each kind of A, a column for each of B. */
  byKind() {
    const there = kinds.filter(kind => this.spans.flat().some(span => span.kind === kind));
    const sums = there.map(() => there.map(() => 0));
    this.values.forEach((value, place) => {
      const a = there.indexOf(this.spans[0][Math.floor(place / this.spans[1].length)].kind);
      const b = there.indexOf(this.spans[1][place % this.spans[1].length].kind);
      if (a >= 0 && b >= 0) sums[a][b] += value;
    });
    return {kinds: there, sums};
  }

  /** How strong each colour is, from -1 to 1, for the values of one side's spans. */
  shares(side, values, scale) {
    const scaled = Array.from(values, (value, index) =>
      scale === "character" ? value / Math.max(1, Array.from(this.spans[side][index].text).length) : value);
    const most = scaled.reduce((found, value) => Math.max(found, Math.abs(value)), Number.MIN_VALUE);
    return scaled.map(value => value / most);
  }
}
