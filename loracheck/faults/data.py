"""Errors of data, probes and answers: LC-2nn."""

from __future__ import annotations

from loracheck.faults import Kind
from loracheck.faults.form import Fault, Says

FAULTS: dict[Kind, Fault] = {
    "no_rows": Fault(
        en=Says(
            title="no rows",
            meaning="The file can be read and holds nothing.",
            causes=(
                "the step that writes it failed",
                "it holds blank lines alone",
                "an empty split was chosen",
            ),
            mending="Write the rows, one JSON object a line, and run the command again.",
        ),
        ja=Says(
            title="行がありません",
            meaning="ファイルは読めますが、中身がありません。",
            causes=("ファイルを書く処理が失敗した", "空行だけがある", "空の分割(split)を選んだ"),
            mending="1行に1つのJSONオブジェクトを書いて、もう一度実行してください。",
        ),
        command="wc -l FILE",
    ),
    "broken_json": Fault(
        en=Says(
            title="broken JSON",
            meaning="A line is no valid JSON. The line and column are where reading stopped; the slip may "
            "lie before.",
            causes=(
                "the file was cut off while it was written",
                "quotation marks of another kind, or a comma too many",
                "the same key twice in one row, or NaN as a value",
            ),
            mending="Mend the line. curate can also set such rows aside with --bad-rows quarantine and go "
            "on.",
        ),
        ja=Says(
            title="JSONの形式の誤り",
            meaning="JSONとして読めない行があります。行と列は読み取りが止まった位置で、"
            "誤りはその手前のこともあります。",
            causes=(
                "書き込みの途中で切れたファイル",
                "引用符の種類の違い、余分なコンマ",
                "1行に同じキーが二つある、または値がNaN",
            ),
            mending="その行を直してください。curateなら、--bad-rows quarantineで取り除いて先へ進めます。",
        ),
        command="loracheck curate data.jsonl --bad-rows quarantine -o runs/curated",
    ),
    "wrong_encoding": Fault(
        en=Says(
            title="text in another encoding",
            meaning="The bytes of the file are no text in the encoding that was expected, most often UTF-8.",
            causes=(
                "the file comes from a spreadsheet in Shift_JIS (cp932)",
                "a byte was damaged on the way",
            ),
            mending="Name the encoding, or convert the file.",
        ),
        ja=Says(
            title="文字コードの不一致",
            meaning="ファイルのバイト列が、想定した文字コード(多くはUTF-8)の文章になっていません。",
            causes=("表計算ソフトがShift_JIS(cp932)で書いた", "途中でバイトが壊れた"),
            mending="文字コードを指定するか、ファイルを変換してください。",
        ),
        command="loracheck curate data.csv --encoding cp932 -o runs/curated\niconv -f cp932 -t utf-8 "
        "old.jsonl > new.jsonl",
    ),
    "broken_file": Fault(
        en=Says(
            title="a broken file",
            meaning="A packed file, a Parquet or Arrow file or a saved dataset is damaged or not whole.",
            causes=(
                "a download was cut off",
                "a file of the folder is missing",
                "the disk was full when it was written",
            ),
            mending="Fetch or write it again; compare its size or checksum with the original.",
        ),
        ja=Says(
            title="壊れたファイル",
            meaning="圧縮ファイル、Parquet、Arrow、または保存されたデータセットが、壊れているか不完全です。",
            causes=(
                "ダウンロードが途中で切れた",
                "フォルダーのファイルが足りない",
                "書き込み時にディスクが一杯だった",
            ),
            mending="もう一度取得するか書き直してください。大きさやチェックサムを元と比べると確かです。",
        ),
    ),
    "too_large": Fault(
        en=Says(
            title="over the limit of size",
            meaning="A line or a file is larger than is read. The limit keeps a broken or hostile file "
            "from filling the "
            "memory.",
            causes=("a file without line breaks", "a whole document in one row"),
            mending="Split the row, draw a part of the file, or write one JSON object a line.",
        ),
        ja=Says(
            title="大きさの上限超過",
            meaning="行またはファイルが、読み取りの上限を超えています。"
            "壊れたファイルや悪意のあるファイルがメモリーを埋めないための上限です。",
            causes=("改行のないファイル", "1行に文書全体がある"),
            mending="行を分けるか、一部を抜き出すか、1行に1つのJSONオブジェクトとして書き直してください。",
        ),
    ),
    "bad_row": Fault(
        en=Says(
            title="a row of another shape",
            meaning="A row is not of a form that is read: columns are unknown, a field is missing or of "
            "another type, or "
            "roles do not take turns.",
            causes=(
                "the columns have names of their own: say which is which",
                "a number or null stands where text is wanted",
                "the conversation ends with the user",
            ),
            mending="Name your columns with --map, mend the row, or set such rows aside with --bad-rows "
            "quarantine.",
        ),
        ja=Says(
            title="行の形式の誤り",
            meaning="読み取れる形式でない行があります。列名が不明、項目の不足や型違い、"
            "役割の順序の誤りなどです。",
            causes=(
                "列名が独自のもの(対応を指定する)",
                "文章の所に数値やnullがある",
                "会話が利用者の発言で終わっている",
            ),
            mending="--mapで列を指定するか、行を直すか、--bad-rows quarantineで取り除いてください。",
        ),
        command="loracheck curate faq.csv --map instruction=質問 --map output=回答 -o runs/faq",
    ),
    "not_data": Fault(
        en=Says(
            title="no data that can be read",
            meaning="What was named is no data file: another kind of file, a folder without data, or a run "
            "directory.",
            causes=(
                "the wrong file was named",
                "an archive of several files",
                "a run's folder instead of a file in it",
            ),
            mending="Give JSONL, JSON, CSV, TSV, Parquet, Arrow, a folder of these, or OWNER/NAME of the "
            "hub.",
        ),
        ja=Says(
            title="読み取れるデータではありません",
            meaning="指定されたものはデータファイルではありません。別の種類のファイル、"
            "データのないフォルダー、"
            "実行結果のフォルダーなどです。",
            causes=(
                "別のファイルを指定した",
                "複数のファイルをまとめたアーカイブ",
                "実行結果の中のファイルでなくフォルダーを指定した",
            ),
            mending="JSONL、JSON、CSV、TSV、Parquet、Arrow、それらのフォルダー、"
            "またはハブのOWNER/NAMEを指定してください。",
        ),
    ),
    "broken_table": Fault(
        en=Says(
            title="a broken table",
            meaning="A CSV or TSV file has a header that cannot be used, or rows of another width than the "
            "header.",
            causes=(
                "a quotation mark is not closed",
                "a column stands there twice",
                "another separator than the name says",
            ),
            mending="Mend the row that the message names, or export the table again with all fields quoted.",
        ),
        ja=Says(
            title="表の形式の誤り",
            meaning="CSVまたはTSVの見出し行が使えないか、列数が見出しと合わない行があります。",
            causes=("引用符が閉じていない", "同じ列名が二つある", "区切り文字が拡張子と違う"),
            mending="メッセージにある行を直すか、すべての項目を引用符で囲んで書き出し直してください。",
        ),
    ),
    "unknown_dataset": Fault(
        en=Says(
            title="no such dataset",
            meaning="The name is neither a file here nor a dataset of the hub that is open to you.",
            causes=(
                "a slip of the pen",
                "the dataset is private or gated",
                "the path is relative to another folder",
            ),
            mending="Check the name; for gated ones accept the terms on the dataset's page, then log in.",
        ),
        ja=Says(
            title="データセットがありません",
            meaning="指定された名前は、手元のファイルでも、利用できるハブのデータセットでもありません。",
            causes=("入力の誤り", "非公開または承認制のデータセット", "別のフォルダーからの相対パス"),
            mending="名前を確かめてください。承認制なら、"
            "データセットのページで条件に同意してからログインしてください。",
        ),
        command="hf auth login",
    ),
    "dataset_part": Fault(
        en=Says(
            title="which part of the dataset?",
            meaning="The dataset has several configurations or splits, and the one that was named is none "
            "of them.",
            causes=("no configuration was named", "a slip of the pen", "the set has no split of that name"),
            mending="Name one that the message lists: OWNER/NAME:CONFIG, and --split.",
        ),
        ja=Says(
            title="データセットのどの部分か不明です",
            meaning="データセットに複数の構成や分割があり、指定されたものがその中にありません。",
            causes=("構成を指定していない", "入力の誤り", "その名前の分割がない"),
            mending="メッセージに挙がったものから、OWNER/NAME:CONFIGと--splitで指定してください。",
        ),
        command="loracheck curate OWNER/NAME:CONFIG --split train -o runs/curated",
    ),
    "too_few_rows": Fault(
        en=Says(
            title="too few rows for that",
            meaning="More rows, questions or clusters were asked for than there are.",
            causes=("a count that is too high", "many rows ask the same question", "every row is held out"),
            mending="Ask for at most as many as the message says, or bring more data.",
        ),
        ja=Says(
            title="行数の不足",
            meaning="実際にある数より多くの行、質問またはクラスターが求められました。",
            causes=("件数の指定が大きすぎる", "同じ質問の行が多い", "すべての行が取り置かれている"),
            mending="メッセージにある数以下にするか、データを増やしてください。",
        ),
    ),
    "id_taken": Fault(
        en=Says(
            title="one id for two rows",
            meaning="Two probes have the same id, so their answers could not be told apart.",
            causes=("two files were written with the same numbering", "a row was copied"),
            mending="Give the rows ids of their own, or rename one of the files.",
        ),
        ja=Says(
            title="IDの重複",
            meaning="二つのプローブが同じIDを持つため、回答を区別できません。",
            causes=("同じ番号付けの二つのファイル", "行を写した"),
            mending="行ごとに別のIDを付けるか、一方のファイル名を変えてください。",
        ),
        command="loracheck probes check questions.jsonl",
    ),
    "bad_probe": Fault(
        en=Says(
            title="a probe of another shape",
            meaning="A row of a file of probes lacks its question, or an answer, choice or tag is not of "
            "the form that "
            "is wanted.",
            causes=(
                "a field is missing or misspelt",
                "an answer is no text",
                "a tag does not hold its arguments",
            ),
            mending="Mend the row; docs/probes.md shows the form, and probes check looks a whole file "
            "through.",
        ),
        ja=Says(
            title="プローブの形式の誤り",
            meaning="プローブファイルの行に質問がないか、正答、選択肢またはタグの形式が違います。",
            causes=("項目の不足や名前の誤り", "正答が文字列でない", "タグに引数がない"),
            mending="行を直してください。形式はdocs/probes.ja.mdにあり、probes "
            "checkでファイル全体を調べられます。",
        ),
        command="loracheck probes check questions.jsonl",
    ),
    "bad_answers": Fault(
        en=Says(
            title="stored answers of another shape",
            meaning="A file of stored answers has a row without id or text, answers a probe twice, or "
            "holds the answers "
            "of another arm.",
            causes=(
                "the file was cut off",
                "two files were put together",
                "the wrong file was given to an arm",
            ),
            mending="Give one row an answer, with the id of its probe.",
        ),
        ja=Says(
            title="保存済み回答の形式の誤り",
            meaning="保存済み回答のファイルに、IDや文章のない行、同じプローブへの二重の回答、"
            "別の対象の回答のいずれかがあります。",
            causes=("途中で切れたファイル", "二つのファイルをつないだ", "別の対象のファイルを指定した"),
            mending="回答ごとに1行とし、プローブのIDを付けてください。",
        ),
        command="loracheck score probes.jsonl --completions base=base.jsonl --completions mine=mine.jsonl "
        "-o runs/scored",
    ),
    "answers_missing": Fault(
        en=Says(
            title="answers are missing",
            meaning="Some probes have no stored answer. No verdict was made: what is left out would count "
            "for nobody, and "
            "leaving out the failures would make any adapter pass.",
            causes=("requests failed when the answers were made", "the base's answers were not given"),
            mending="Answer the probes that the message names and run the command again.",
        ),
        ja=Says(
            title="回答の不足",
            meaning="保存済み回答のないプローブがあります。失敗した回答を除けばどのアダプターも合格するため、"
            "判定しませんでした。",
            causes=("回答を作るときに要求が失敗した", "ベースの回答を指定していない"),
            mending="メッセージにあるプローブに回答を付けて、もう一度実行してください。",
        ),
    ),
    "lm_eval_results": Fault(
        en=Says(
            title="no results of lm-evaluation-harness",
            meaning="A file that should hold results of lm-evaluation-harness holds something else.",
            causes=("another file was named", "it was written without --log_samples"),
            mending="Give results_*.json or samples_*.jsonl, as lm_eval writes them.",
        ),
        ja=Says(
            title="lm-evaluation-harnessの結果ではありません",
            meaning="lm-evaluation-harnessの結果であるはずのファイルが、別の内容です。",
            causes=("別のファイルを指定した", "--log_samplesなしで書かれた"),
            mending="lm_evalが書くresults_*.jsonまたはsamples_*.jsonlを指定してください。",
        ),
        command="lm_eval --model hf --model_args pretrained=BASE --tasks TASK --output_path DIR "
        "--log_samples",
    ),
    "lm_eval_task": Fault(
        en=Says(
            title="a task that makes no probes",
            meaning="The task of lm-evaluation-harness is of a kind that loracheck cannot ask itself.",
            causes=(
                "the task is no multiple choice",
                "a group of tasks was named",
                "each choice has its own context",
            ),
            mending="Name a task of multiple choice; run others with lm_eval and show their results.",
        ),
        ja=Says(
            title="プローブにできないタスク",
            meaning="このlm-evaluation-harnessのタスクは、loracheckが自分で出題できない種類です。",
            causes=("選択式でない", "タスクのまとまりを指定した", "選択肢ごとに文脈が異なる"),
            mending="選択式のタスクを指定してください。ほかのタスクはlm_evalで実行し、結果を表示できます。",
        ),
        command="loracheck probes show results.json",
    ),
    "loss_alarm": Fault(
        en=Says(
            title="a rule would remove too much",
            meaning="One rule of curation would remove an unusual share of the rows of one language, "
            "source or length. That "
            "is more often a wrong rule for this data than bad data, so nothing was written.",
            causes=(
                "the data is of a kind that the rule was not made for",
                "--language or a limit of length does not fit",
                "the rows are as bad as that",
            ),
            mending="Look at rows that it removes. If it is right, allow it; else switch the rule off or "
            "set its limit.",
        ),
        ja=Says(
            title="規則による除外が多すぎます",
            meaning="一つの規則が、ある言語、出典または長さの行を並外れた割合で除こうとしました。"
            "データより規則が合っていないことが多いため、何も書き込んでいません。",
            causes=(
                "規則が想定していない種類のデータ",
                "--languageや長さの限度が合っていない",
                "実際にそれほど悪いデータ",
            ),
            mending="除かれる行を見てください。規則が正しければ許可し、"
            "そうでなければ規則を止めるか限度を変えてください。",
        ),
        command="loracheck curate data.jsonl --max-loss 1 -o runs/look\n"
        "loracheck curate data.jsonl --allow-loss RULE=0.6 -o runs/curated",
    ),
    "nothing_passed": Fault(
        en=Says(
            title="no row passed",
            meaning="Every row was dropped, so there is nothing to train on.",
            causes=(
                "a limit does not fit the data",
                "the wrong column was taken for the reply",
                "a wrong language",
                "replay rows were asked of a base that ends no reply",
            ),
            mending="The message names the commonest reasons; look at one row, then change the rule or the "
            "data.",
        ),
        ja=Says(
            title="合格した行がありません",
            meaning="すべての行が除かれたため、学習に使う行がありません。",
            causes=(
                "限度がデータに合っていない",
                "応答の列を取り違えた",
                "言語の指定が違う",
                "応答を終えないベースにリプレイ行を作らせた",
            ),
            mending="メッセージに主な理由があります。行を一つ見て、規則かデータを直してください。",
        ),
        command="loracheck curate data.jsonl --dry-run",
    ),
    "rows_not_in_data": Fault(
        en=Says(
            title="the blamed rows are not in the data",
            meaning="None of the rows that the causes run names stands in the data that is to be curated.",
            causes=("another data set was named", "the rows were changed since the training"),
            mending="Curate the data that the adapter was trained on.",
        ),
        ja=Says(
            title="原因の行がデータにありません",
            meaning="causesが挙げた行が、精選するデータに一つもありません。",
            causes=("別のデータを指定した", "学習の後で行が変わった"),
            mending="アダプターの学習に使ったデータを精選してください。",
        ),
        command="loracheck curate TRAINING_DATA --from-eval runs/causes -o runs/mended",
    ),
    "unsound_mask": Fault(
        en=Says(
            title="a loss mask that would be wrong",
            meaning="Trained on these rows or with this chat template, the model would learn something "
            "else than the "
            "replies: the prompt, a cut reply, or no end. Training was refused.",
            causes=(
                "--max-length cuts replies",
                "the template changes the prompt once the reply is there",
                "the template does not end a reply with a stop token",
            ),
            mending="Raise --max-length, mend the rows, or pass a sound template.",
        ),
        ja=Says(
            title="損失マスクが正しくなりません",
            meaning="この行またはチャットテンプレートで学習すると、応答以外(質問、途切れた応答、"
            "終わりの欠落)を"
            "学んでしまうため、学習を始めませんでした。",
            causes=(
                "--max-lengthが応答を切る",
                "応答があると質問の部分が変わるテンプレート",
                "応答が停止トークンで終わらないテンプレート",
            ),
            mending="--max-lengthを上げるか、行を直すか、正しいテンプレートを指定してください。",
        ),
        command="loracheck train data.jsonl --base BASE --max-length 2048 --chat-template template.jinja "
        "-o runs/train",
    ),
}
