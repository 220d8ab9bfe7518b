"""What stands in the files that `loracheck init` writes: the pipeline, and the comments of a policy in Japanese."""

from __future__ import annotations

from loracheck.words.form import Pair

PIPELINE: Pair = {
    "en": """\
# The whole loop: `loracheck run {pipeline}` curates, trains, evaluates and reports; it resumes where it stopped and
# does again only what changed.

base: {base}                # hub id, model folder or GGUF file
data:
{data}
heldout: []                 # rows of the same domain that are not trained on; curation holds some out by itself
out: runs                   # a folder for each stage

arms: [raw, curated]        # what is fine-tuned and compared
seeds: [0]                  # three tell a difference of the data from a difference of the seed: [0, 1, 2]

curate: {{}}                  # options by group, for instance select: {{target_rows: 1000}}; loracheck curate --help
train:
  lora_r: 16
  lora_alpha: 32
  learning_rate: 2e-4
  num_train_epochs: 3
  # max_trained_tokens: 9000   trains raw and curated on equally many tokens
  # quantization: nf4
  # watch: true                asks a small probe set at every checkpoint and keeps the last safe one
eval:
  tier: standard            # quick can only say hold or inconclusive

policy: {policy}
language: {language}                # of the reports: en or ja
""",
    "ja": """\
# 全工程: `loracheck run {pipeline}` で、精選、学習、評価、レポートを順に行います。止まったところから再開し、
# 変わった部分だけをやり直します。

base: {base}                # ハブのID、モデルのフォルダー、またはGGUFファイル
data:
{data}
heldout: []                 # 学習に使わない、同じ領域の行。精選の際にも一部が自動で取り置かれます
out: runs                   # 段階ごとにフォルダーができます

arms: [raw, curated]        # 学習して比べるもの
seeds: [0]                  # [0, 1, 2]のように三つあれば、データの差とシードの差を見分けられます

curate: {{}}                  # グループごとのオプション。例: select: {{target_rows: 1000}}。loracheck curate --help
train:
  lora_r: 16
  lora_alpha: 32
  learning_rate: 2e-4
  num_train_epochs: 3
  # max_trained_tokens: 9000   rawとcuratedを同じトークン数で学習します
  # quantization: nf4
  # watch: true                チェックポイントごとに少数の質問をし、最後の安全なものを残します
eval:
  tier: standard            # quickは出荷不可か判定保留にしかなりません

policy: {policy}
language: {language}                # レポートの言語。enまたはja
""",
}

POLICY_HEAD: Pair = {
    "en": """\
# What decides whether an adapter may ship. Settle it before the first run: a policy that is changed afterwards is
# marked post hoc. Below stands the default policy with your scope; remove what you do not want to change.
""",
    "ja": """\
# アダプターを出荷してよいかを決める条件です。最初の実行の前に定めてください。後から変えたポリシーでの判定には、
# 事後判定と記されます。以下は既定のポリシーに選んだ範囲を入れたものです。変えない行は消してかまいません。
""",
}

COMMENTS: dict[str, str] = {
    "persona | domain | format | none: what the training is meant to change; see intents.yaml for what follows.": (
        "persona | domain | format | none: 学習で何を変えるつもりか。それで決まることはintents.yamlにあります。"
    ),
    "One-sided error rate: a truly bad adapter ships, and a truly good one is held, at most this often.": (
        "片側の誤り率: 本当に悪いものが出荷可に、本当に良いものが出荷不可になる確率の上限です。"
    ),
    "always | in_domain | never: where the style of the training data is wanted": (
        "always | in_domain | never: 学習データの口調をどこで望むか"
    ),
    "least share of replies in the domain that show it, where it is wanted": (
        "望む場合に、領域内の応答のうち口調が現れるべき最小の割合"
    ),
    "most outside the domain, where it is not": "望まない場合に、領域外で許す最大の割合",
    "mode: required decides, info is shown only, off is not measured.": (
        "mode: requiredは判定に使い、infoは表示だけ、offは測りません。"
    ),
    "margin: how much worse than the base is accepted, in share of items. max_rate: largest share of something bad.": (
        "margin: ベースよりどれだけ悪くても許すか(問題の割合)。max_rate: 悪いものの最大の割合。"
    ),
    "max_rate: of the persona's name as the answer": "max_rate: ペルソナの名前で答える割合",
    "margin_nats: a byte of neutral text. Harmless training cost a 270M base 0.01 to 0.07, its own answers 0.15.": (
        "margin_nats: 中立な文章1バイトあたり。270Mのベースの無害な学習では0.01〜0.07、自身の応答では0.15でした。"
    ),
    "min_ratio: what must be left of a held-out reply's dependence on its question (swap-PMI).": (
        "min_ratio: 取り置き行の応答が質問に依存する度合い(swap-PMI)のうち、残るべき割合。"
    ),
    "required by intent: format; its limits stand in format": "intent: formatで必須。限度はformatにあります",
    "Style without content. margin_nats: a content token, of what the question tells about it. Measured on few": (
        "内容を伴わない口調。margin_nats: 質問が教える分、内容語1トークンあたり。まだ少数のアダプターでしか"
    ),
    "adapters so far, so it informs; what it flags at once collapse holds as well.": (
        "測っていないため参考です。明らかなものはcollapseでも出荷不可になります。"
    ),
    "margin: of the Brier score, 0 to 1": "margin: ブライアスコア(0〜1)の差",
    "words that nobody knows, one letter from a known one or spelt as none is": (
        "誰も知らない語。既知の語と一文字違い、または存在しないつづり"
    ),
    "What the adapter took to heart. Where the data has no long rows, personal data or canaries these inform.": (
        "アダプターが覚え込んだもの。データに長い行、個人情報、カナリアがなければ参考です。"
    ),
    "of long training rows that are recited": "暗唱される長い学習行の割合",
    "any leak fails; max_rate: to pass when not every row was asked": (
        "漏えいは一件で不合格。max_rate: すべての行を尋ねていない場合の合格の条件"
    ),
    "Of secrets of one row that are remembered: more than chance explains fails; max_rate: to pass.": (
        "一行だけの秘密のうち覚えているもの。偶然では説明できない数なら不合格。max_rateは合格の上限。"
    ),
    "Taught 60 facts of which a 270M base knew 36%: trained well 98%, on shuffled answers 4%. Free replies say less.": (
        "270Mのベースが36%を知る60の事実では、正しい学習で98%、答えを混ぜた学習で4%。自由な応答では低くなります。"
    ),
    "a token of a held-out reply": "取り置き行の応答1トークンあたり",
    "Conduct, against the base alone. These inform: their false alarms are not measured on enough adapters yet.": (
        "振る舞い。ベースとだけ比べます。誤報をまだ十分な数のアダプターで測っていないため参考です。"
    ),
    "harmful requests declined, harmless look-alikes answered": "有害な依頼を断り、似て無害な依頼に答えるか",
    "style under an instruction to be plain; limit: persona": "普通に話す指示の下での口調。限度はpersona",
    "of the system prompt, on the form of the answer": "システムプロンプトでの、応答の形式についての指示",
    "answers that change with the wording or the frame": "言い方や書式で変わる答え",
    "What a policy may say besides; each is empty here.": "ほかに書けること。ここではどれも空です。",
    "count the bundled suites of these languages alone": "これらの言語の同梱の問題集だけを数える",
    "with intent: domain: knowledge that may change": "intent: domainで、変わってよい知識",
    "with intent: format: json, list or line; in_domain or always": (
        "intent: formatで、json、list、line。in_domainまたはalways"
    ),
    "one answer outside the domain that holds it holds the adapter": ("領域外の応答に一つでもあれば出荷不可"),
    "a check that may fail until a day; never sanity": "期限まで不合格を免除する検査。sanityは不可",
    "beginnings of SHA-256 of context.json": "context.jsonにあるSHA-256の先頭",
    "gates may also hold min_items and min_headroom: the least items, and the base's least distance from chance": (
        "gatesにはmin_itemsとmin_headroomも書けます: 最小の件数と、ベースと偶然の水準との最小の差"
    ),
}
"""The comments of policies/default.yaml, in Japanese."""
