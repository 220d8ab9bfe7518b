"""loracheck beside other tools that judge a fine-tune, on the same three adapters of the embedded Gemma 3 270M.

Use: python benchmarks/peers.py OUT [--zoo FOLDER] [--seed N] [--arms NAME,...] [--tools NAME,...] [--tokens N]
     [--limit SECONDS] [--table]

The adapters are those of three recipes of zoo.py, made in FOLDER unless they are there: one ruined by the identity
flood of the demonstration's raw rows, a harmless one trained on the base's own answers, and one trained on the curated
rows, whose persona is wanted. An even seed trains in Japanese, an odd one in English.

Each tool gets an environment of its own in OUT, with the torch of this interpreter, and a home of its own, so that its
cache serves its later adapters and no other tool; loracheck's does as well. The base is a plain model folder with the
chat template of the training, as a model from the hub has it. Tools run one after the other on one thread and without
the hub. What a tool said, its exit code and its time are kept; what is kept is not asked again.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

from peer_tools import Arm, Question, Said, questions

RECIPES = {"ruined": "identity_flood", "harmless": "own_answers", "in-domain persona": "curated_persona"}
RESULT = "result.json"
OWN = "loracheck"
_ENVIRONMENT = {
    **dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"),
    "HF_HUB_OFFLINE": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "COLUMNS": "200",
    "CUDA_VISIBLE_DEVICES": "",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What one command said of one adapter; times in seconds, of the whole process and its children."""

    tool: str
    version: str
    asked: str
    arm: str
    command: str
    said: str
    exit: int | None
    """None when it was stopped at the limit."""
    wall_seconds: float
    cpu_seconds: float


def main() -> None:
    """Ask what is missing, then print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("out", type=Path)
    parser.add_argument("--zoo", type=Path, help="where the adapters are or will be made; without it, in OUT")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--arms", default=",".join(RECIPES))
    parser.add_argument(
        "--tools", help="with the question's first word where not all are meant: dlm-sway:check"
    )
    parser.add_argument(
        "--tokens", type=int, default=64, help="of an answer to FineTuneCheck, whose own number is 512"
    )
    parser.add_argument("--limit", type=int, default=3600, help="seconds after which a command is stopped")
    parser.add_argument("--table", action="store_true", help="only print what is there")
    given = parser.parse_args()
    out = given.out.resolve()
    if not given.table:
        for question in questions(given.tokens):
            named = {question.tool or OWN, f"{question.tool or OWN}:{_slug(question.name).split('-')[0]}"}
            if given.tools and not named & set(given.tools.split(",")):
                continue
            for name in given.arms.split(","):
                _ask(
                    out,
                    question,
                    _arm(out, (given.zoo or out / "zoo").resolve(), name, given.seed),
                    given.limit,
                )
    _print(out)


def _slug(text: str) -> str:
    return "-".join("".join(c if c.isalnum() else " " for c in text).split())


def _arm(out: Path, zoo: Path, name: str, seed: int) -> Arm:
    """Return an adapter in the forms that the tools take, made once."""
    folder = out / "arms" / f"{_slug(name)}-{seed}"
    if not (folder / "arm.json").is_file():
        folder.mkdir(parents=True, exist_ok=True)
        _prepare(folder, out / "base", zoo, name, seed)
    kept = json.loads((folder / "arm.json").read_text(encoding="utf-8"))
    return Arm(
        name=name,
        base=out / "base",
        adapter=folder / "adapter",
        merged=folder / "merged",
        data=Path(kept["data"]),
        heldout=tuple(Path(path) for path in kept["heldout"]),
        policy=kept["policy"],
        language=kept["language"],
    )


def _prepare(folder: Path, base: Path, zoo: Path, name: str, seed: int) -> None:
    """Train with the zoo's recipe, name the shared base in the adapter, and write a merged copy."""
    from peft import PeftModel
    from transformers import AutoModelForCausalLM
    from zoo import RECIPES as ZOO
    from zoo import made

    from loracheck.conversion import converted
    from loracheck.demo import embedded_model

    recipe = next(recipe for recipe in ZOO if recipe.name == RECIPES[name])
    run, data, heldout = made(zoo, recipe, seed)
    adapter = folder / "adapter"
    shutil.copytree(run / "adapter", adapter, dirs_exist_ok=True)
    if not (base / "chat_template.jinja").is_file():
        shutil.copytree(converted(embedded_model()), base, dirs_exist_ok=True)
        shutil.copy(adapter / "chat_template.jinja", base)
    config = adapter / "adapter_config.json"
    settings = json.loads(config.read_text(encoding="utf-8")) | {"base_model_name_or_path": str(base)}
    config.write_text(json.dumps(settings, indent=2), encoding="utf-8")
    merged = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(base), adapter).merge_and_unload()
    merged.save_pretrained(folder / "merged")
    for part in (*base.glob("tokenizer*"), base / "chat_template.jinja"):
        shutil.copy(part, folder / "merged")
    kept = {
        "data": str(data),
        "heldout": [str(path) for path in heldout],
        "policy": recipe.policy,
        "language": "ja" if seed % 2 == 0 else "en",
    }
    (folder / "arm.json").write_text(json.dumps(kept), encoding="utf-8")


def _environment(out: Path, question: Question) -> Path:
    """Return the folder of the tool's programs, installing it once."""
    if not question.tool:
        return Path(sys.executable).parent
    folder = out / "env" / question.tool
    done = folder / "installed"
    if not done.is_file():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        torch = f"torch=={version('torch').split('+')[0]}"
        pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", question.install, torch]
        subprocess.run(pip, check=True)
        done.touch()
    return folder / "bin"


def _versions(programs: Path, question: Question) -> str:
    """Return the tool's own version and those of the libraries that it runs on."""
    names = [question.install.split("[")[0] or OWN, "torch", "transformers", "peft"]
    code = "from importlib import metadata as m, util as u\nimport sys\nfor n in sys.argv[1:]:\n"
    code += "    print(n, m.version(n) if u.find_spec(n) or n == sys.argv[1] else 'none')\n"
    done = subprocess.run(
        [str(programs / "python"), "-c", code, *names], capture_output=True, text=True, check=True
    )
    return ", ".join(line for line in done.stdout.splitlines() if not line.endswith("none"))


def _ask(out: Path, question: Question, arm: Arm, limit: int) -> None:
    tool = question.tool or OWN
    folder = out / "runs" / f"{tool}-{_slug(question.name)}" / arm.adapter.parent.name
    if (folder / RESULT).is_file():
        return
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    programs = _environment(out, question)
    for name, text in question.files(arm).items():
        (folder / name).write_text(text, encoding="utf-8")
    home = out / "home" / tool
    home.mkdir(parents=True, exist_ok=True)
    surroundings = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    surroundings |= {**_ENVIRONMENT, "HOME": str(home), "XDG_CACHE_HOME": str(home / ".cache")}
    command = question.command(arm)
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    with (folder / "stdout.txt").open("w") as standard, (folder / "stderr.txt").open("w") as errors:
        try:
            code: int | None = subprocess.run(
                [str(programs / command[0]), *command[1:]],
                cwd=folder,
                env=surroundings,
                stdout=standard,
                stderr=errors,
                stdin=subprocess.DEVNULL,
                timeout=limit,
                check=False,
            ).returncode
        except subprocess.TimeoutExpired:
            code = None
    wall, after = time.monotonic() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    texts = [
        (folder / name).read_text(encoding="utf-8", errors="replace") for name in ("stdout.txt", "stderr.txt")
    ]
    said = question.read(Said(exit=code, out=texts[0], err=texts[1], folder=folder))
    result = Result(
        tool=tool,
        version=_versions(programs, question),
        asked=question.name,
        arm=arm.name,
        command=" ".join(command).replace(f"{out}/", ""),
        said=said if code is not None else f"stopped after {limit} s",
        exit=code,
        wall_seconds=wall,
        cpu_seconds=after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
    )
    (folder / RESULT).write_text(json.dumps(asdict(result), ensure_ascii=False, indent=1), encoding="utf-8")
    print(f"{tool} {question.name}, {arm.name}: {result.said} (exit {code}, {wall:.0f} s)", flush=True)


def _print(out: Path) -> None:
    """Print one row a question and adapter, then the versions and the commands."""
    found = [
        Result(**json.loads(path.read_text(encoding="utf-8")))
        for path in sorted(out.glob(f"runs/*/*/{RESULT}"))
    ]
    places = list(RECIPES)
    found.sort(key=lambda r: (r.tool == OWN, r.tool, r.asked, places.index(r.arm)))
    print("\n| tool, question | adapter | what it said | exit | wall s | CPU s |\n|---|---|---|---|---|---|")
    for r in found:
        said = r.said.replace("|", "\\|")
        print(
            f"| {r.tool} {r.asked} | {r.arm} | {said} | {'' if r.exit is None else r.exit} "
            f"| {r.wall_seconds:.0f} | {r.cpu_seconds:.0f} |"
        )
    print("\n| tool | versions |\n|---|---|")
    for tool, versions in dict.fromkeys((r.tool, r.version) for r in found):
        print(f"| {tool} | {versions} |")
    print("\n```sh")
    for command in dict.fromkeys(r.command for r in found if r.arm == places[0]):
        print(command)
    print("```")


if __name__ == "__main__":
    main()
