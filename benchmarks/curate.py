"""All that the README says of curation, one table after the other; each part is a program of its own.

Use: python benchmarks/curate.py [--peers PYTHON] [PART...], the parts being near_duplicates, defects, pipeline and
demonstration; the last trains for an hour or so on 2 cores.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
PARTS = ("near_duplicates", "defects", "pipeline", "demonstration")


def main() -> None:
    """Run the parts in order; the first that fails ends it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers", help="a Python with datasketch, rensa, data-juicer and datatrove")
    parser.add_argument("parts", nargs="*", metavar="PART", default=PARTS, help=", ".join(PARTS))
    given = parser.parse_args()
    if unknown := set(given.parts) - set(PARTS):
        parser.error(f"there is no part {min(unknown)}; parts: {', '.join(PARTS)}")
    with tempfile.TemporaryDirectory(prefix="loracheck-") as out:
        further = {
            "near_duplicates": ["--peers", given.peers] if given.peers else [],
            "demonstration": [out],
        }
        for part in given.parts:
            print(f"== {part}", flush=True)
            command = [sys.executable, str(HERE / f"{part}.py"), *further.get(part, [])]
            subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
