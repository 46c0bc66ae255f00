"""The marked parts of two texts on the page at /ui: colours, numbers, keys, two checkpoints, small screens."""

import json
import unittest

import browser
import scripted_server
from page_case import DONE, PAIR, READY, PageCase

# What a person must be able to read (WCAG 2.2, 1.4.3 and 1.4.11).
TEXT_CONTRAST, FIELD_CONTRAST = 4.5, 3

CONTRASTS = """
const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
canvas.canvas.width = canvas.canvas.height = 1;
// Layers of colour from the page to the front, as the screen blends them.
const blend = colours => {
  canvas.clearRect(0, 0, 1, 1);
  for (const colour of colours) { canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1); }
  return canvas.getImageData(0, 0, 1, 1).data;
};
const luminance = colour => [0.2126, 0.7152, 0.0722].reduce((sum, weight, index) => {
  const part = colour[index] / 255;
  return sum + weight * (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
}, 0);
const contrast = (first, second) => {
  const [light, dark] = [luminance(first), luminance(second)].sort((one, other) => other - one);
  return (light + 0.05) / (dark + 0.05);
};
return Array.from(document.querySelectorAll(arguments[0])).filter(element => element.checkVisibility()).map(element => {
  const layers = [];
  for (let place = element; place; place = place.parentElement) layers.unshift(getComputedStyle(place).backgroundColor);
  const ground = blend(layers);
  const colour = getComputedStyle(element)[arguments[1]];
  return [element.className + " " + element.textContent.slice(0, 30), contrast(blend([...layers, colour]), ground)];
});
"""


class MarkTests(PageCase):
    def test_what_carries_the_similarity_has_the_most_colour(self):
        self.explain(*PAIR)
        marks = self.marks()
        self.assertEqual("".join(text for text, *_ in marks if "⏎" not in text),
                         PAIR[0] + "This text is about The river burst. It has 12 words."
                         + PAIR[1] + "This text is about Days of rain. It has 11 words.")
        for side in (0, 1):
            own = self.marks(f".mark[data-side='{side}']")
            numbers = [float(title.split()[0].replace("−", "-")) for *_, title in own]
            for (text, sign, share, _), number in zip(own, numbers):
                self.assertEqual(sign, "below" if number < 0 else "above", text)
                self.assertAlmostEqual(share, 45 * abs(number) / max(map(abs, numbers)), delta=0.2)
            # The parts of either side are all of the similarity.
            self.assertAlmostEqual(sum(numbers), float(self.browser.text(".similarity b")), delta=0.001)

    def test_pointing_at_a_part_shows_what_answers_it(self):
        self.explain(*PAIR)
        self.browser.point(".mark[data-side='0'][data-index='0']")
        self.browser.until("document.querySelector('.mark.active')")
        for name, expected in {"active": "The river burst its banks after days of rain.",
                               "answer": "Days of rain flooded the valley."}.items():
            self.assertEqual([text for text, *_ in self.marks(f".mark.{name}")], [expected])
        # Its own side loses its colour: what is left answers it.
        self.assertTrue(all(share == 0 for text, _, share, _ in self.marks(".mark[data-side='0']:not(.active)")))
        lines = self.browser.text(".detail").splitlines()
        self.assertRegex(lines[0], r"^\+0\.\d{4} ?A, text: “The river burst its banks after days of rain.”$")
        self.assertRegex(lines[1], r"^\+0\.\d{4} ?with B, text: “Days of rain flooded the valley.”$")
        self.browser.point("h1")
        self.browser.until("!document.querySelector('.mark.active')")

    def test_a_part_that_is_clicked_is_kept_and_nothing_moves(self):
        self.explain(*PAIR)
        boxes = ("Array.from(document.querySelectorAll('.mark, .detail'), element => "
                 "JSON.stringify(element.getBoundingClientRect()))")
        last = ".texts > :last-child .body:last-child .mark:last-child"
        self.browser.run(browser.CENTER, last)
        before = self.browser.run("return " + boxes)
        for count in (1, 0, 1):
            self.browser.click(last)
            self.browser.until(f"document.querySelectorAll('.mark.kept').length === {count}")
            self.assertEqual(self.browser.run("return " + boxes), before)
        self.browser.point(".detail")
        self.browser.run("document.activeElement.blur()")
        self.assertEqual(len(self.marks(".mark.active.kept")), 1)

    def test_offsets_count_code_points(self):
        texts = ("😺 cafe\u0301. 👩‍🚀 flies! 猫が眠る。\nLast", "\u00a0Ünï. 𝒳 is a letter.")
        self.explain(*texts, granularity="words")
        answer = scripted_server.similarity({"inputs": texts, "granularity": "words"}, ["", ""], "")
        for side in (0, 1):
            shown = [text for text, *_ in self.marks(f".mark[data-side='{side}']:not(.template)")]
            expected = [span["text"] for span in answer["spans"][side] if span["kind"] == "text"]
            self.assertEqual(shown[:len(expected)], expected)

    def test_parts_that_are_left_out_or_do_not_fit_are_shown_too(self):
        spans = [{"kind": "text", "start": 2, "end": 5, "text": "cde"},
                 {"kind": "text", "start": 4, "end": 99, "text": "lost"}]
        other = [{"kind": "text", "start": 0, "end": 1, "text": "x"}]
        answer = {"similarity": 0.5, "spans": [spans, other], "rationales": [{"rationale": ""}] * 2,
                  "contributions": [{"a": 0, "b": 0, "contribution": 0.75}, {"a": 1, "b": 0, "contribution": -0.375}],
                  "rest": 0.125}
        self.server.script = lambda *_: iter([("done", answer)])
        self.explain("abcdefg", "x")
        parts = self.browser.run("return Array.from(document.querySelector('.body').children, part => "
                                 "[part.textContent, part.className])")
        self.assertEqual(parts, [["ab", "left-out"], ["cde", "mark"], ["fg", "left-out"], ["lost", "mark"]])
        self.assertEqual([sign for _, sign, *_ in self.marks(".mark[data-side='0']")], ["above", "below"])
        self.assertIn("small pairs left out: +0.1250 together", self.browser.text(".facts"))

    def test_sums_by_kind_add_up(self):
        self.explain(*PAIR, prompt_name="query")
        read = scripted_server.PROMPT + PAIR[0] + " " + scripted_server.TEMPLATE.replace("\n", "⏎")
        self.assertEqual(self.browser.text(".body").split(), read.split())
        self.browser.run("document.querySelectorAll('details').forEach(details => { details.open = true })")
        tables = self.browser.run("return Array.from(document.querySelectorAll('.run table'), table => "
                                  "Array.from(table.rows, row => Array.from(row.cells, cell => cell.textContent)))")
        pairs, sums = ([[cell.replace("−", "-") for cell in row] for row in table[1:]] for table in tables)
        self.assertEqual([row[0] for row in sums], ["prompt", "text", "template", "rationale"])
        total = sum(float(cell) for row in sums for cell in row[1:])
        self.assertAlmostEqual(total, float(self.browser.text(".similarity b")), delta=0.001)
        sizes = [abs(float(row[0])) for row in pairs]
        self.assertEqual((len(sizes), sizes), (10, sorted(sizes, reverse=True)))

    def test_colour_can_leave_length_out(self):
        self.explain(*PAIR)
        before = self.marks()
        self.browser.fill("#scale", "character")
        after = self.marks()
        self.assertNotEqual(before, after)
        self.assertEqual([title for *_, title in before], [title for *_, title in after])


class ManyTests(PageCase):
    def test_two_checkpoints_are_compared_on_the_same_pair(self):
        self.server.models = ["Reader", "Writer"]
        self.open(*PAIR)
        self.browser.until("document.querySelector('#other-model').options.length === 3")
        self.browser.fill("#model", "Reader")
        self.browser.fill("#other-model", "Writer")
        self.browser.click("#explain")
        self.browser.until(DONE + " && document.querySelectorAll('.run[data-state=done]').length === 2")
        self.assertEqual({json.loads(body)["model"] for *_, body in self.server.requests}, {"Reader", "Writer"})
        headings = self.browser.run(
            "return Array.from(document.querySelectorAll('.run h2'), title => title.textContent)")
        self.assertEqual(headings, ["Reader@0123456789ab", "Writer@0123456789ab"])
        self.browser.click("#copy")
        self.assertEqual(self.browser.until("document.querySelector('#curl').textContent").count("curl -N"), 2)

    def test_one_of_two_may_fail(self):
        self.server.models = ["Reader", "Writer"]

        def script(path, body, checkpoint):
            if body["model"] == "Writer":
                return iter([("refuse", 429, {"error": "the queue is full", "error_type": "Overloaded"})])
            return scripted_server.plain_script(path, body, checkpoint)

        self.server.script = script
        self.open(*PAIR)
        self.browser.until("document.querySelector('#other-model').options.length === 3")
        self.browser.fill("#model", "Reader")
        self.browser.fill("#other-model", "Writer")
        self.browser.click("#explain")
        self.browser.until(DONE)
        states = self.browser.run("return Array.from(document.querySelectorAll('.run'), run => run.dataset.state)")
        self.assertEqual(states, ["done", "failed"])
        self.assertRegex(self.browser.text("#message"), r"^Reader: Done: .* Writer: Failed: 429: the queue is full")


class LookTests(PageCase):
    def test_it_fits_a_phone_and_can_be_read_in_dark_and_light(self):
        long = "Donaudampfschifffahrtsgesellschaftskapitän" * 4
        self.server.models = ["Reader-" * 20, "Writer"]
        for granularity in ("sentences", "words"):
            self.browser.resize(320)
            self.explain(PAIR[0] + " " + long, PAIR[1], granularity=granularity)
            self.browser.click("#copy")
            self.browser.run("document.querySelectorAll('details').forEach(details => { details.open = true })")
            self.assertEqual(self.browser.run("return document.scrollingElement.scrollWidth"), 320)
            for scheme in ("light", "dark"):
                self.browser.prefer(scheme)
                # Pointed at, too: colours are stronger then.
                for place in ("h1", ".mark[data-side='0']"):
                    self.browser.point(place)
                    texts = self.browser.run(
                        CONTRASTS, "h1, p, label, summary, button, dt, dd, th, td, pre, small, .mark, a", "color")
                    fields = self.browser.run(CONTRASTS, "textarea, input, select", "borderTopColor")
                    self.assertGreater(len(texts), 40)
                    self.assertEqual([found for found in texts if found[1] < TEXT_CONTRAST], [], scheme)
                    self.assertEqual([found for found in fields if found[1] < FIELD_CONTRAST], [], scheme)

    def test_whatever_can_be_reached_has_a_name(self):
        self.explain(*PAIR)
        self.browser.click("#copy")
        self.browser.run("document.querySelectorAll('details').forEach(details => { details.open = true })")
        nodes = self.browser.protocol("Accessibility.getFullAXTree")["nodes"]
        names = {}
        for node in nodes:
            properties = {entry["name"]: entry["value"].get("value") for entry in node.get("properties", [])}
            if properties.get("focusable") and node["role"]["value"] not in ("RootWebArea",):
                names.setdefault(node["role"]["value"], []).append(node.get("name", {}).get("value", "").strip())
        self.assertLessEqual({"button", "textbox", "combobox", "link", "spinbutton"}, set(names))
        self.assertEqual([role for role, found in names.items() if "" in found], [])

    def test_all_of_it_works_by_keyboard(self):
        self.browser.open(self.server.url + "/ui")
        self.browser.until(READY)
        focused = "document.activeElement"
        self.browser.press("Tab", *"One sentence. Another one.", "Tab", *"One more. Another two.")
        while self.browser.run(f"return {focused}.id") != "explain":
            self.browser.press("Tab")
        self.browser.press("Enter")
        self.browser.until(DONE)
        while not self.browser.run(f"return {focused}.matches('.mark')"):
            self.browser.press("Tab")
        place = f"[{focused}.dataset.side, {focused}.dataset.index].join()"
        self.assertEqual(self.browser.run("return " + place), "0,0")
        # In the order in which they are read: the template's part stands behind the text, before the rationale.
        order = self.browser.run("return Array.from(document.querySelectorAll('.mark[data-side=\"0\"]'), "
                                 "mark => '0,' + mark.dataset.index)")
        self.assertEqual(sorted(order), [f"0,{index}" for index in range(len(order))])
        self.assertGreater(len(order), 4)
        walk = [("Right", order[1]), ("Right", order[2]), ("Left", order[1]), ("End", order[-1]), ("Right", order[-1]),
                ("Home", order[0]), ("Left", order[0])]
        # A small window, in which what is told of a part takes much of the room.
        self.browser.resize(320, 500)
        for key, expected in walk:
            self.browser.press(key)
            self.assertEqual(self.browser.run("return " + place), expected, key)
            self.assertTrue(self.browser.run(f"""
                const box = {focused}.getClientRects()[0];
                return document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2) === {focused};"""), key)
        answer = self.browser.run("return document.querySelector('.mark.answer').dataset.index")
        self.browser.press("Down")
        self.assertEqual(self.browser.run("return " + place), "1," + answer)
        self.browser.press("Enter")
        self.assertEqual(self.browser.run(f"return {focused}.getAttribute('aria-pressed')"), "true")
        self.browser.press("Tab")
        self.assertEqual(len(self.marks(".mark.kept")), 1)
        self.browser.press("Escape")
        self.assertEqual(self.marks(".mark.kept, .mark.active"), [])
        # One stop of Tab for each text.
        self.assertEqual(len(self.marks(".mark[tabindex='0']")), 2)


if __name__ == "__main__":
    unittest.main()
