"""What went wrong with data, probes and stored answers, in Japanese."""

from __future__ import annotations

DATA: dict[str, str] = {
    "{}, line {}: {}": "{}、{}行目: {}",
    "{}, row {}: {}": "{}、{}番目の行: {}",
    "{}, line {}, field {}: {}": "{}、{}行目、項目{}: {}",
    "{}, row {}, field {}: {}": "{}、{}番目の行、項目{}: {}",
    "{}, line {}, column {}: {}": "{}、{}行目、{}文字目: {}",
    "{}, line {}, byte {}: {}": "{}、{}行目、{}バイト目: {}",
    "{}, line {}, byte {} of the file: not {}.": "{}、{}行目、ファイルの{}バイト目: {}ではありません。",
    "{}, lines {} to {}: {}": "{}、{}行目から{}行目: {}",
    "{}, document {}: {}": "{}、文書{}: {}",
    "{}, after row {}: {}": "{}、{}行の後: {}",
    "{}, probe {}: {}": "{}、プローブ{}: {}",
    "it is a zip archive or a spreadsheet.": "ZIPファイルか表計算のファイルです。",
    "it is a 7z archive.": "7zファイルです。",
    "it is a PDF.": "PDFです。",
    "it is an SQLite database.": "SQLiteのデータベースです。",
    "it is a pointer of git LFS, not the data.": "Git LFSのポインターで、データ本体ではありません。",
    "it is {}.": "{}です。",
    "it is neither JSON nor a table with a header.": "JSONでも、見出しのある表でもありません。",
    "broken compression: {}.": "圧縮が壊れています: {}",
    "broken JSON: {}.": "JSONの形式が正しくありません: {}",
    "broken JSON: {}": "JSONの形式が正しくありません: {}",
    "broken file: {}.": "ファイルが壊れています: {}",
    "it unpacks to over {} times its size.": "展開すると、元の大きさの{}倍を超えます。",
    "a batch of it unpacks to over {} times its size.": (
        "中の一まとまりが、展開すると元の大きさの{}倍を超えます。"
    ),
    "over the limit of {} bytes a row.": "1行の上限、{}バイトを超えています。",
    "not UTF-8.": "UTF-8ではありません。",
    "over the limit of {} bytes a line.": "1行の上限、{}バイトを超えています。",
    "over the limit of {} characters a line.": "1行の上限、{}文字を超えています。",
    "{}, or a row over the limit of {} bytes": "{}(または、1行の上限{}バイトを超えています)",
    "larger than {} MiB.": "{} MiBを超えています。",
    "a key stands twice in one row; two readers would train on different text": (
        "一つの行に同じキーが二度あり、読むツールによって別の文章を学習してしまいます。"
    ),
    "no rows.": "行がありません。",
    "every row asks what a row of {} asks, so nothing is left to train on.": (
        "すべての行の質問が{}の行と同じで、学習する行が残りません。"
    ),
    "Parquet or Arrow inside a compressed file.": "圧縮ファイルの中のParquetやArrowは読めません。",
    "the header holds {} twice.": "見出しに{}が二度あります。",
    "{}: the header cannot be read: {}.": "{}: 見出しを読めません: {}",
    "the header is not UTF-8.": "見出しがUTF-8ではありません。",
    "the row has {} columns, the header {}.": "行は{}列、見出しは{}列です。",
    "{} cells are wanted, not {}.": "{}個のセルが必要ですが、{}個あります。",
    "the cells of the lines before are wanted, not {}.": "前の行と同じ数のセルが必要ですが、{}個です。",
    "the repository holds no file of a kind that is read.": (
        "リポジトリーに、読める形式のファイルがありません。"
    ),
    "there is no configuration {}.": "{}という構成はありません。",
    "several sets in one.": "複数の構成があります。",
    "there is no split {}.": "{}という分割はありません。",
    "no file is named after the split {}.": "分割{}の名前が付いたファイルがありません。",
    "the dataset is gated.": "承認制のデータセットです。",
    "neither a file here nor a dataset on the hub.": "手元のファイルでも、ハブのデータセットでもありません。",
    "there is no such file here, and the hub cannot be reached: {}": (
        "手元にファイルがなく、ハブにも接続できません: {}"
    ),
    "the card names no configuration, so {} is none.": (
        "データカードに構成の記載がないため、{}は構成ではありません。"
    ),
    "{} is no regular file.": "{}は通常のファイルではありません。",
    "{} is a directory of a loracheck run.": "{}はloracheckの実行結果のフォルダーです。",
    "{} is a directory, and holds no data files.": "{}はフォルダーで、中にデータのファイルがありません。",
    "{} names {}, which is not there.": "{}に書かれた{}がありません。",
    "not written by Dataset.save_to_disk.": "Dataset.save_to_diskで書かれたものではありません。",
    "there is no column {}, which is mapped to {}.": "{1}に対応させた、{0}という列がありません。",
    "unknown columns: {}.": "不明な列があります: {!s}",
    "unknown columns: none.": "列がありません。",
    "there is {} but no reply.": "{!s}がありますが、応答がありません。",
    "a conversation needs a question and ends with the assistant's reply.": (
        "会話には質問が要り、アシスタントの応答で終わる必要があります。"
    ),
    "a list of turns is wanted, not {}.": "発話を並べてください。{}は使えません。",
    "an object is wanted, not {}.": "オブジェクトを書いてください。{}は使えません。",
    "a row is a JSON object, not {}.": "行はJSONオブジェクトです。{}は使えません。",
    "calls of tools are not trained.": "ツールの呼び出しは学習しません。",
    "only parts of type text are read, not {}.": "読めるのは、種類がtextの部分だけです。{}は読めません。",
    "text is wanted, not {}.": "文字列を書いてください。{}は使えません。",
    "half of a surrogate pair, which no file can store.": (
        "サロゲートペアの片方だけがあり、ファイルに保存できません。"
    ),
    "a pair of question and reply is wanted.": "質問と応答の組を書いてください。",
    "probe {}: its tags do not give every instruction its arguments: {}": (
        "プローブ{}: タグに、すべての指示の引数がそろっていません: {}"
    ),
    "instruction {}: its arguments do not fit: {} in {}": "指示{}: 引数が合いません: {} ({})",
    "no results of lm-evaluation-harness.": "lm-evaluation-harnessの結果ではありません。",
    "no sample of lm-evaluation-harness.": "lm-evaluation-harnessの出力する行ではありません。",
    "lm-evaluation-harness is not installed.": "lm-evaluation-harnessがインストールされていません。",
    "lm-evaluation-harness knows no such task.": "lm-evaluation-harnessに、そのタスクはありません。",
    "a task of {}, which is graded by lm-evaluation-harness alone.": (
        "{}のタスクで、採点できるのはlm-evaluation-harnessだけです。"
    ),
    "the task has no documents.": "タスクに問題がありません。",
    "a group of tasks.": "タスクのまとまりです。",
    "the choices have contexts of their own, which probes cannot.": (
        "選択肢ごとに文脈が異なるため、プローブにできません。"
    ),
    "the task cannot be loaded: {}": "タスクを読み込めません: {}",
    "--count {}: the data holds {} different prompts, and half of them are left to train on.": (
        "--count {}: データにある異なる質問は{}件で、半分は学習に残します。"
    ),
    "the id {} stands in line {} as well.": "ID {}が、{}行目にもあります。",
    "the id {} stands in row {} as well.": "ID {}が、{}番目の行にもあります。",
    "the id {} stands in {} as well.": "ID {}が、{}にもあります。",
    "the id {} stands there twice.": "ID {}が二度あります。",
    "the id {} is taken.": "ID {}はすでに使われています。",
    "the name {} is kept for what loracheck asks by itself.": "{}という名前は、loracheckが自分で尋ねる質問に使います。",
    "unknown field {}.": "不明な項目{}があります。",
    "prompt and messages are both given.": "promptとmessagesの両方があります。",
    "there is nothing to ask.": "質問がありません。",
    "a message is empty.": "空の発話があります。",
    "there are wrong choices and no right one.": "誤答だけで、正答がありません。",
    "a choice is empty.": "空の選択肢があります。",
    "the right answer is among the wrong choices.": "正答が誤答の中にあります。",
    "{} is none of the {} choices.": "{}は、{}個の選択肢のどれでもありません。",
    "no known format: the fields are {}.": "知らない形式です。項目は{}です。",
    "{} rows have this field.": "{}の行には、この項目が必要です。",
    "there is no wrong choice, and too few other answers in the file to draw one from.": (
        "誤答がなく、ファイルのほかの答えからも作れません。"
    ),
    "text is wanted.": "文字列を書いてください。",
    "the answer does not end in #### and a number.": "答えが、####と数値で終わっていません。",
    "{} is no place among {} choices.": "{}は、{}個の選択肢の番号ではありません。",
    "one right choice is wanted.": "正答は一つにしてください。",
    "as many arguments as instructions are wanted.": "指示と同じ数の引数が必要です。",
    "a list of questions is wanted.": "質問を並べてください。",
    "there is no answer.": "答えがありません。",
    "asks what {} asks.": "{}と同じ質問です。",
    "asks nearly what {} asks ({}% alike).": "{}とほぼ同じ質問です({}%一致)。",
    "a wrong choice is right: {}.": "誤答の中に正答があります: {}",
    "the question holds its answer {}.": "質問に答え{}が含まれています。",
    "{} wrong choices: chance is {}; three or more are better.": (
        "誤答は{}個で、偶然の正答率は{}です。誤答は三つ以上にしてください。"
    ),
    "the training data holds this question.": "学習データにこの質問があります。",
    "shares with the training data: {}.": "学習データと共通の部分があります: {}",
    "neither a policy nor a pipeline, nor options of curate or train, nor a sweep.": (
        "ポリシーでもパイプラインでも、curateやtrainのオプションでもありません。"
    ),
    "it holds the answers of {}, not of {}.": "{}の回答があり、{}の回答はありません。",
    "stored answers are missing.\n{}": "保存済みの回答が足りません。\n{}",
    "{} answers {} of {} probes; missing: {}": "{0}の回答は、プローブ{2}件のうち{1}件です。足りないもの: {3}",
    "{} answers {} of {} probes; missing: {}\n{}": (
        "{0}の回答は、プローブ{2}件のうち{1}件です。足りないもの: {3}\n{4}"
    ),
    "{} and {} more": "{}、ほか{}件",
    "an id and a text are wanted.": "IDと文章が必要です。",
    "{} is answered twice.": "{}への回答が二度あります。",
    "{} The line has no end, so the file may be cut off.": (
        "{}行末がないため、ファイルが途中で切れているかもしれません。"
    ),
    "stored answers cannot be drawn again.": "保存済みの回答は、引き直せません。",
    "none of the {} rows that it names is in the data.": "そこに挙がった{}行は、データに一つもありません。",
    "loss alarm: the rule {} ({}) removes {} of {} rows ({}) with {} {}; the limit is {}.": (
        "除外過多の警報: 規則{0}({1})が、{3}行のうち{2}行({4})を除こうとしています({5}: {6})。上限は{7}です。"
    ),
    "no row of {} passed.": "{}行のうち、合格した行がありません。",
    "refusing to train: in {} of {} rows {}.": "学習を始めませんでした。{1}行のうち{0}行で、{2}。",
    "{} (first: {}, line {})": "{}(最初は{}の{}行目)",
    "the stop token would not be trained, so the model would not learn to end its reply": (
        "停止トークンが学習されず、応答の終え方を学べません"
    ),
    "the reply is empty, so there is nothing to learn": "応答が空で、学ぶことがありません",
    "the row begins with two BOS tokens": "行の先頭にBOSトークンが二つあります",
    "the text holds control tokens of the tokenizer, which would become real ones": (
        "文章にトークナイザーの制御トークンがあり、本物の制御トークンになってしまいます"
    ),
    "the prompt's tokens are no prefix of the row's, so training and use would differ": (
        "プロンプトのトークン列が行全体の先頭と一致せず、学習時と使用時とで異なります"
    ),
    "the chat template does not end earlier replies with a stop token, so they cannot be learnt.": (
        "チャットテンプレートが途中の応答を停止トークンで終えないため、学習できません。"
    ),
    "the chat template changes the prompt once the reply is there, so no loss mask is sound.": (
        "応答があるとチャットテンプレートがプロンプトを変えるため、正しい損失マスクを作れません。"
    ),
    "--replay {}: there are {} neutral questions.": "--replay {}: 中立な質問は{}問です。",
    "{} has no clusters.": "{}にクラスターがありません。",
    "{} finished none of its {} replies within {} tokens.": (
        "{0}は、{1}件の応答のどれも{2}トークン以内に終えませんでした。"
    ),
    "role {} is none of {}.{}": "役割{}は、{}のいずれでもありません。{}",
    " Calls of tools are not trained.": "ツールの呼び出しは学習しません。",
}
