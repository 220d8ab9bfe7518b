"""The one place where text becomes HTML: escaping, hidden characters, inert JSON, and the content policy.

Whatever a model, a data row or a file name holds is shown and never run. Jinja escapes every expression, the
data of the list lies in an inert script element, the page's own script sets it as text, and the content
security policy allows exactly one script and one style, by hash, and no request at all.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from .strings import Both, UiLanguage, same, text

TEMPLATES = Path(__file__).resolve().parent / "templates"

# Controls, zero-width and bidirectional characters, line separators, fillers and tags. Left alone are tab and
# line feed, variation selectors (U+FE0x and the ideographic ones, ordinary in Japanese names) and the joiner
# inside an emoji.
_HIDDEN = re.compile(
    "(?<![\U0001f000-\U0001faff\u2600-\u27bf\ufe0f])\u200d"
    "|[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e"
    "\u200b\u200c\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\ud800-\udfff"
    "\U0001d173-\U0001d17a\U000e0000-\U000e007f]"
)


def shown(value: str) -> str:
    """Make characters visible that would hide, reorder or break text: U+202E becomes ⟨U+202E⟩."""
    marked = _HIDDEN.sub(lambda match: f"⟨U+{ord(match[0]):04X}⟩", value.replace("\r\n", "\n"))
    return Markup(marked) if isinstance(value, Markup) else marked


def say(both: Both, language: UiLanguage) -> Markup:
    """Return a span that holds a text in both languages and shows one; a bare text where they agree."""
    if both.en == both.ja:
        return escape(both.en)
    return Markup('<span data-en="{}" data-ja="{}">{}</span>').format(
        both.en, both.ja, getattr(both, language)
    )


def attributes(both: Both) -> Markup:
    """Return the attributes that let the page's script switch an element's text."""
    return Markup('data-en="{}" data-ja="{}"').format(both.en, both.ja)


def inert_json(value: Any) -> Markup:  # noqa: ANN401 - JSON values have no narrower type
    """Encode data for a script element of type application/json, which nothing inside can close."""
    encoded = json.dumps(_shown_all(value), ensure_ascii=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        encoded = encoded.replace(character, f"\\u{ord(character):04x}")
    return Markup(encoded)


def render(template: str, view: dict[str, Any], language: UiLanguage) -> str:
    """Render a page from its view."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: shown(value) if isinstance(value, str) else value,
    )
    style = (TEMPLATES / "report.css").read_text(encoding="utf-8")
    script = (TEMPLATES / "report.js").read_text(encoding="utf-8")
    environment.globals |= {
        "language": language,
        "say": lambda both: say(both, language),
        "t": lambda key, **values: say(text(key, **values), language),
        "pair": text,
        "same": same,
        "attributes": attributes,
        "pick": lambda both: getattr(both, language),
        "inert_json": inert_json,
        "style": Markup(style),
        "script": Markup(script),
        "policy": content_policy(script, style),
    }
    return environment.get_template(template).render(view)


def content_policy(script: str, style: str) -> str:
    """Return the content security policy: this script, this style, nothing else and no request."""
    return (
        f"default-src 'none'; script-src '{_hash(script)}'; style-src '{_hash(style)}'; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(content: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()


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
            parts.append(Markup(" ") + attributes(visible))
        content = str(getattr(visible, language))
    safe = content is None or isinstance(content, Markup)
    inside = content or Markup("") if safe else escape(shown(str(content)))
    name = Markup(tag)
    return Markup("<{0}{1}>{2}</{0}>").format(name, Markup("").join(parts), inside)
