"use strict";
// Texts and numbers. Whatever comes from a server or a person is put into the page as text, never as markup.

/** An element, with a text and a class. */
function make(name, text, className) {
  const element = document.createElement(name);
  if (text !== undefined) element.textContent = text;
  if (className) element.className = className;
  return element;
}

/** The element of an identifier. */
const at = identifier => document.getElementById(identifier);

/** With as many digits for every number: they stand below each other. */
function plain(value) {
  return (value < 0 ? "−" : "") + Math.abs(value).toFixed(4);
}

/** With its sign. */
function signed(value) {
  return (value < 0 ? "" : "+") + plain(value);
}

/** The beginning of a text on one line, as long as there is room. */
function shortened(text, limit = 90) {
  const points = Array.from(text.replace(/\s+/g, " ").trim() || text.replace(/\n/g, "⏎"));
  return points.length > limit ? points.slice(0, limit - 1).join("") + "…" : points.join("");
}

/**
 * A text cut where its spans begin and end: pieces, each with the index of its span, or null where there is none.
 *
 * Offsets count Unicode code points, which a string of JavaScript does not. A span that is not within the text, or
 * overlaps the one before, stands at the end with its own text: nothing that carries similarity is left out.
 */
function pieces(text, spans, kind) {
  const points = Array.from(text);
  const found = [];
  const strays = [];
  let place = 0;
  const sorted = spans.map((span, index) => ({span, index})).filter(({span}) => span.kind === kind)
    .sort((first, second) => first.span.start - second.span.start);
  for (const {span, index} of sorted) {
    if (!(span.start >= place && span.end >= span.start && span.end <= points.length)) {
      strays.push({text: span.text, index});
      continue;
    }
    if (span.start > place) found.push({text: points.slice(place, span.start).join(""), index: null});
    found.push({text: points.slice(span.start, span.end).join("") || "∅", index});
    place = span.end;
  }
  if (place < points.length) found.push({text: points.slice(place).join(""), index: null});
  return found.concat(strays);
}

/** A word of a POSIX shell that stands for a text. */
function shellWord(text) {
  return "'" + text.replaceAll("'", "'\\''") + "'";
}
