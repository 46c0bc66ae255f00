
"use strict";
// The nearest step and its values beside the pointer. Places become numbers by the frame that each drawing carries.
for (const plot of document.querySelectorAll(".plot")) {
  const [left, right, bottom, top, first, last, low, high] = plot.dataset.frame.split(" ").map(Number);
  const lines = [...plot.querySelectorAll("path.smooth")].map((path) => ({
    name: path.dataset.name,
    points: path.getAttribute("d").slice(1).split("L").map((point) => point.split(" ").map(Number)),
  }));
  const hover = plot.querySelector(".hover");
  const make = (name, attributes, text) => {
    const element = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const key in attributes) element.setAttribute(key, attributes[key]);
    if (text !== undefined) element.textContent = text;
    hover.append(element);
    return element;
  };
  plot.addEventListener("pointerleave", () => hover.replaceChildren());
  plot.addEventListener("pointermove", (event) => {
    const box = plot.getBoundingClientRect();
    const x = ((event.clientX - box.left) / box.width) * plot.viewBox.baseVal.width;
    const nearest = lines.map(({ name, points }) => ({
      name, point: points.reduce((best, point) => (Math.abs(point[0] - x) < Math.abs(best[0] - x) ? point : best)),
    }));
    const at = nearest.reduce((best, line) => (Math.abs(line.point[0] - x) < Math.abs(best.point[0] - x) ? line : best));
    const step = first + ((at.point[0] - left) / (right - left)) * (last - first);
    const texts = [`step ${Math.round(step)}`];
    for (const { name, point } of nearest) {
      const value = low + ((bottom - point[1]) / (bottom - top)) * (high - low);
      texts.push(`${name} ${Number(value.toPrecision(3))}`);
    }
    hover.replaceChildren();
    make("line", { x1: at.point[0], x2: at.point[0], y1: top, y2: bottom });
    const background = make("rect", { rx: 5 });
    const elements = texts.map((text, index) => make("text", { x: 0, y: top + 17 * (index + 1) }, text));
    const width = Math.max(...elements.map((element) => element.getComputedTextLength())) + 16;
    const start = at.point[0] + 10 + width > right ? at.point[0] - 10 - width : at.point[0] + 10;
    for (const element of elements) element.setAttribute("x", start + 8);
    for (const [key, value] of [["x", start], ["y", top], ["width", width], ["height", 17 * texts.length + 10]]) {
      background.setAttribute(key, value);
    }
  });
}
