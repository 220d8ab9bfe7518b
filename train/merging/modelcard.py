"""The README.md of a merged model: what it is made of, whether it may ship, and how to load it."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path
from typing import Any

import yaml
from transformers.utils.hub import cached_file

from loracheck import jsonl
from loracheck.adapters.files import Unread, read_bytes
from loracheck.errors import UsageError
from loracheck.evaluated import CONTEXT, VERDICT
from loracheck.foreign.files import MAX_TEXT_BYTES
from loracheck.records import EvaluationContext, EvaluationResult
from loracheck.records.adapter import EvaluationSeal, FormComparison, ShippedForm
from loracheck.runs import read_run
from loracheck.terminal import visible
from loracheck.train.inspection.traces import front_matter

UNKNOWN_LICENCE = "unknown: check the base's licence"
_LICENCE_FILES = ("LICENSE", "LICENSE.txt", "LICENSE.md", "LICENCE")
_VERDICTS = {"ship": "it may ship", "hold": "it may not ship", "inconclusive": "no verdict could be reached"}


def licence_of(source: str) -> str:
    """Return the base's licence as its folder or its card names it."""
    folder = Path(source)
    card = folder / "README.md"
    if not folder.is_dir():
        found = cached_file(
            source,
            "README.md",
            _raise_exceptions_for_missing_entries=False,
            _raise_exceptions_for_connection_errors=False,
            _raise_exceptions_for_gated_repo=False,
        )
        card = Path(found) if found else folder / "README.md"
    facts = front_matter(card)
    for key in ("license_name", "license"):
        if isinstance(facts.get(key), str) and (key == "license_name" or facts[key] != "other"):
            return _inline(str(facts[key]))
    for name in _LICENCE_FILES:
        with suppress(Unread):
            lines = read_bytes(folder / name, MAX_TEXT_BYTES).decode("utf-8", "replace").splitlines()
            first = next((line.strip(" #") for line in lines if line.strip(" #")), "")
            return _inline(first) or UNKNOWN_LICENCE
    return UNKNOWN_LICENCE


def read_seal(run: Path, adapter_sha256: str) -> EvaluationSeal:
    """Read the verdict that an eval run gave on an adapter.

    Raises:
        RunError: no finished eval run, or an altered one.
        UsageError: it judged other adapters.
    """
    manifest = read_run(run, "eval")
    context = jsonl.read_one(run / CONTEXT, EvaluationContext)
    result = jsonl.read_one(run / VERDICT, EvaluationResult)
    arms = {arm.name for arm in context.arms if arm.sha256 == adapter_sha256}
    for verdict in result.verdicts:
        if verdict.adapter in arms:
            return EvaluationSeal(
                run_id=manifest.run_id,
                adapter=verdict.adapter,
                status=verdict.status,
                policy=verdict.policy,
                policy_sha256=verdict.policy_sha256,
            )
    judged = ", ".join(arm.name for arm in context.arms if arm.sha256)
    raise UsageError(
        f"--eval {run}: it judged {judged or 'no adapter'}, none of which has the weights that are merged.",
        kind="another_adapter",
        hint="Evaluate this very adapter first, or leave out --eval.",
    )


def write_card(folder: Path, form: ShippedForm, name: str, options: dict[str, Any]) -> None:
    """Write README.md into a merged model's folder."""
    local = Path(form.base).exists()
    base = Path(form.base).resolve().name if local else form.base  # where it lay is of no use to a reader
    head: dict[str, Any] = {} if local else {"base_model": form.base}
    head |= {"library_name": "transformers", "tags": ["loracheck", "merged"]}
    if re.fullmatch(r"[a-z0-9.-]+", form.licence):
        head["license"] = form.licence
    elif form.licence != UNKNOWN_LICENCE:
        head |= {"license": "other", "license_name": form.licence}
    seal = form.evaluation
    lines = [
        "---",
        yaml.safe_dump(head, allow_unicode=True, sort_keys=False).strip(),
        "---",
        "",
        f"# {_inline(name)}",
        "",
        f"An adapter ({_inline(form.kind)}) merged into the weights of {_code(base)} by loracheck.",
        "",
        "| | |",
        "|---|---|",
        f"| Base | {_code(base)}"
        + (
            " (the one the adapter was trained on)"
            if form.base_verified
            else " (**not proved** to be the adapter's)"
        )
        + " |",
        f"| Licence of the base | {_inline(form.licence)} |",
        f"| Adapter, SHA-256 | `{form.adapter_sha256}` |",
        f"| Training data, SHA-256 | {f'`{form.data_sha256}`' if form.data_sha256 else 'not known'} |",
        f"| Weights | {form.dtype}, merged into the "
        + ("base's own" if form.onto == "original" else f"{form.trained} values the adapter was trained on")
        + " |",
        f"| Options | {_inline(', '.join(f'{key} {value}' for key, value in options.items() if value is not None))} |",
        "",
        "## Evaluation",
        "",
        f"Verdict on the adapter: **{seal.status}** ({_VERDICTS[seal.status]}), policy {_code(seal.policy)} "
        f"(`{seal.policy_sha256[:12]}`), run `{seal.run_id}`."
        if seal
        else "No evaluation of the adapter was given when it was merged.",
        "",
        "What was trained against what ships, on the trained form's own answers to "
        f"{form.probes} probes (shipped_form.json):",
        "",
        *(f"- {_compared(comparison, form.threshold)}" for comparison in form.comparisons),
        "",
        "## How to load it",
        "",
        "```python",
        "from transformers import AutoModelForCausalLM, AutoTokenizer",
        "",
        'model = AutoModelForCausalLM.from_pretrained("PATH", dtype="auto")',
        'tokenizer = AutoTokenizer.from_pretrained("PATH")',
        "ids = tokenizer.apply_chat_template(",
        '    [{"role": "user", "content": "..."}], add_generation_prompt=True, return_tensors="pt"',
        ")",
        "print(tokenizer.decode(model.generate(**ids, max_new_tokens=200)[0]))",
        "```",
        "",
        "The chat template is the one the adapter was trained with, and generation_config.json holds its stop tokens: "
        "vLLM (`vllm serve PATH`) and text-generation-webui use both without further options.",
        "",
    ]
    (folder / "README.md").write_text("\n".join(lines), encoding="utf-8")


def _compared(comparison: FormComparison, threshold: float) -> str:
    if comparison.divergence is None or comparison.same_top is None:
        return f"{comparison.shipped}: not compared: {_inline(comparison.reason)}"
    kl, same = comparison.divergence, comparison.same_top
    warning = f" **above {threshold} nats**: evaluate this form itself" if comparison.above_threshold else ""
    return (
        f"{comparison.shipped}: KL divergence {kl.value:.4f} nats per token [{kl.ci_low:.4f}, {kl.ci_high:.4f}], "
        f"same most likely token {same.value:.1%} [{same.ci_low:.1%}, {same.ci_high:.1%}], "
        f"n = {kl.n} probes, {comparison.tokens} tokens{warning}"
    )


def _inline(text: str) -> str:
    """Return a stranger's text fit for one line of Markdown: nothing in it is markup."""
    return re.sub(r"([\\`*_{}\[\]<>#|!])", r"\\\1", visible(text.strip()[:200]))


def _code(text: str) -> str:
    return "`" + visible(text.strip()[:200]).replace("`", "'").replace("|", "/") + "`"
