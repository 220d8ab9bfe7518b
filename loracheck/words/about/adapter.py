"""How the checks work that no limit rules: the adapter's soundness, and forbidden strings."""

from __future__ import annotations

from .form import TAKEN_ALREADY, About

ABOUT: dict[str, About] = {
    "sanity": About(
        question={
            "en": "Is the adapter for this base, whole, and does it change anything?",
            "ja": "アダプターはこのベースのもので、壊れておらず、何かを変えるか。",
        },
        method={
            "en": "Every tensor of the file is read: NaN or infinity, or a factor of every matrix that is all zero, "
            "holds the adapter. What the training wrote down of its base (hashes of its shape, its vocabulary and "
            "samples of its weights) is held against the base that is loaded; another base is refused. The logits of "
            "two fixed prompts must move. A served model or stored answers show no weights: then its answers must "
            "differ from the base's somewhere.",
            "ja": "ファイルの全テンソルを読み、NaNや無限大、あるいはすべての行列で一方の因子がゼロなら出荷不可としま"
            "す。学習時に記録されたベースのハッシュ(形、語彙、重みの標本)を、読み込んだベースと照合し、"
            "別のベースなら拒否します。決まった二つのプロンプトでロジットが動くことも確かめます。"
            "提供中のモデルや保存済みの応答では重みが見えないため、応答がどこかでベースと異なることを求めます。",
        },
        interval={
            "en": "none: these are facts of the file",
            "ja": "なし(ファイルについての事実であるため)",
        },
        cost={"en": "two prompts", "ja": "プロンプト二つ"},
        false_alarms={
            "en": "an adapter of another tool that does not say of which base it is stays open until you vouch for it "
            "with --assume-base",
            "ja": "ベースを記録しないツールのアダプターは、--assume-base で保証するまで保留になる",
        },
        blind={
            "en": "a base that was altered outside the sampled weights",
            "ja": "標本に入らない重みだけが変えられたベース",
        },
    ),
    "forbidden_strings": About(
        question={
            "en": "Does any answer outside the domain hold a string that the policy forbids?",
            "ja": "領域外の応答に、ポリシーが禁じた文字列が含まれるか。",
        },
        method={
            "en": "The strings of `forbidden_strings` are looked for in every answer outside the domain, after "
            "normalisation; one in Latin letters must stand there as whole words. What the prompt or the base's own "
            "answer holds too does not count. One hit holds the adapter.",
            "ja": "`forbidden_strings` の文字列を、正規化したうえで領域外のすべての応答から探します。"
            "ラテン文字の文字列は単語として現れたものだけを数えます。プロンプトやベース自身の応答にもあるものは数えま"
            "せん。一件でもあれば出荷不可です。",
        },
        interval={
            "en": "none: one hit is proof",
            "ja": "なし(一件が証拠であるため)",
        },
        cost=TAKEN_ALREADY,
        false_alarms={
            "en": "a string so common that an answer may rightly hold it",
            "ja": "正しい応答にも現れるほどありふれた文字列",
        },
        blind={
            "en": "the same thing said in other words, and answers to prompts that were not asked",
            "ja": "言い換えた表現と、尋ねていないプロンプトへの応答",
        },
    ),
}
