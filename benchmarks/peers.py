"""loracheck beside other tools that judge a fine-tune, on the same adapters of the embedded Gemma 3 270M.

Use: python benchmarks/peers.py OUT [--zoo FOLDER] [--selftest FOLDER] [--seed N] [--arms NAME,...]
     [--tools NAME,...] [--tokens N] [--items N] [--limit SECONDS] [--table]

Three adapters are those of recipes of zoo.py: one ruined by the identity flood of the demonstration's raw rows, a
harmless one trained on the base's own answers, and one trained on the curated rows, whose persona is wanted. An even
seed trains in Japanese, an odd one in English. Two more are the English ruined and harmless ones of the selftest.

Each tool gets an environment of its own in OUT, with the torch of this interpreter, and a home of its own, so that its
cache serves its later adapters and no other tool; loracheck's does as well. The base is a plain model folder with the
chat template of the training, as a model from the hub has it. Tools run one after the other on one thread and without
the hub. What a tool said, its exit code and its time are kept; what is kept is not asked again.
"""

from __future__ import annotations

import argparse
import contextlib
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

from peer_arms import ARMS, arm, merge, slug
from peer_tools import Arm, Question, Said, questions

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
    wall_seconds: float | None
    """None where zoo.py asked, which notes CPU time alone."""
    cpu_seconds: float


def main() -> None:
    """Ask what is missing, then print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("out", type=Path)
    parser.add_argument("--zoo", type=Path, help="where the adapters are or will be made; without it, in OUT")
    parser.add_argument(
        "--selftest", type=Path, help="the folder of `loracheck selftest -o`, or where to run it"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--arms", default=",".join(ARMS))
    parser.add_argument(
        "--tools", help="with the question's first word where not all are meant: dlm-sway:check"
    )
    parser.add_argument(
        "--tokens", type=int, default=64, help="of an answer to FineTuneCheck, whose own number is 512"
    )
    parser.add_argument(
        "--items", type=int, default=0, help="of each task, for modeldiffr, which has 12 to 24; 0 for all"
    )
    parser.add_argument("--limit", type=int, default=3600, help="seconds after which a command is stopped")
    parser.add_argument("--table", action="store_true", help="only print what is there")
    given = parser.parse_args()
    out = given.out.resolve()
    if not given.table:
        for question in questions(given.tokens, given.items):
            named = {question.tool or OWN, f"{question.tool or OWN}:{slug(question.name).split('-')[0]}"}
            if given.tools and not named & set(given.tools.split(",")):
                continue
            for name in given.arms.split(","):
                _ask(out, question, arm(out, given.zoo, given.selftest, name, given.seed), given.limit)
    _print(out)


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
    folder = out / "runs" / f"{tool}-{slug(question.name)}" / arm.adapter.parent.name
    if (folder / RESULT).is_file():
        return
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    programs = _environment(out, question)
    if question.merged:
        merge(arm)
    for name, text in question.files(arm).items():
        (folder / name).write_text(text, encoding="utf-8")
    command, asked, spent = question.command(arm), question.name, 0.0
    specimen = arm.made / asked.split()[0]
    if tool == OWN and (specimen / "specimen.json").is_file():
        # The zoo asked these questions already: the verdict is computed anew from its raw answers.
        shutil.copytree(specimen / "eval", folder / "eval")
        spent = json.loads((specimen / "specimen.json").read_text(encoding="utf-8"))[0]["eval_seconds"]
        command, asked = (
            ["loracheck", "gate", "eval", "--adapter", "full", "--json"],
            f"{asked}, asked by zoo.py",
        )
    code, wall, cpu = _run(out / "home" / tool, folder, [str(programs / command[0]), *command[1:]], limit)
    texts = [
        (folder / name).read_text(encoding="utf-8", errors="replace") for name in ("stdout.txt", "stderr.txt")
    ]
    said = question.read(Said(exit=code, out=texts[0], err=texts[1], folder=folder))
    result = Result(
        tool=tool,
        version=_versions(programs, question),
        asked=asked,
        arm=arm.name,
        command=" ".join(command).replace(f"{out}/", ""),
        said=said.replace(f"{out}/", "") if code is not None else f"stopped after {limit} s",
        exit=code,
        wall_seconds=None if spent else wall,
        cpu_seconds=cpu + spent,
    )
    (folder / RESULT).write_text(json.dumps(asdict(result), ensure_ascii=False, indent=1), encoding="utf-8")
    print(f"{tool} {asked}, {arm.name}: {result.said} (exit {code}, {wall:.0f} s)", flush=True)


def _run(home: Path, folder: Path, command: list[str], limit: int) -> tuple[int | None, float, float]:
    """Return the exit code, None after the limit, and the wall and CPU seconds of the command and its children."""
    home.mkdir(parents=True, exist_ok=True)
    surroundings = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    surroundings |= {**_ENVIRONMENT, "HOME": str(home), "XDG_CACHE_HOME": str(home / ".cache")}
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    code: int | None = None
    with (
        (folder / "stdout.txt").open("w") as out,
        (folder / "stderr.txt").open("w") as err,
        contextlib.suppress(subprocess.TimeoutExpired),
    ):
        code = subprocess.run(
            command,
            cwd=folder,
            env=surroundings,
            stdout=out,
            stderr=err,
            stdin=subprocess.DEVNULL,
            timeout=limit,
            check=False,
        ).returncode
    wall, after = time.monotonic() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    return code, wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _print(out: Path) -> None:
    """Print one row a question and adapter, then the versions and the commands."""
    found = [
        Result(**json.loads(path.read_text(encoding="utf-8")))
        for path in sorted(out.glob(f"runs/*/*/{RESULT}"))
    ]
    places = list(ARMS)
    found.sort(key=lambda r: (r.tool == OWN, r.tool, r.asked, places.index(r.arm)))
    print("\n| tool, question | adapter | what it said | exit | wall s | CPU s |\n|---|---|---|---|---|---|")
    for r in found:
        said = r.said.replace("|", "\\|")
        print(
            f"| {r.tool} {r.asked} | {r.arm} | {said} | {'' if r.exit is None else r.exit} "
            f"| {'' if r.wall_seconds is None else f'{r.wall_seconds:.0f}'} | {r.cpu_seconds:.0f} |"
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
