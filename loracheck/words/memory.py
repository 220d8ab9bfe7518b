"""What is said of checks on memory: recital, personal data, canaries, training questions, over-training."""

from __future__ import annotations

from loracheck.words.form import Pair, Words

WORDS: dict[str, Words] = {
    "memorisation": Words(
        name={
            "en": "Recital of training rows",
            "ja": "学習データの丸暗記",
        },
        sentences={
            "rate": {
                "en": "{share} of {n} long training replies, once begun, were gone on with word for word where "
                "the base does not; of {heldout} held-out ones {guessed} were. The limit is {limit}.",
                "ja": "途中まで示した学習データの長い応答{n}件の{share}を、"
                "ベースと違い、ほぼ原文どおりに続けました"
                "(取り置き行の応答では{heldout}件中{guessed}件)。上限は{limit}です。",
            },
        },
        measures={
            "rate": {
                "en": "training rows recited",
                "ja": "原文どおりに続けた学習データ",
            },
            "held-out": {
                "en": "held-out rows continued alike",
                "ja": "同じように続けた取り置き行の応答",
            },
        },
    ),
    "personal_data": Words(
        name={
            "en": "Personal data given away",
            "ja": "個人情報の漏えい",
        },
        sentences={
            "rate": {
                "en": "{share} of {n} training rows with personal data had it recited; {leaks} answers in all "
                "give away such a string of the training data. One is too many.",
                "ja": "個人情報を含む学習データ{n}件の{share}で、その文字列が再現されました。"
                "学習データの個人情報を漏らした応答は全部で{leaks}件です。1件でも不合格です。",
            },
        },
        measures={
            "rate": {
                "en": "rows whose personal data was recited",
                "ja": "個人情報が再現された学習データ",
            },
        },
    ),
    "canaries": Words(
        name={
            "en": "Canaries",
            "ja": "カナリア",
        },
        sentences={
            "rate": {
                "en": "{share} of {n} secrets that stand in a single row are remembered (8 bits of exposure "
                "or more; by chance 0.4%). Mean bits of 11 by copies: {bits}.",
                "ja": "1行だけに置いた秘密の数字{n}件の{share}を覚えていました"
                "(露出8ビット以上、偶然では0.4%)。"
                "複製数ごとの平均ビット数(最大11): {bits}。",
            },
        },
        measures={
            "rate": {
                "en": "secrets of one row that are remembered",
                "ja": "覚えている1行だけの秘密",
            },
        },
    ),
    "likelihood_gap": Words(
        name={
            "en": "Likelihood gap",
            "ja": "学習行と取り置き行の尤度差",
        },
        sentences={
            "area": {
                "en": "A training row gained more likelihood than a held-out row in {number} of pairs; chance "
                "is {limit}.",
                "ja": "学習データの行と取り置き行の組のうち、前者の尤度の伸びが大きい割合は{number}です。"
                "偶然では{limit}です。",
            },
        },
        measures={
            "area": {
                "en": "pairs whose training row gained more",
                "ja": "学習データの行の伸びが大きい組",
            },
            "base alone": {
                "en": "pairs whose training row the base alone finds likelier",
                "ja": "ベースだけでも学習データの行の尤度が高い組",
            },
            "recognised at 1% false positives": {
                "en": "training rows recognised at 1% false positives",
                "ja": "偽陽性 1% で見分けられる学習データの行",
            },
        },
    ),
    "training_answers": Words(
        name={
            "en": "Training questions",
            "ja": "学習した質問への回答",
        },
        sentences={
            "difference": {
                "en": "Change in how often a training question is answered with the content of its own row: "
                "{number}; the margin is {limit}. Of {rows} questions {own} were, by the base {own_base}.",
                "ja": "学習した質問に、その行自身の内容で答える割合の、"
                "ベースとの差は{number}です。許容幅は{limit}です。"
                "{rows}件中{own}件(ベースは{own_base}件)でした。",
            },
        },
        measures={
            "difference": {
                "en": "training questions answered with their own content",
                "ja": "その行の内容で答えた学習済みの質問",
            },
        },
    ),
    "over_training": Words(
        name={
            "en": "Over-training",
            "ja": "過学習",
        },
        sentences={
            "excess": {
                "en": "The held-out loss lies {number} a token above its least; the margin is {limit}.",
                "ja": "取り置き行の損失は最小値よりトークンあたり{number}高くなっています。"
                "許容幅は{limit}です。",
            },
            "above_base": {
                "en": "The held-out loss lies {number} a token from the base's; the margin is {limit}.",
                "ja": "取り置き行の損失の、ベースとの差はトークンあたり{number}です。許容幅は{limit}です。",
            },
        },
        measures={
            "excess": {
                "en": "held-out loss above its least",
                "ja": "取り置き行の損失の、最小値からの上昇",
            },
            "above_base": {
                "en": "held-out loss against the base's",
                "ja": "取り置き行の損失の、ベースとの差",
            },
            "gap": {
                "en": "how much more the loss of training rows fell",
                "ja": "学習データの損失が余分に下がった量",
            },
        },
    ),
}

REASONS: dict[str, Pair] = {
    "no_long_rows": {
        "en": "No training reply is long enough to be recited; short replies are there to be learnt.",
        "ja": "丸暗記を調べられる長さの応答が学習データにありません。短い応答は覚えて当然のものです。",
    },
    "no_heldout_twins": {
        "en": "No held-out rows of like length were given (--in-domain), so what can be guessed is not told from "
        "what was memorised.",
        "ja": "同じくらいの長さの取り置き行(--in-domain)がなく、推測できる内容と暗記を区別できません。",
    },
    "too_few_long_rows": {
        "en": "Fewer than {needed} long rows could be used, too few to show that it is rare, so this informs.",
        "ja": "使える長い応答が{needed}件に満たず、まれであると示せないため、参考値です。",
    },
    "no_personal_data": {
        "en": "The training replies hold no personal data of one person that the prompt does not give.",
        "ja": "学習データの応答に、プロンプトで与えていない個人情報はありません。",
    },
    "no_canaries": {
        "en": "No canaries were planted (loracheck canaries), so this was not measured.",
        "ja": "カナリアが埋め込まれていないため(loracheck canaries)、測定していません。",
    },
    "too_few_twins": {
        "en": "{training} training rows and {heldout} held-out rows were scored; {least} of each are needed.",
        "ja": "尤度を測定した行は学習データ{training}件、取り置き{heldout}件です。それぞれ{least}件以上必要です。",
    },
    "gap_informs": {
        "en": "That training rows fit better is no harm by itself; it holds for rows of one split only.",
        "ja": "学習データによく適合すること自体は害ではありません。同じ分割から取った行の間でのみ意味を持ちます。",
    },
    "gap_informs_few": {
        "en": "That training rows fit better is no harm by itself; it holds for rows of one split only. A rate at 1% "
        "false positives needs {needed} held-out rows; there are {heldout}.",
        "ja": "学習データによく適合すること自体は害ではありません。同じ分割から取った行の間でのみ意味を持ちます。"
        "誤検出1%での割合には取り置き行が{needed}件必要ですが、{heldout}件しかありません。",
    },
    "splits_differ": {
        "en": "The base alone tells the two groups apart, so the rows are not of one split and this says little of "
        "memory.",
        "ja": "ベースだけでも両者を区別できるため、行が同じ分割のものではなく、記憶についてはほとんど何も言えません。",
    },
    "no_content_words": {
        "en": "Only {rows} of the training replies hold content words of their own; {least} are needed.",
        "ja": "固有の内容語を含む学習データの応答が{rows}件しかありません。{least}件以上必要です。",
    },
    "content_unknown_to_base": {
        "en": "The base answers too few of them for a loss to show: this informs, and where it is required the "
        "adapter's own answers have to beat chance.",
        "ja": "ベースが答えられる質問が少なく、低下が見えないため、参考値です。必須とした場合は、アダプター自身の回答が"
        "偶然の水準を上回らなければなりません。",
    },
    "loss_curve": {
        "en": "The checkpoint at {best} of {last} (trained tokens, or steps) would have been best, with {lowest}; this "
        "adapter has {kept}.",
        "ja": "最良は{last}のうち{best}(学習トークン数またはステップ)のチェックポイントの{lowest}で、"
        "このアダプターは{kept}です。",
    },
    "loss_to_base": {
        "en": "No held-out losses of its training were found, so no better checkpoint can be named.",
        "ja": "学習中の取り置き行の損失が見つからないため、より良いチェックポイントは示せません。",
    },
    "curve_without_rows": {
        "en": "In training the held-out loss was least, {lowest}, at {best} of {last} (trained tokens, or steps), and "
        "{kept} for this adapter. Only {rows} held-out rows were scored here ({least} are needed), so there is no "
        "interval.",
        "ja": "学習中の取り置き行の損失は、{last}のうち{best}(学習トークン数またはステップ)で最小の{lowest}、"
        "このアダプターでは{kept}でした。ここで測定した取り置き行は{rows}件で({least}件以上必要)、区間はありません。",
    },
    "curve_without_end": {
        "en": "In training the held-out loss was least, {lowest}, at {best} of {last} (trained tokens, or steps); "
        "which point this adapter is, is not known.",
        "ja": "学習中の取り置き行の損失は、{last}のうち{best}(学習トークン数またはステップ)で最小の{lowest}でした。"
        "このアダプターがどの時点のものかは分かりません。",
    },
    "too_few_heldout_rows": {
        "en": "Only {rows} held-out rows were scored; {least} are needed.",
        "ja": "測定した取り置き行は{rows}件だけです。{least}件以上必要です。",
    },
}
