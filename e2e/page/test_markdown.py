"""Markdown as the page shows it, compared with markdown-it-py, which follows CommonMark; and formulas."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

import pytest
from markdown_it import MarkdownIt
from page.mock_server import Mock
from playwright.sync_api import Browser, Page

# What an element is in HTML, without what is the page's own: wrappers of code and tables, attributes of links.
SHOW = """
async (texts) => {
  const { parse } = await import('/ui/markdown.js');
  const { node, inlineOf, shower } = await import('/ui/render.js');
  const show = shower({ has: () => false });
  show.link = (href, inside, title) => { const a = document.createElement('a'); a.setAttribute('href', href);
    if (title) a.title = title; a.append(...inside); return a; };
  show.picture = (src, alt, title) => { const i = document.createElement('img'); i.setAttribute('src', src);
    i.alt = alt; if (title) i.title = title; return i; };
  return texts.map((text) => {
    const { blocks, references } = parse(text);
    const place = document.createElement('div');
    place.append(...blocks.map((one) => node(one, inlineOf(references, show, 1))));
    for (const one of place.querySelectorAll('figcaption')) one.remove();
    for (const one of place.querySelectorAll('figure, .wide-table')) one.replaceWith(...one.childNodes);
    for (const one of place.querySelectorAll('pre span')) one.replaceWith(...one.childNodes);
    for (const one of place.querySelectorAll('*')) {
      for (const name of ['class', 'tabindex', 'role', 'aria-label', 'scope']) one.removeAttribute(name);
    }
    return place.innerHTML;
  });
}
"""

# One a line; ⏎ is a line end, ⇥ a tab.
SAMES = r"""
plain words
two⏎lines
one⏎⏎two
# one⏎## two ##⏎###### six⏎####### seven⏎#none
Title⏎===⏎Other⏎---⏎
***⏎---⏎___⏎* * *
*a* **b** ***c*** _d_ __e__ a_b_c a*b*c
**bold *and em* more** *em **and bold***
\*not\* \# \` \\ \a
`code` ``a ` b`` `` ` `` `a  b` `unclosed
__init__ and snake_case_name and 2*3*4
*unclosed and **both
a  ⏎hard break\⏎again
> quote⏎> more⏎lazy⏎⏎after
> # head⏎> - item⏎>⏎> para
- a⏎- b⏎- c
* a⏎⏎* b⏎⏎* c
1. one⏎2. two⏎10. ten
3) three⏎4) four
- a⏎  - b⏎    - c⏎- d
- a⏎⏎  second paragraph⏎- b
1. a⏎   ```⏎   code⏎   ```⏎2. b
- a⏎-⏎- c
-⏎  text
- a⏎* b⏎+ c
10. a⏎⏎    para
para⏎- item
para⏎1. item
para⏎14. not an item
    indented⏎      more⏎⏎    rest
```⏎fence⏎```
~~~⏎```⏎~~~
````⏎```⏎````
```python⏎x = 1⏎```
```⏎unclosed⏎fence
  ```⏎  stripped⏎    kept⏎  ```
`` ` `` and ```` ``` ````
[link](http://a.b/c) [t](</a b> "title") [u](x 'y') [empty]()
[a *b* c](d) [a [b] c](d) [not a link] [a](b c)
![alt](img.png) ![a *b*](c "t") ![]()
[![alt](i.png)](l)
[ref] [Text][ref] [Text][] ![pic][ref]⏎⏎[ref]: http://x.y/z "title"⏎[text]: /u
<http://a.b> <mailto:a@b.c> <a@b.cd> <not a link>
a &amp; b &lt; &copy; &#65; &#x42; &nosuch; &#0;
a < b > c & d "e" 'f'
**a**b **a **b** a** *a*b
*(a)* **"b"** *a.*b
**foo*bar**baz*
*foo**bar*
a * b * c ** d **
_a_. _b_! (_c_) -_d_-
***a** b* ***a* b**
> > > deep⏎> > less⏎> one
- > quote⏎  > more⏎- # head
1. - 2. x
a⏎***⏎b
a⏎===
a⏎⏎⏎⏎b
⇥ code⏎⇥code
- a⏎⏎      code in item
 - a⏎  - b⏎   - c
- a⏎⏎⏎- b
* a⏎  > b⏎  ```⏎  c⏎  ```⏎* d
[a](<b)c> "d") [a](b "c \"d\" e")
[a](b\)c) [a](b(c)d)
*a `*` b*
[a`]`](b)
> ```⏎> a⏎⏎b
> - a⏎lazy
"""
EXAMPLES = [line.replace("⏎", "\n").replace("⇥", "\t") for line in SAMES.strip("\n").split("\n")]

TABLES = [
    "| a | b |\n|---|---|\n| 1 | 2 |\n| 3 | 4 |",
    "a | b\n--|:-:\n1 | 2\n\nafter",
    "| a |\n|--:|\n| x \\| y |\n| `c` |",
    "| a | b |\n|---|\n| 1 |",
    "text\n| a | b |\n|---|---|\n| 1 | 2 |",
    "| a | b |\n|---|---|\n| 1 |\n| 1 | 2 | 3 |",
    "~~gone~~ and ~one~",
]


def normalized(text: str) -> str:
    text = re.sub(r' class="[^"]*"', "", text)
    text = re.sub(r"<(br|hr|img [^>]*?) ?/>", r"<\1>", text)
    text = re.sub(r"\n</code>", "</code>", text).replace("<br>\n", "<br>")
    text = re.sub(r' style="text-align:\w+"', "", text)
    text = re.sub(r"<(/?)s>", r"<\1del>", text)
    text = re.sub(
        r"<img ([^>]*)>", lambda found: "<img " + " ".join(sorted(re.findall(r'\w+="[^"]*"', found[1]))) + ">", text
    )
    text = re.sub(r"\s*(</?(?:p|ul|ol|li|blockquote|h\d|pre|hr|table|thead|tbody|tr|th|td)\b[^>]*>)\s*", r"\1", text)
    return html.unescape(text.replace("%20", " ")).strip()


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    server = Mock().start()
    opened = browser.new_page()
    opened.goto(server.url)
    # Formulas are shown as they were written until the module that sets them is loaded.
    opened.evaluate(
        """async () => { const { formula } = await import('/ui/formula.js');
        while (formula('x').localName !== 'math') await new Promise((resolve) => setTimeout(resolve)); }"""
    )
    yield opened
    opened.close()
    server.close()


def test_the_common_part_of_commonmark_is_shown_as_it_says(page: Page) -> None:
    reference = MarkdownIt("commonmark", {"html": False})
    shown = page.evaluate(SHOW, EXAMPLES)
    wrong = [
        (text, normalized(ours), normalized(theirs))
        for text, ours in zip(EXAMPLES, shown, strict=True)
        if normalized(ours) != normalized(theirs := reference.render(text))
    ]
    assert not wrong, "\n\n".join(
        f"{text!r}\n  page:      {ours}\n  reference: {theirs}" for text, ours, theirs in wrong
    )


def test_tables_and_struck_text_are_shown_as_github_does(page: Page) -> None:
    reference = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    shown = page.evaluate(SHOW, TABLES[:-1])
    for text, ours in zip(TABLES, shown, strict=False):
        assert normalized(ours) == normalized(reference.render(text)), text
    assert "<del>gone</del> and <del>one</del>" in page.evaluate(SHOW, TABLES[-1:])[0]


STREAM = """
async ([text, sizes]) => {
  const { MarkdownView, shower } = await import('/ui/render.js');
  const shown = async (size) => {
    const view = new MarkdownView(shower({ has: () => false }));
    for (let at = size; at < text.length; at += size) view.update(text.slice(0, at), false);
    view.update(text, true);
    while (!view.isDone) await new Promise((resolve) => setTimeout(resolve));
    return view.node.innerHTML;
  };
  const whole = await shown(text.length);
  const same = [];
  for (const size of sizes) same.push(await shown(size) === whole);
  return same;
}
"""


def test_a_text_that_came_in_pieces_looks_like_one_that_came_whole(page: Page) -> None:
    from page.samples import ANSWER

    texts = [ANSWER, ANSWER.replace("\n", "\r\n"), "\n\n".join(EXAMPLES[:40]), "```\n" + "x = 1\n" * 400, "- a\n" * 50]
    for text in texts:
        assert all(page.evaluate(STREAM, [text, [1 if len(text) < 3000 else 17, 7, 64]])), text[:60]


FORMULA = """
async (texts) => {
  const { formula } = await import('/ui/formula.js');
  return texts.map((text) => formula(text, false).outerHTML);
}
"""


def test_formulas_are_mathml(page: Page) -> None:
    texts = {
        r"\frac{a}{b}": "<mfrac><mi>a</mi><mi>b</mi></mfrac>",
        "x_i^2": "<msubsup><mi>x</mi><mi>i</mi><mn>2</mn></msubsup>",
        r"\sqrt[3]{x}": "<mroot><mi>x</mi><mn>3</mn></mroot>",
        r"\frac12": "<mfrac><mn>1</mn><mn>2</mn></mfrac>",
        r"\alpha \le \infty": "<mi>α</mi><mo>≤</mo>",
        r"\begin{pmatrix} a & b \\ c & d \end{pmatrix}": "<mtr><mtd><mi>c</mi></mtd><mtd><mi>d</mi></mtd></mtr>",
        r"\text{if } x": "<mtext>if&nbsp;</mtext>",
        r"\left( x \right)": 'fence="true"',
        r"f'(x)": "<msup><mi>f</mi><mo>′</mo></msup>",
        r"\sum_{i=1}^n i": "<munderover>",
        r"\mathbb{R}": "ℝ",
    }
    for (text, part), shown in zip(texts.items(), page.evaluate(FORMULA, list(texts)), strict=True):
        assert shown.startswith("<math") and part in shown, (text, shown)


def test_a_formula_that_is_not_known_is_shown_as_it_was_written(page: Page) -> None:
    texts = [
        r"\href{javascript:alert(1)}{x}",
        r"\unknown{x}",
        "{",
        "a_b_c",
        r"\frac{a}",
        "}" * 50,
        "{" * 500 + "}" * 500,
        r"\left( x",
        r"\begin{x}\end{x}",
        "&",
    ]
    for text, shown in zip(texts, page.evaluate(FORMULA, texts), strict=True):
        assert shown.startswith('<code class="tex">'), (text, shown)


def test_prices_are_no_formulas(page: Page) -> None:
    shown = page.evaluate(SHOW, ["It costs $5 and $10, or $ 3 $.", "`$x$`", r"\$x\$ $x$"])
    assert "<math" not in shown[0] and "<math" not in shown[1] and shown[2].count("<math") == 1
