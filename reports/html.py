"""The one place where text becomes HTML: escaping, hidden characters, inert JSON, and the content policy.

Whatever a model, a data row or a file name holds is shown and never run. Jinja escapes every expression, the
data of the list lies in an inert script element, the page's own script sets it as text, and the content
security policy allows exactly one script and one style, by hash, and no request at all.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
from collections.abc import Sequence
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from . import lean
from .strings.frame import Both, UiLanguage, same, text, together

TEMPLATES = Path(__file__).resolve().parent / "templates"
SCRIPTS = ("marks.js", "report.js")
_STYLES = {"evaluation.html.j2": ("report.css",)}
_EVERY_STYLE = ("course.css", "report.css")
"""The page of an evaluation is the longest, and needs none of the rules for courses, fronts and ledgers."""

# Controls, zero-width and bidirectional characters, line separators, fillers and tags. Left alone are tab and
# line feed, variation selectors (U+FE0x and the ideographic ones, ordinary in Japanese names) and the joiner
# inside an emoji.
_HIDDEN = re.compile(
    "(?<![\U0001f000-\U0001faff\u2600-\u27bf\ufe0f])\u200d"
    "|[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e"
    "\u200b\u200c\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\ud800-\udfff"
    "\U0001d173-\U0001d17a\U000e0000-\U000e007f]"
)

_OPTION = re.compile(r"(?<![\w-])(--[a-z][a-z0-9-]{0,30}|-[a-z])(?![\w-])", re.ASCII)
"""An option of the command line, which a line must not end inside of: browsers break behind its hyphens."""


def shown(value: str) -> str:
    """Make characters visible that would hide, reorder or break text: U+202E becomes ⟨U+202E⟩."""
    marked = _HIDDEN.sub(lambda match: f"⟨U+{ord(match[0]):04X}⟩", value.replace("\r\n", "\n"))
    return Markup(marked) if isinstance(value, Markup) else marked


def say(both: Both, language: UiLanguage) -> Markup:
    """Return a span that shows a text in one language and can show the other; a bare text where they agree."""
    if both.en == both.ja:
        return escape(both.en)
    told = _whole_options(together(getattr(both, language)))
    return Markup("<span {}>{}</span>").format(attributes(both, language), told)


def _whole_options(said: str) -> Markup:
    """Escape a sentence; an option such as --base in it is kept on one line."""
    parts = _OPTION.split(said)
    return Markup("").join(
        Markup('<span class="whole">{}</span>').format(part) if place % 2 else escape(part)
        for place, part in enumerate(parts)
    )


def attributes(both: Both, language: UiLanguage) -> Markup:
    """Return the attribute by which the page's script finds an element's text in the other language."""
    return Markup('data-t="{}"').format(_place(both, language))


def labelled(both: Both, language: UiLanguage) -> Markup:
    """Return a label for screen readers that the page's script can say in the other language."""
    label = shown(getattr(both, language))
    return Markup('aria-label="{}" data-label="{}"').format(label, _place(both, language))


# While a page is rendered: the texts of the other language by their place. Each is written once into the page,
# however often it is said; a page that held both languages on the spot would be a third longer.
_OTHERS: ContextVar[dict[str, int] | None] = ContextVar("others", default=None)


def _place(both: Both, language: UiLanguage) -> int:
    others = _OTHERS.get()
    if others is None:  # a chart drawn on its own has no page to switch
        return 0
    return others.setdefault(together(both.ja if language == "en" else both.en), len(others))


def shown_json(value: Any) -> str:  # noqa: ANN401 - JSON values have no narrower type
    """Encode data as JSON with hidden characters made visible."""
    return json.dumps(_shown_all(value), ensure_ascii=False, separators=(",", ":"))


def inert_json(value: Any) -> Markup:  # noqa: ANN401
    """Encode data for a script element of type application/json, which nothing inside can close."""
    encoded = shown_json(value)
    for character in "<>&\u2028\u2029":
        encoded = encoded.replace(character, f"\\u{ord(character):04x}")
    return Markup(encoded)


def packed_json(value: Any) -> Markup:  # noqa: ANN401 - JSON values have no narrower type
    """Encode data in few bytes, for the page's script to unpack."""
    # No time stamp: rendering a run again must give the same bytes.
    return Markup(base64.b64encode(gzip.compress(shown_json(value).encode(), mtime=0)).decode())


def render(template: str, view: dict[str, Any], language: UiLanguage) -> str:
    """Render a page from its view."""
    token = _OTHERS.set({})
    try:
        environment = _environment(language, _STYLES.get(template, _EVERY_STYLE))
        return lean.html(environment.get_template(template).render(view))
    finally:
        _OTHERS.reset(token)


@cache
def _environment(language: UiLanguage, styles: tuple[str, ...]) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: shown(value) if isinstance(value, str) else value,
    )
    style, script = lean.style(_source(styles)), lean.script(_source(SCRIPTS))
    environment.globals |= {
        "language": language,
        "say": lambda both: say(both, language),
        "t": lambda key, **values: say(text(key, **values), language),
        "pair": text,
        "same": same,
        "attributes": lambda both: attributes(both, language),
        "labelled": lambda both: labelled(both, language),
        "others": lambda: packed_json(list(_OTHERS.get() or {})),
        "pick": lambda both: together(getattr(both, language)),
        "inert_json": inert_json,
        "style": Markup(style),
        "script": Markup(script),
        "policy": content_policy(script, style),
    }
    return environment


def content_policy(script: str, style: str) -> str:
    """Return the content security policy: this script, this style, nothing else and no request."""
    return (
        f"default-src 'none'; script-src '{_hash(script)}'; style-src '{_hash(style)}'; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(content: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()


def _source(names: Sequence[str]) -> str:
    return "".join((TEMPLATES / name).read_text(encoding="utf-8") for name in names)


def _shown_all(value: Any) -> Any:  # noqa: ANN401
    if isinstance(value, str):
        return shown(value)
    if isinstance(value, dict):
        return {shown(str(key)): _shown_all(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_shown_all(item) for item in value]
    return value


def element(
    tag: str, content: Both | Markup | str | None = None, /, language: UiLanguage = "en", **given: object
) -> Markup:
    """Return one SVG element; text in both languages is made switchable, an underscore in a name is a hyphen."""
    parts = [
        Markup(' {}="{}"').format(name.rstrip("_").replace("_", "-"), shown(str(value)))
        for name, value in given.items()
        if value is not None
    ]
    if isinstance(content, Both):
        visible = Both(shown(content.en), shown(content.ja))
        if visible.en != visible.ja:
            parts.append(Markup(" ") + attributes(visible, language))
        content = str(getattr(visible, language))
    safe = content is None or isinstance(content, Markup)
    inside = content or Markup("") if safe else escape(shown(str(content)))
    name = Markup(tag)
    return Markup("<{0}{1}>{2}</{0}>").format(name, Markup("").join(parts), inside)
