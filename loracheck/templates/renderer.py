"""The process that renders chat templates: a stranger's may run for ever or fill the memory, and is ended then.

It reads a request a line and answers each by a line, both JSON; see `loracheck.templates.rendering`. As a script it
imports nothing of loracheck and starts at once. A template sees what transformers shows it
(utils/chat_template_utils.py).
"""

from __future__ import annotations

import contextlib
import faulthandler
import json
import signal
import sys
from datetime import datetime
from functools import lru_cache
from typing import Any, NoReturn

from jinja2 import Template, TemplateError, nodes
from jinja2.ext import Extension, loopcontrols
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import Namespace

_MEMORY = 2**30
"""Bytes; bounded on Linux only. Elsewhere the seconds alone end what grows."""
_MOST_ADDED = 2**20
"""Characters that a template may write besides several times what it was given."""
_LONGEST_REASON = 300


class _Generation(Extension):
    """The tag around the model's own words; it changes no text."""

    tags = {"generation"}  # noqa: RUF012 - as jinja2 declares it

    def parse(self, parser: Parser) -> nodes.Node:
        """Parse the tag as a block of its own."""
        line = next(parser.stream).lineno
        body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
        return nodes.CallBlock(self.call_method("_text"), [], [], body).set_lineno(line)

    def _text(self, caller: Any) -> str:  # noqa: ANN401 - a macro
        return str(caller())


class _Namespace(Namespace):
    """A namespace without the names that lead to what is inside of Python."""

    def __init__(*args: Any, **values: Any) -> None:  # noqa: ANN401 - any name, `self` as well
        self, *given = args
        Namespace.__init__(self)
        for name, value in dict(*given, **values).items():
            self[name] = value

    def __setitem__(self, name: str, value: Any) -> None:  # noqa: ANN401
        if name.startswith("_"):
            _refuse(f"a namespace takes no {name}")
        super().__setitem__(name, value)


def _refuse(message: str) -> NoReturn:
    raise TemplateError(message)


def _dict(*args: Any, **values: Any) -> dict[Any, Any]:  # noqa: ANN401
    return dict(*args, **values)


def _to_json(value: Any, ensure_ascii: bool = False, **options: Any) -> str:  # noqa: ANN401
    return json.dumps(value, ensure_ascii=ensure_ascii, **options)


@lru_cache(maxsize=16)
def _template(source: str) -> Template:
    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[_Generation, loopcontrols]
    )
    environment.filters["tojson"] = _to_json
    environment.globals |= {
        "raise_exception": _refuse,
        "strftime_now": lambda form: datetime.now().strftime(form),
        "dict": _dict,
        "namespace": _Namespace,
    }
    return environment.from_string(source)


def _answer(request: bytes) -> dict[str, str]:
    """Render a template; what a stranger's source can raise is without end."""
    try:
        source, variables = json.loads(request)
        text = _template(source).render(variables)
        if len(text) > 4 * len(request) + _MOST_ADDED:
            _refuse(f"it writes {len(text):,} characters")
    except TemplateError as error:
        return {"error": str(error)[:_LONGEST_REASON]}
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"[:_LONGEST_REASON]}
    return {"text": text}


def _end_after(seconds: float) -> None:
    """End this process after some seconds, whatever it is busy with; 0 lets it live."""
    if sys.platform != "win32":
        signal.setitimer(signal.ITIMER_REAL, seconds)
    elif seconds:
        faulthandler.dump_traceback_later(seconds, exit=True)
    else:
        faulthandler.cancel_dump_traceback_later()


def main(seconds: float) -> None:
    """Say that it is there, and answer requests until there are no more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever asks is interrupted, and ends this process
    if sys.platform != "win32":
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource  # noqa: PLC0415 - not on Windows

        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    answers.write(b"\n")
    answers.flush()
    for request in requests:
        _end_after(seconds)
        answer = json.dumps(_answer(request)).encode() + b"\n"
        _end_after(0)
        answers.write(answer)
        answers.flush()


if __name__ == "__main__":
    main(float(sys.argv[1]))
