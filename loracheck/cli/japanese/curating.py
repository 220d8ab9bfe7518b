"""The help of `curate` and its kin, in Japanese."""

from __future__ import annotations

HELP: dict[str, str] = {
    "Select a small, good, diverse subset of instruction data, and say why each row was kept or dropped.": (
        "指示データから、小さく、良質で、偏りのない部分集合を選び、行ごとに採否の理由を残します。"
    ),
    "Reads JSONL, JSON, CSV, TSV, Parquet, Arrow, folders of them and Hugging Face datasets (a saved "
    "folder, or OWNER/NAME[@REVISION][:CONFIG] of the hub) of Alpaca, ShareGPT, OpenAI messages, dolly, "
    "question/answer or prompt/completion rows, compressed or not, in UTF-8, UTF-16, cp932 or EUC-JP.": (
        "JSONL、JSON、CSV、TSV、Parquet、Arrow、それらのフォルダー、Hugging Faceのデータセット(保存済みのフォ"
        "ルダー、またはハブのOWNER/NAME[@REVISION][:CONFIG])を読みます。行の形式はAlpaca、ShareGPT、OpenAIの"
        "messages、dolly、question/answer、prompt/completionで、圧縮の有無は問いません。文字コードはUTF-8、"
        "UTF-16、cp932、EUC-JPです。"
    ),
    "Run directory to write.": "実行結果を書くフォルダー。",
    "Base that scores the rows: hub id, folder or GGUF file.": (
        "行を採点するベース。ハブのID、フォルダー、GGUFファイルのいずれか。"
    ),
    "A known recipe to begin with.": "元にする既知の手順。",
    "YAML file of options, laid over the preset.": "プリセットに上書きする設定のYAMLファイル。",
    "Your column for a field: output=回答.": "項目に対応する列名(例: output=回答)。",
    "Your column for a field of rows: output=回答.": "行の項目に対応する列名(例: output=回答)。",
    "Let a rule remove more than --max-loss.": "その規則に限り、--max-lossを超える除外を許可する。",
    "Say what would be done and what it takes; write nothing.": (
        "行う内容と必要な量だけを示し、何も書き込まない。"
    ),
    "Log the finished run to mlflow, wandb or tensorboard, with its report; several may be given.": (
        "終わった実行の記録とレポートを、mlflow、wandb、tensorboardのいずれかに送る。複数指定可。"
    ),
    "Print the summary as JSON.": "要約をJSONで表示する。",
    "No progress.": "進み具合を表示しない。",
    "Language a reply may have.": "応答に使ってよい言語。",
    "Encoding of text files, as cp932.": "テキストファイルの文字コード(例: cp932)。",
    "Split of a dataset.": "データセットの分割(split)。",
    "A row that cannot be read.": "読み取れない行の扱い。",
    "Personal data.": "個人情報の扱い。",
    "Similarity of duplicates.": "重複とみなす類似度。",
    "File of questions that must stay unseen.": "学習データに含めない質問のファイル。",
    "Causes run whose blamed rows are taken out, of loracheck causes.": (
        "loracheck causesの実行結果。失敗の原因とされた行を取り除く。"
    ),
    "Keep their share of them, or none.": "原因とされた行を、釣り合う数だけ残すか、すべて除くか。",
    "IFD from which a reply ignores its question.": "この値以上なら、応答が質問に応じていないとみなすIFD。",
    "base, surface, or a sentence-transformers model.": (
        "base、surface、またはsentence-transformersのモデル。"
    ),
    "Drop rows closer than this quantile of random pairs, as 0.999999.": (
        "無作為な組の距離のこの分位点より近い行を除く(例: 0.999999)。"
    ),
    "Judge: a model at --judge-endpoint, or one to load here.": (
        "審査モデル。--judge-endpointにあるモデル、またはここで読み込むモデル。"
    ),
    "OpenAI-compatible address, as http://localhost:8000/v1.": (
        "OpenAI互換のアドレス(例: http://localhost:8000/v1)。"
    ),
    "Rows the judge scores.": "審査モデルが採点する行数。",
    "Bundled rubric or YAML file.": "同梱の採点基準、またはYAMLファイル。",
    "Score by the judge below which a row goes.": "審査モデルの点がこれより低い行を除く。",
    "Budget of the judge in requests.": "審査モデルに送る要求数の上限。",
    "Budget of the judge in tokens.": "審査モデルが使うトークン数の上限。",
    "How the subset is chosen.": "部分集合の選び方。",
    "Rows to select.": "選ぶ行数。",
    "Share of the rows to select.": "選ぶ行の割合。",
    "Reply tokens to select.": "選ぶ行の応答の合計トークン数。",
    "Share of the passing rows to hold out.": "合格した行のうち、評価用に取り置く割合。",
    "Share of a stratum one rule may remove.": "言語・出典・長さで分けた一区分から、一つの規則が除いてよい行の割合。",
    "Write the kept rows for another tool, too.": "残した行を、ほかのツールの形式でも書き出す。",
    "Processes.": "プロセス数。",
    "Seed of every draw.": "すべての抽選のシード。",
    "Say everything about one row: where it ended, why, its scores, the rows that are like it.": (
        "一つの行について、行き着いた先、理由、スコア、似た行をすべて示します。"
    ),
    'ROW is an id ("17", "2.17") or a place in a file ("data.jsonl:17").': (
        "ROWは、ID(「17」や「2.17」)、またはファイル内の位置(「data.jsonl:17」)です。"
    ),
    "A curate run.": "curateの実行結果。",
    "Of the reasons.": "理由を示す言語。",
    "Print everything as JSON.": "すべてをJSONで表示する。",
    "Make rows: the base's own answers, or exercises by a generator, as a file to curate with the data.": (
        "ベース自身の回答、または生成モデルの練習問題から行を作り、データと一緒に精選できるファイルにします。"
    ),
    "Base that answers neutral questions: hub id, folder or GGUF file.": (
        "中立な質問に答えるベース。ハブのID、フォルダー、GGUFファイルのいずれか。"
    ),
    "Answers of the base to neutral questions.": "中立な質問に対するベースの回答の数。",
    "A curate run whose thin clusters are to be filled.": "行の少ないクラスターを補う、curateの実行結果。",
    "Rows to ask of the generator.": "生成モデルに求める行数。",
    "Model that writes rows.": "行を書くモデル。",
    "OpenAI-compatible address.": "OpenAI互換のアドレス。",
    "Budget of the generator in requests.": "生成モデルに送る要求数の上限。",
    "Of replay rows.": "リプレイ行の言語。",
    "Longest reply.": "応答の最大トークン数。",
    "Print the counts as JSON.": "件数をJSONで表示する。",
}
