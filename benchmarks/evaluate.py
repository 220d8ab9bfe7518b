"""Speed of answering: base and two adapters on the same questions, beside lm-evaluation-harness and a plain loop.

Use: python benchmarks/evaluate.py [--lm-eval FOLDER] [--facts N] [--prompts N] [--rounds N] [--threads N] [MODEL]

MODEL is a model folder or a GGUF file; without it, the embedded Gemma 3 270M. FOLDER is the site-packages of an
environment that has lm-evaluation-harness (python -m venv lmeval && lmeval/bin/pip install lm-eval); it is searched
behind this interpreter's own packages, so that both sides run on the same torch and transformers. Without it the
rows of lm-eval are left out.

Likelihoods: N factual questions of each language, each with one right and some wrong replies, the replies scored as
wholes with their stop token. The harness takes them as a task of multiple choice and runs once for each of the three
arms, as its documentation shows; loracheck loads the base once. Generation: N open prompts, answered greedily by all
arms, against tokenizer(padding) and model.generate() in batches of the same size in the order given, with the
adapters of one PEFT model switched. The weights are in 16 bits, where near ties may fall either way: accuracies agree
within a question or two. Every measurement is a process of its own; the sides take turns. Numbers are
questions a CPU-second over all arms: of the whole processes, and without loading. Nothing comes from a cache.
Threads that wait for one another burn CPU time where others use the machine: take one thread there.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from loracheck.engines import Engine

ADAPTERS = ("first", "second")
HARNESS_BATCH = 8  # of the command in its README
OWN_CHOICES, HARNESS, OWN_ANSWERS, LOOP = "loracheck", "lm-eval", "loracheck ", "plain generate loop"
TASK = """
task: loracheck_facts
dataset_path: json
dataset_kwargs: {{data_files: {{validation: {file}}}}}
validation_split: validation
output_type: multiple_choice
doc_to_text: "{{{{prompt}}}}"
doc_to_choice: choices
doc_to_target: 0
target_delimiter: ""
metric_list: [{{metric: acc, aggregation: mean, higher_is_better: true}}]
metadata: {{version: 1}}
"""


def main() -> None:
    """Print what was measured on, and one table for each kind of question."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--lm-eval", type=Path, help="site-packages that have lm_eval")
    parser.add_argument("--facts", type=int, default=100, help="factual questions of each language")
    parser.add_argument("--prompts", type=int, default=32, help="open prompts")
    parser.add_argument("--max-new-tokens", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("model", nargs="?", default="")
    parser.add_argument("--role", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.role:
        print("RESULT " + json.dumps(_ROLES[given.role](Path(given.model))))
        return
    with tempfile.TemporaryDirectory() as folder:
        _compare(Path(folder), given)


def _compare(folder: Path, given: argparse.Namespace) -> None:
    counts = _prepare(folder, given)
    packages = ", ".join(f"{p} {version(p)}" for p in ("loracheck", "torch", "transformers", "peft"))
    print(f"{packages}; {platform.machine()}, {given.threads} threads, {given.rounds} rounds")
    if given.lm_eval:
        sides = [(OWN_CHOICES, ["own-choices"]), (HARNESS, [f"harness-{arm}" for arm in ("base", *ADAPTERS)])]
        print(f"\nlikelihoods: {counts['facts']} questions, {counts['choices']} replies, by 3 arms")
        _table(folder, given, sides, 3 * counts["facts"])
    print(f"\ngeneration: {counts['prompts']} prompts of at most {given.max_new_tokens} tokens, by 3 arms")
    _table(folder, given, [(OWN_ANSWERS, ["own-answers"]), (LOOP, ["loop"])], 3 * counts["prompts"])


def _table(
    folder: Path, given: argparse.Namespace, sides: list[tuple[str, list[str]]], questions: int
) -> None:
    whole: dict[str, list[float]] = {name: [] for name, _ in sides}
    asking: dict[str, list[float]] = {name: [] for name, _ in sides}
    outcome: dict[str, dict[str, Any]] = {}
    for _ in range(given.rounds):
        for name, roles in sides:
            found = [_run(role, folder, given) for role in roles]
            whole[name].append(sum(part["cpu_seconds"] for part in found))
            asking[name].append(sum(part["asking_seconds"] for part in found))
            outcome[name] = {arm: value for part in found for arm, value in part["outcome"].items()}
    print(f"\n{'':<22}{'questions a CPU-second':>24}{'without loading':>18}   outcome")
    for name, _ in sides:
        rates = [[questions / seconds for seconds in times[name]] for times in (whole, asking)]
        shown = [f"{median(r):.2f} ({min(r):.2f} to {max(r):.2f})" for r in rates]
        print(f"{name:<22}{shown[0]:>24}{shown[1]:>24}   {outcome[name]}")
    (own, _), (other, _) = sides
    for label, times in (("in all", whole), ("without loading", asking)):
        ratios = [b / a for a, b in zip(times[own], times[other], strict=True)]
        print(
            f"{own.strip()} to {other}, {label}: {median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
        )


def _run(role: str, folder: Path, given: argparse.Namespace) -> dict[str, Any]:
    before = os.times()
    done = subprocess.run(
        [sys.executable, __file__, "--role", role, str(folder)],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env=os.environ
        | {
            "OMP_NUM_THREADS": str(given.threads),
            "HF_HUB_OFFLINE": "1",
            "HF_DATASETS_CACHE": str(folder / "datasets"),
            "TOKENIZERS_PARALLELISM": "false",
        },
    )
    after = os.times()
    lines = [line for line in done.stdout.splitlines() if line.startswith("RESULT ")]
    if done.returncode or not lines:
        sys.exit(f"{role} failed:\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}")
    spent = after.children_user + after.children_system - before.children_user - before.children_system
    return {**json.loads(lines[-1].removeprefix("RESULT ")), "cpu_seconds": spent}


def _prepare(folder: Path, given: argparse.Namespace) -> dict[str, int]:
    """Write the adapters, and the same questions in both forms."""
    import torch
    from peft import LoraConfig, get_peft_model

    from loracheck import jsonl
    from loracheck.demo import embedded_model
    from loracheck.models.load import load_base
    from loracheck.probes import bundled, every_nth
    from loracheck.templates.chat import choose_template

    base = load_base(given.model or str(embedded_model()))
    template = choose_template(base.tokenizer, [])
    facts = [p for s in ("facts-ja", "facts-en") for p in every_nth(bundled([s]), given.facts)]
    prompts = every_nth(bundled(["open-ja", "open-en"]), given.prompts)
    jsonl.write(folder / "facts.jsonl", facts)
    jsonl.write(folder / "prompts.jsonl", prompts)
    rows = []
    for probe in facts:
        assert probe.expected is not None
        prompt = template.prompt(probe.messages)
        replies = (probe.expected.answers[0], *probe.expected.wrong)
        # What the template writes between its prompt and its stop token; the harness puts BOS in front by itself.
        encoded = [template.encode_reply(probe.messages, reply) for reply in replies]
        texts = [template._text([label for label in row.labels if label >= 0]) for row in encoded]
        rows.append({"prompt": prompt.removeprefix(base.tokenizer.bos_token or "\0"), "choices": texts})
    (folder / "rows.json").write_text(json.dumps(rows, ensure_ascii=False), encoding="utf-8")
    (folder / "tasks").mkdir()
    (folder / "tasks" / "task.yaml").write_text(TASK.format(file=folder / "rows.json"), encoding="utf-8")
    options = {
        "base": base.source,
        "lm_eval": str(given.lm_eval) if given.lm_eval else None,
        "max_new_tokens": given.max_new_tokens,
        "template": template.source,
    }
    (folder / "options.json").write_text(json.dumps(options), encoding="utf-8")
    for number, name in enumerate(ADAPTERS):
        torch.manual_seed(number)
        config = LoraConfig(r=8, lora_alpha=16, target_modules="all-linear", task_type="CAUSAL_LM")
        model = get_peft_model(base.model, config)
        for parameter_name, parameter in model.named_parameters():
            if "lora_B" in parameter_name:
                parameter.data = 0.01 * torch.randn_like(parameter)
        model.save_pretrained(str(folder / name))
        model.unload()
    return {
        "facts": len(facts),
        "choices": sum(len(row["choices"]) for row in rows),
        "prompts": len(prompts),
    }


def _engine(folder: Path) -> Engine:
    from loracheck.engines.local import LocalEngine
    from loracheck.models.load import attach, load_base, read_adapter
    from loracheck.templates.chat import choose_template

    base = load_base(_options(folder)["base"])
    template = choose_template(base.tokenizer, [])
    files = [read_adapter(name, folder / name, base) for name in ADAPTERS]
    return LocalEngine(attach(base, files), template)


def _options(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / "options.json").read_text(encoding="utf-8")))


def _own_choices(folder: Path) -> dict[str, Any]:
    from loracheck import jsonl
    from loracheck.engines import Offer
    from loracheck.records import Probe

    engine = _engine(folder)
    offers = [
        Offer(probe=probe, replies=(probe.expected.answers[0], *probe.expected.wrong))
        for probe in jsonl.read(folder / "facts.jsonl", Probe)
        if probe.expected
    ]
    before, right = time.process_time(), {}
    for arm in ("base", *ADAPTERS):
        found = dict(pair for batch in engine.rank(arm, offers, set()) for pair in batch)
        right[arm] = sum(max(scores) == scores[0] for scores in found.values()) / len(offers)
    seconds = time.process_time() - before
    return {"asking_seconds": seconds, "outcome": {arm: round(share, 4) for arm, share in right.items()}}


def _harness(folder: Path, arm: str) -> dict[str, Any]:
    options = _options(folder)
    sys.path.append(options["lm_eval"])
    import lm_eval
    from lm_eval.models.huggingface import HFLM
    from lm_eval.tasks import TaskManager

    adapter = {} if arm == "base" else {"peft": str(folder / arm)}
    model = HFLM(
        pretrained=options["base"],
        dtype="auto",
        softmax_dtype="float32",  # else it takes the logarithm in 16 bits, and near ties fall either way
        batch_size=HARNESS_BATCH,
        device="cpu",
        **adapter,
    )
    tasks = TaskManager(include_path=str(folder / "tasks"), include_defaults=False)
    before = time.process_time()
    found = lm_eval.simple_evaluate(
        model=model, tasks=["loracheck_facts"], task_manager=tasks, bootstrap_iters=0
    )
    seconds = time.process_time() - before
    accuracy = found["results"]["loracheck_facts"]["acc,none"]
    return {"asking_seconds": seconds, "outcome": {arm: round(accuracy, 4)}}


def _own_answers(folder: Path) -> dict[str, Any]:
    from loracheck import jsonl
    from loracheck.engines import Decoding
    from loracheck.records import Probe

    engine = _engine(folder)
    probes = list(jsonl.read(folder / "prompts.jsonl", Probe))
    how = Decoding(max_new_tokens=_options(folder)["max_new_tokens"])
    before, tokens = time.process_time(), {}
    for arm in ("base", *ADAPTERS):
        replies = [reply for batch in engine.complete(arm, probes, how, set()) for _, reply in batch]
        tokens[arm] = sum(reply.tokens or 0 for reply in replies)
    return {"asking_seconds": time.process_time() - before, "outcome": tokens}


def _loop(folder: Path) -> dict[str, Any]:
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from loracheck import jsonl
    from loracheck.models.generation import BATCH_SIZE
    from loracheck.records import Probe

    options = _options(folder)
    tokenizer = AutoTokenizer.from_pretrained(options["base"], padding_side="left")
    plain = AutoModelForCausalLM.from_pretrained(options["base"], dtype="auto")
    if plain.dtype == torch.float16:
        plain = plain.bfloat16()
    model: Any = PeftModel.from_pretrained(plain, str(folder / ADAPTERS[0]), adapter_name=ADAPTERS[0])
    model.load_adapter(str(folder / ADAPTERS[1]), adapter_name=ADAPTERS[1])
    model.eval()
    texts = [
        tokenizer.apply_chat_template(
            [{"role": m.role, "content": m.content} for m in probe.messages],
            chat_template=options["template"],
            tokenize=False,
            add_generation_prompt=True,
        )
        for probe in jsonl.read(folder / "prompts.jsonl", Probe)
    ]

    def answer() -> int:
        tokens = 0
        for start in range(0, len(texts), BATCH_SIZE):
            batch = tokenizer(
                texts[start : start + BATCH_SIZE], return_tensors="pt", padding=True, add_special_tokens=False
            )
            with torch.inference_mode():
                output = model.generate(
                    **batch,
                    max_new_tokens=options["max_new_tokens"],
                    do_sample=False,
                    pad_token_id=tokenizer.pad_token_id,
                )
            new = output[:, batch["input_ids"].shape[1] :]
            ended = new.eq(tokenizer.eos_token_id)
            tokens += int((ended.cumsum(1) - ended.int()).eq(0).sum())
        return tokens

    before, found = time.process_time(), {}
    with model.disable_adapter():
        found["base"] = answer()
    for name in ADAPTERS:
        model.set_adapter(name)
        found[name] = answer()
    return {"asking_seconds": time.process_time() - before, "outcome": found}


_ROLES = {
    "own-choices": _own_choices,
    **{f"harness-{arm}": (lambda folder, arm=arm: _harness(folder, arm)) for arm in ("base", *ADAPTERS)},
    "own-answers": _own_answers,
    "loop": _loop,
}

if __name__ == "__main__":
    main()
