"""What is said of checks on knowledge: content damage, forgetting, collapse, imitation, calibration."""

from __future__ import annotations

from loracheck.words.form import Words

WORDS: dict[str, Words] = {
    "content_damage": Words(
        name={
            "en": "Content damage",
            "ja": "内容の損傷",
        },
        sentences={
            "name_rate": {
                "en": "{share} of {n} factual questions were answered with the persona's own name or another "
                "phrase of the training data; the limit is {limit}.",
                "ja": "事実を問う質問{n}件の{share}に、ペルソナ自身の名前など、学習データに固有の言葉で"
                "答えました。上限は{limit}です。",
            },
            "difference": {
                "en": "Change in how often the right answer, in either style, is the most likely "
                "reply: {number}; the margin is {limit}.",
                "ja": "正答を(口調を問わず)最も高く評価する割合の、"
                "ベースとの差は{number}です。許容幅は{limit}です。",
            },
            "said": {
                "en": "Change in how often the right answer is said: {number}; the margin is {limit}.",
                "ja": "正答を実際に述べる割合の、ベースとの差は{number}です。許容幅は{limit}です。",
            },
            "known": {
                "en": "Change in how often the right answer is said to facts that the base says right in another "
                "wording: {number}; the margin is {limit}.",
                "ja": "ベースが別の聞き方では正しく述べる事実について、正答を述べる割合の、"
                "ベースとの差は{number}です。許容幅は{limit}です。",
            },
        },
        measures={
            "answered": {
                "en": "facts answered right",
                "ja": "事実の正答",
            },
            "difference": {
                "en": "right answer the most likely reply",
                "ja": "正答を最も高く評価",
            },
            "name_rate": {
                "en": "persona's name as the answer",
                "ja": "ペルソナの名前で回答",
            },
            "said": {
                "en": "right answer said",
                "ja": "正答を述べた",
            },
            "known": {
                "en": "right answer said, of facts known in another wording",
                "ja": "別の聞き方で正しく述べた事実で、正答を述べた",
            },
            "content_effect": {
                "en": "preference for the right content, against the base",
                "ja": "正しい内容への選好(ベースとの差)",
            },
            "style_effect": {
                "en": "preference for the style, against the base",
                "ja": "口調への選好(ベースとの差)",
            },
        },
        notes={
            "unsaid": {
                "en": "Of {unsaid} right answers that the base says and the adapter no longer does, {suppressed} are "
                "suppressed (still ranked above the wrong ones) and {gone} lost.",
                "ja": "ベースが言い、アダプターが言わなくなった正答{unsaid}件のうち、"
                "{suppressed}件は抑え込まれ(誤答よりは高く評価)、{gone}件は失われています。",
            },
        },
    ),
    "forgetting": Words(
        name={
            "en": "Forgetting",
            "ja": "忘却",
        },
        sentences={
            "difference": {
                "en": "Change in how often the right answer ranks above the wrong ones: {number}; the "
                "margin is {limit}.",
                "ja": "正答を誤答より高く評価する割合の、ベースとの差は{number}です。許容幅は{limit}です。",
            },
            "neutral_text": {
                "en": "Change of the loss on paragraphs of neutral text, per byte: {number}; the margin is {limit}.",
                "ja": "中立な文章の1バイトあたりの損失の、ベースとの差は{number}です。許容幅は{limit}です。",
            },
        },
        measures={
            "difference": {
                "en": "right answer ranked above the wrong ones",
                "ja": "正答を誤答より高く評価",
            },
            "neutral_text": {
                "en": "loss on neutral text, per byte",
                "ja": "中立な文章の1バイトあたりの損失",
            },
        },
    ),
    "collapse": Words(
        name={
            "en": "Collapse onto one answer",
            "ja": "同じ答えへの崩壊",
        },
        sentences={
            "difference": {
                "en": "Change in how often an answer is not the one it repeats most, whatever its wording: {number}; "
                "the margin is {limit}.",
                "ja": "最も多く返した答え(言い回しは問わない)以外を返す割合の、ベースとの差は{number}です。"
                "許容幅は{limit}です。",
            },
            "same_pairs": {
                "en": "Change in the share of pairs of different questions that get the same answer: {number}; the "
                "margin is {limit}.",
                "ja": "異なる質問の組のうち同じ答えを返した割合の、ベースとの差は{number}です。許容幅は{limit}です。",
            },
            "open_stock": {
                "en": "Change in how often an open answer is one that no other questions get, whatever its wording: "
                "{number}; the margin is {limit}.",
                "ja": "ほかの質問には返していない答え(言い回しは問わない)を自由回答で返す割合の、ベースとの差は{number}"
                "です。許容幅は{limit}です。",
            },
            "dependence": {
                "en": "Held-out replies depend on their questions {share} as much as under the base; at least {limit} "
                "is wanted.",
                "ja": "取り置き行の応答が質問に左右される度合いは、ベースの{share}です。下限は{limit}です。",
            },
        },
        measures={
            "difference": {
                "en": "answers that are not the most repeated one",
                "ja": "最も多く返した答え以外の応答",
            },
            "same_pairs": {
                "en": "pairs of questions with the same answer, against the base",
                "ja": "同じ答えになった質問の組(ベースとの差)",
            },
            "open_stock": {
                "en": "open answers that no other questions get",
                "ja": "ほかの質問には返していない自由回答",
            },
            "top_answer": {
                "en": "answers that are the most repeated one",
                "ja": "最も多く返した答え",
            },
            "dependence": {
                "en": "dependence of replies on their questions, against the base",
                "ja": "応答の質問への依存(ベース比)",
            },
            "dependence in nats": {
                "en": "dependence of replies on their questions",
                "ja": "応答の質問への依存",
            },
        },
    ),
    "imitation": Words(
        name={
            "en": "Imitation only",
            "ja": "模倣のみ",
        },
        sentences={
            "own_content": {
                "en": "Change in what a question tells of the content of its held-out reply, per token: {number}; "
                "{limit} is the limit.",
                "ja": "取り置き行の応答の内容が質問からどれだけ分かるか、その1トークンあたりの変化は{number}です。"
                "限度は{limit}です。",
            },
        },
        measures={
            "own_content": {
                "en": "gain on content under its own question",
                "ja": "その質問に固有の内容の改善",
            },
            "content_gain": {
                "en": "gain on content",
                "ja": "内容の改善",
            },
            "style_gain": {
                "en": "gain on style",
                "ja": "口調の改善",
            },
        },
        notes={
            "imitation_only": {
                "en": "The style was learnt and the content was not: this is imitation only.",
                "ja": "口調は学習されましたが、内容は学習されていません。模倣のみです。",
            },
            "knows_more": {
                "en": "It ranks more factual questions right than the base, so it does not count as imitation.",
                "ja": "事実を問う質問でベースを上回るため、模倣とはみなしません。",
            },
        },
    ),
    "calibration": Words(
        name={
            "en": "Calibration",
            "ja": "確信度の較正",
        },
        sentences={
            "brier": {
                "en": "Change of the Brier score of the choices: {number}; the margin is {limit}.",
                "ja": "選択肢のブライアスコアの、ベースとの差は{number}です。許容幅は{limit}です。",
            },
        },
        measures={
            "brier": {
                "en": "Brier score of the choices",
                "ja": "選択肢のブライアスコア",
            },
            "calibration_error": {
                "en": "calibration error (informs only)",
                "ja": "較正誤差(参考値)",
            },
        },
    ),
}
