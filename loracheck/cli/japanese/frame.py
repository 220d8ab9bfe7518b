"""What frames the help in Japanese: headings, the list of the commands, and defaults that are told in words."""

from __future__ import annotations

USAGE = "使い方: "
DEFAULT = "既定値: "
HEADINGS: dict[str, str] = {
    "Options": "オプション",
    "Commands": "コマンド",
    "Curate": "精選",
    "Train": "学習",
    "Evaluate": "評価",
    "The whole loop": "全工程",
    "Help": "確認と説明",
    "Reading": "読み込み",
    "Recipe": "設定",
    "Filters": "除外の規則",
    "Duplicates": "重複",
    "Scores": "採点",
    "Judge": "審査モデル",
    "Selection": "選択",
    "Rows behind failures": "失敗の原因となった行",
    "What is planned": "見積もりの対象",
    "What is trained": "学習の対象",
    "Several trainings": "複数の学習",
    "Adapter": "アダプター",
    "Steps": "学習の進め方",
    "Readings and watch": "計測と監視",
    "Checkpoints": "チェックポイント",
    "Devices and trackers": "装置と記録先",
    "Who is asked": "比較対象",
    "On a server": "サーバー",
    "What is asked": "質問",
    "Verdict": "判定",
}
HELP: dict[str, str] = {"Show this message and exit.": "このヘルプを表示して終わる。"}
EXAMPLES: dict[str, str] = {"Example:": "例:", "Examples:": "例:"}
EXTRAS: dict[str, str] = {"required": "必須"}
"""What click puts into brackets behind the help of an option, but for the default."""

COMMANDS: dict[str, str] = {
    "canaries": "学習データに混ぜるカナリアの行を作る",
    "causes": "失敗の原因となった学習データの行を探す",
    "checks": "検査の仕組みと限界を示す",
    "compare": "同じプローブとベースの評価どうしを比べる",
    "curate": "指示データから、小さく良質な部分集合を選ぶ",
    "curate explain": "一つの行の行き着いた先と、その理由を示す",
    "curate synthesize": "ベースの回答や練習問題から行を作る",
    "demo": "同梱のペルソナのデータとモデルで全工程を行う",
    "doctor": "実行環境、サーバー、ベース、アダプターを調べる",
    "eval": "ベースとアダプターに同じ質問をし、回答を判定する",
    "explain": "エラーの意味、よくある原因、対処を示す",
    "gate": "生の回答から判定を計算し直し、終了コードで返す",
    "init": "pipeline.yamlとpolicy.yamlのひな形を書く",
    "inspect": "アダプターを読み込まずに、何でできているかを示す",
    "merge": "アダプターをベースにマージし、ずれを測る",
    "plan": "学習に必要なメモリー、トークン数、時間、料金を示す",
    "power": "実行する前に、限度ごとに必要なプローブの数を示す",
    "probes check": "出題する前に、プローブのファイルを調べる",
    "probes list": "同梱の問題集を一覧にする",
    "probes make": "行を取り置いて、自分の領域のプローブを作る",
    "probes show": "問題集やファイルのプローブをいくつか示す",
    "report": "HTMLレポートを書き直す。フォルダーなら一覧を書く",
    "run": "精選からレポートまでを、ファイルのとおりに行う",
    "scale": "アダプターをいくつかの強さで測り、弱めて保存する",
    "score": "すでにある回答を、モデルを読み込まずに判定する",
    "selftest": "壊れたアダプターを見つけられるかを、この環境で試す",
    "train": "生データ、または精選したデータでベースを微調整する",
    "validate": "データ、プローブ、ポリシー、設定の形式を調べる",
}
"""One line each for the list of the commands, in at most 56 columns."""

DEFAULTS: dict[str, str] = {
    "as asked": "質問の言語",
    "found out": "自動判別",
    "all": "すべて",
    "off": "なし",
    "all that pass": "合格した行すべて",
    "one per core": "コアごとに一つ",
    "that of the terminal": "端末の言語",
    "those of a curate run": "curateの実行結果のもの",
    "as in training, where the adapter says so, else none": "アダプターに記録があれば学習時と同じ、なければnone",
    "twice the rank": "ランクの2倍",
    "1024 on the CPU, else 8192": "CPUでは1024、ほかは8192",
    "0; 0.1 with --replay": "0、--replayがあれば0.1",
    "a tenth of the run": "全体の10分の1",
    "never": "終えない",
    "safe with --watch, best with early stopping, else last": (
        "--watchがあればsafe、早期終了ならbest、ほかはlast"
    ),
    "every eighth from 0 to 1": "0から1まで8分の1刻み",
    "the base's": "ベースと同じ",
    "as the adapter's card says": "アダプターのカードのとおり",
    "all bundled": "同梱のものすべて",
    "the tier's": "規模のとおり",
    "room for replies of their length": "その応答の長さに足りる数",
    "greedy alone": "貪欲法だけ",
    "all; the worst one counts": "すべて。最も悪いものに従う",
    "the run's own, else default": "実行結果のもの、なければdefault",
    "those of the eval run": "評価の実行結果のもの",
    "every adapter that is held": "出荷不可のアダプターすべて",
    "all three": "三つすべて",
    "the first it lists": "一覧の先頭",
    "OUT's name + .rest.jsonl": "OUTの名前 + .rest.jsonl",
    "as LC_ALL, LC_MESSAGES or LANG says": "LC_ALL、LC_MESSAGES、LANGに従う",
}
"""Defaults that are described; a value, such as cosine, stays as it is typed."""
