"""What a page says, in fewer bytes: nothing of it is read, drawn or announced otherwise.

The rules are those of the HTML standard: end tags that the next tag implies, quotes that a value without spaces
does not need, quotation marks that only an attribute must escape, and a span that is all its element holds. The
parts whose text is no markup - script, style, and the data in templates - are left as they are, byte by byte,
for the content policy names them by their hash.

Everything rests on one property of a page: "<" and ">" stand in no text and in no attribute, since everything that
is put into a page is escaped. So a tag ends at its first ">".
"""

from __future__ import annotations

import re

_AS_IT_IS = re.compile(r"(<(script|style|template)\b.*?</\2>)", re.DOTALL)
_TAG = re.compile(r"<[a-z][^<>]*>")
_ATTRIBUTE = re.compile(r' ([\w-]+)="([\w.#%,:()-]+)"', re.ASCII)
_TEXT = re.compile(r"(?<=>)[^<>]+(?=<)")
_NAMESPACE = ' xmlns="http://www.w3.org/2000/svg"'
"""Needed by a file of its own; inside a page the parser knows."""
_DESCRIPTION = re.compile(r'<desc id="([^"<>]*)"([^<>]*>[^<]*)</desc>')
_LABELLED = re.compile(r'(?<= aria-labelledby=")[^"<>]*(?=")')
_HEIGHT = re.compile(r' height="[\d.]+"(?= viewBox=)')
"""Follows from the width by the box, as the style says."""
_EMPTY = re.compile(r"></(?:line|path|circle|rect|polyline|polygon)>")
_LONE_SPAN = re.compile(r'<((\w+)(?: [\w-]+(?:="[^"<>]*")?)*)><span (data-t="\d+")>([^<]*)</span></\2>')
_IMPLIED = re.compile(r"</(?:td|th|tr)>\s*(?=<(?:/?t[dhr]\b|/thead|/tbody))|</(?:thead|tbody)>\s*(?=</?t)")
_BETWEEN = re.compile(
    r"(?<=>)\s*\n(?=</?(?:div|details|figure|article|section|ul|ol|dl|h2|h3|table|thead|li)\b)"
)
_PARAGRAPH = re.compile(r"</p>(?=\s*(?:<(?:p|ul|ol|div|table|details|figure|h3|/li|/div|/article)\b))")
_IMPLIED_ITEM = re.compile(r"</(?:li|dt|dd|option)>(?=\s*<(?:li|dt|dd|option|/ul|/ol|/dl|/div|/select)\b)")
_LITERAL = re.compile(
    r"""("(?:\\.|[^"\\])*"|`(?:\\.|[^`\\])*`|(?<=[(=:,] )/(?:\\.|\[(?:\\.|[^\]\\])*\]|[^/\\\[\n])+/"""
    r"""|(?<=\()/(?:\\.|\[(?:\\.|[^\]\\])*\]|[^/\\\[\n])+/)| ?([=<>*&|?:;,(){}\[\]]+) ?"""
)


def html(page: str) -> str:
    """Return a page in fewer bytes."""
    head, body, rest = page.partition("<body>")
    if not body:
        return page
    said: dict[str, str] = {}
    parts = _AS_IT_IS.split(rest)
    # Of each three parts one is markup, one stays as it is, and one is the name of its element.
    kept = [part if place % 3 else _markup(part, said) for place, part in enumerate(parts) if place % 3 != 2]
    return "".join([head, body, *kept])


def _markup(part: str, said: dict[str, str]) -> str:
    part = _described_once(_HEIGHT.sub("", part.replace(_NAMESPACE, "")), said)
    part = _LONE_SPAN.sub(r"<\1 \3>\4</\2>", part)
    part = _EMPTY.sub("/>", part)
    part = _BETWEEN.sub("", part)
    part = _PARAGRAPH.sub("", part)
    part = _IMPLIED_ITEM.sub("", _IMPLIED.sub("", part))
    part = _TEXT.sub(lambda text: text[0].replace("&#34;", '"').replace("&#39;", "'"), part)
    return _TAG.sub(_tag, part)


def _described_once(part: str, said: dict[str, str]) -> str:
    """Let charts of one description share it: the first one holds it, the others are labelled by that."""
    other: dict[str, str] = {}

    def keep(found: re.Match[str]) -> str:
        first = said.setdefault(found[2], found[1])
        other[found[1]] = first
        return found[0] if first == found[1] else ""

    part = _DESCRIPTION.sub(keep, part)
    return _LABELLED.sub(lambda ids: " ".join(other.get(one, one) for one in ids[0].split(" ")), part)


def _tag(found: re.Match[str]) -> str:
    tag = _ATTRIBUTE.sub(r" \1=\2", found[0])
    # A slash behind a bare value would be part of it.
    return re.sub(r"(=[^\s\"=]+)/>$", r"\1 />", tag)


def script(source: str) -> str:
    """Leave out what only a reader of the source needs: indentation, lines of comment, spaces beside operators.

    Strings stand in double quotes or in backticks, patterns behind "(", or behind "=", ":" or "," and a space.
    """
    lines = (line.strip() for line in source.splitlines())
    code = "\n".join(line for line in lines if line and not line.startswith("//"))
    # A string, a template or a pattern stays as it is; beside an operator a space says nothing.
    return _LITERAL.sub(lambda found: found[1] or found[2], code)


def style(source: str) -> str:
    """Leave out of a style sheet the lines' ends, and the spaces beside braces, semicolons, commas and colons."""
    joined = " ".join(source.split())
    return re.sub(r"\s*([{};,])\s*|(:) ", r"\1\2", joined).replace(";}", "}")
