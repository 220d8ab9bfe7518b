"""What is said of a look too small to ship an adapter."""

from __future__ import annotations

from loracheck.words.form import Pair, Words

WORDS: dict[str, Words] = {
    "tier": Words(
        name={
            "en": "Size of the look",
            "ja": "規模",
        },
    ),
}

REASONS: dict[str, Pair] = {
    "quick_tier": {
        "en": "A quick look asks too little to ship an adapter: it holds one or leaves it open. "
        "Run it again with --tier standard and --after this run, which shares the error rate between the two.",
        "ja": "簡易の規模(quick)は質問が少なく、出荷可にはできません。判定は出荷不可か判定保留のどちらかです。"
        "--tier standard と、この実行を指す --after で再実行してください(誤り率を二回で分け合います)。",
    },
}
