"""Draws what a terminal shows as an SVG, with its bold, dim and coloured text, light or dark as the reader's system is.

    script --quiet --command ./run screen.txt      # Ctrl-C after some events
    grep --text --invert-match '^Script ' screen.txt | python3 docs/images/screen.py ./run > docs/images/first-screen.svg
"""

import html
import re
import sys
import unicodedata

COLUMNS, CELL, LINE, LEFT, TOP = 120, 8.4, 19, 22, 62
KINDS = {"1": "bold", "2": "dim", "36": "cyan", "0": ""}
STYLE = """
  text { font: 14px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; fill: #1f2328 }
  .window { fill: #f6f8fa; stroke: #d0d7de }
  .button { fill: #d0d7de }
  .bold { font-weight: bold }
  .dim { fill: #59636e }
  .cyan { fill: #0f6d7b }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 }
    .window { fill: #0d1117; stroke: #3d444d }
    .button { fill: #3d444d }
    .dim { fill: #9198a1 }
    .cyan { fill: #56d4dd }
  }
"""


def width(character):
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def rows(text):
    """Each row of the terminal as its pieces, (column, text, kind): text of one kind and one width, so that it fits its cells in any font."""
    row, column, kind = [], 0, ""
    for code, character in re.findall(r"\x1b\[(\d+)m|([^\r\x1b])", text):
        if code:
            kind = KINDS[code]
            continue
        if character == "\n" or column + width(character) > COLUMNS:
            yield row
            row, column = [], 0
        if character == "\n":
            continue
        if row and row[-1][2] == kind and width(row[-1][1][-1]) == width(character):
            row[-1][1] += character
        else:
            row.append([column, character, kind])
        column += width(character)
    yield row


def main():
    screen = list(rows(f"\x1b[2m$\x1b[0m {sys.argv[1]}\n" + sys.stdin.read().rstrip()))
    across, down = LEFT * 2 + COLUMNS * CELL, TOP + len(screen) * LINE
    print(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {across:.0f} {down}" width="{across:.0f}" height="{down}" role="img">')
    print(f"<title>What {html.escape(sys.argv[1])} shows</title>\n<style>{STYLE}</style>")
    print(f'<rect class="window" x="0.5" y="0.5" width="{across - 1:.0f}" height="{down - 1}" rx="10"/>')
    for x in (22, 42, 62):
        print(f'<circle class="button" cx="{x}" cy="20" r="6"/>')
    for number, row in enumerate(screen):
        for column, text, kind in row:
            for word in re.finditer(r"\S+(?: \S+)*", text):
                x, length = column + word.start() * width(text[0]), len(word[0]) * width(text[0])
                style = f' class="{kind}"' if kind else ""
                print(
                    f'<text x="{LEFT + x * CELL:.1f}" y="{TOP + number * LINE}" textLength="{length * CELL:.1f}"'
                    f"{style}>{html.escape(word[0], quote=False)}</text>")
    print("</svg>")


main()
