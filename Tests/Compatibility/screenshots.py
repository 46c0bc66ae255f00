"""Takes the pictures of docs/images from a running server with two checkpoints.

    python3 screenshots.py URL [DIRECTORY]
"""

import pathlib
import sys

import browser

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
FIRST = ("After a week of rain the river rose over its banks. Cellars and fields stood under water. "
         "The mayor asked the army for boats.")
SECOND = ("Heavy rain has flooded the valley. Soldiers brought families out of their houses by boat. "
          "The bank on the market square stays closed.")
READY = "document.querySelector('#facts').childElementCount > 0"
DONE = "document.querySelector('#stop').hidden && document.querySelector('.run[data-state=done]')"


def take(page, path):
    """The whole page, as high as it is: what sticks to the edge of a window would else lie over it."""
    height = page.run("return Math.ceil(document.body.getBoundingClientRect().height)")
    page.resize(page.run("return innerWidth"), height)
    page.run("return new Promise(resolve => requestAnimationFrame(() => requestAnimationFrame(resolve)))")
    path.write_bytes(page.screenshot())
    print(f"{path}: {path.stat().st_size // 1000} kB")


def explain(page, url, width, scheme, **choices):
    page.resize(width)
    page.prefer(scheme)
    page.open(url + "/ui")
    page.until(READY)
    for identifier, value in {"text-a": FIRST, "text-b": SECOND, **choices}.items():
        page.fill("#" + identifier, value)
    page.click("#explain")
    page.until(DONE + " && !document.querySelector('.writing')")


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    url = sys.argv[1].rstrip("/")
    directory = pathlib.Path(sys.argv[2]) if len(sys.argv) == 3 else ROOT / "docs" / "images"
    directory.mkdir(parents=True, exist_ok=True)
    with browser.running() as page:
        explain(page, url, 900, "light", max_rationale_tokens="32")
        page.click(".mark[data-side='0'][data-index='0']")
        page.until("document.querySelector('.mark.kept')")
        take(page, directory / "ui-pair.png")
        models = page.run("return Array.from(document.querySelector('#model').options, option => option.value)")
        explain(page, url, 900, "dark", max_rationale_tokens="32", **{"model": models[1], "other-model": models[2]})
        take(page, directory / "ui-checkpoints-dark.png")
        explain(page, url, 320, "dark", max_rationale_tokens="16", granularity="words")
        take(page, directory / "ui-phone.png")


if __name__ == "__main__":
    main()
