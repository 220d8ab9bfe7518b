"""What other tools remove as near duplicates, each as its documentation shows it, on one text a row.

Runs under an interpreter of its own that has them: `python benchmarks/curation_peers.py TOOL ROWS.jsonl` prints JSON.
"""

from __future__ import annotations

import json
import resource
import sys
import time
import unicodedata
from collections.abc import Callable
from pathlib import Path


def folded_grams(text: str) -> list[str]:
    """Return the code-point 5-grams of the folded text."""
    plain = "".join(unicodedata.normalize("NFKC", text).casefold().split())
    return [plain[i : i + 5] for i in range(max(1, len(plain) - 4))]


def datasketch(texts: list[str], threshold: float) -> list[int]:
    """Insert and query as in datasketch's documentation, 128 permutations."""
    from datasketch import MinHash, MinHashLSH

    index, gone = MinHashLSH(threshold=threshold, num_perm=128), []
    for row, text in enumerate(texts):
        sketch = MinHash(num_perm=128)
        sketch.update_batch([gram.encode() for gram in folded_grams(text)])
        if index.query(sketch):
            gone.append(row)
        else:
            index.insert(str(row), sketch)
    return gone


def rensa(texts: list[str], shingles: Callable[[str], list[str]], threshold: float, bands: int) -> list[int]:
    """Sketch, insert and query as in rensa's README."""
    from rensa import RMinHash, RMinHashLSH

    index = RMinHashLSH(threshold=threshold, num_perm=128, num_bands=bands)
    sketches, gone = {}, []
    for row, text in enumerate(texts):
        sketch = RMinHash(num_perm=128, seed=42)
        sketch.update(shingles(text))
        if any(sketch.jaccard(sketches[other]) >= threshold for other in index.query(sketch)):
            gone.append(row)
        else:
            sketches[row] = sketch
            index.insert(row, sketch)
    return gone


def data_juicer(texts: list[str], tokenization: str) -> list[int]:
    """Run document_minhash_deduplicator with its defaults but for the tokenisation."""
    from data_juicer.core.data import NestedDataset as Dataset
    from data_juicer.ops.deduplicator.document_minhash_deduplicator import DocumentMinhashDeduplicator

    operator = DocumentMinhashDeduplicator(tokenization=tokenization)
    data = Dataset.from_list([{"text": text, "row": row} for row, text in enumerate(texts)])
    hashed = data.map(operator.compute_hash)
    kept, _ = operator.process(hashed)
    return sorted(set(range(len(texts))) - set(kept["row"]))


def datatrove(texts: list[str], language: str) -> list[int]:
    """Run the four stages of datatrove's MinHash example on this machine."""
    import tempfile

    from datatrove.data import Document
    from datatrove.executor import LocalPipelineExecutor
    from datatrove.pipeline.dedup import MinhashDedupCluster, MinhashDedupFilter, MinhashDedupSignature
    from datatrove.pipeline.dedup.minhash import MinhashConfig, MinhashDedupBuckets
    from datatrove.pipeline.writers.jsonl import JsonlWriter

    config = MinhashConfig()
    with tempfile.TemporaryDirectory() as folder:
        documents = [Document(text=text, id=str(row)) for row, text in enumerate(texts)]
        stages = [
            [documents, MinhashDedupSignature(f"{folder}/signatures", config=config, language=language)],
            [MinhashDedupBuckets(f"{folder}/signatures", f"{folder}/buckets", config=config)],
            [MinhashDedupCluster(f"{folder}/buckets", f"{folder}/remove", config=config)],
            [
                documents,
                MinhashDedupFilter(
                    f"{folder}/remove",
                    exclusion_writer=JsonlWriter(f"{folder}/removed", compression=None),
                ),
            ],
        ]
        for number, stage in enumerate(stages):
            tasks = config.num_buckets if number == 1 else 1
            LocalPipelineExecutor(stage, tasks=tasks, workers=1, logging_dir=f"{folder}/log{number}").run()
        lines = [line for file in Path(f"{folder}/removed").glob("*") for line in file.open(encoding="utf-8")]
        return sorted(int(json.loads(line)["id"]) for line in lines)


TOOLS: dict[str, Callable[[list[str]], list[int]]] = {
    "datasketch, NFKC 5-grams, 0.8": lambda texts: datasketch(texts, 0.8),
    "datasketch, NFKC 5-grams, 0.5": lambda texts: datasketch(texts, 0.5),
    "rensa README (split, 0.8, 16 bands)": lambda texts: rensa(texts, str.split, 0.8, 16),
    "rensa, NFKC 5-grams, 0.5, 32 bands": lambda texts: rensa(texts, folded_grams, 0.5, 32),
    "data-juicer, space (default), 0.7": lambda texts: data_juicer(texts, "space"),
    "data-juicer, character, 0.7": lambda texts: data_juicer(texts, "character"),
    "datatrove, English": lambda texts: datatrove(texts, "en"),
}


def main() -> None:
    """Print what one tool removed, and what it took."""
    name, path = sys.argv[1:3]
    with Path(path).open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    texts = [f"{row['question']}\n{row['reply']}" for row in rows]
    before = time.process_time()
    removed = TOOLS[name](texts)
    seconds = time.process_time() - before
    peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    print(json.dumps({"removed": removed, "cpu_seconds": seconds, "peak_kib": peak}))


if __name__ == "__main__":
    main()
