"""What mends an error, in Japanese: the hints that are chosen by what was found, or put together."""

from __future__ import annotations

CHOSEN: dict[str, str] = {
    "No checkpoint had been written (--save-steps).": "まだチェックポイントはありません(--save-steps)。",
    "The last checkpoint before is {}.": "その前の最後のチェックポイントは{}です。",
    "Raise --max-length if the row is longer; else pass a template that ends replies with --chat-template.": (
        "行がそれより長いときは--max-lengthを上げ、そうでなければ、応答を停止トークンで終えるテンプレートを"
        "--chat-templateで指定してください。"
    ),
    "Fill in or take out the rows; loracheck curate drops them.": (
        "応答を書き足すか、その行を除いてください。loracheck curateも、こうした行を除きます。"
    ),
    "Take the BOS token out of the template, and pass it with --chat-template.": (
        "テンプレートからBOSトークンを外し、--chat-templateで指定してください。"
    ),
    "Take them out of the rows; loracheck curate drops such rows.": (
        "行から取り除いてください。loracheck curateは、こうした行を除きます。"
    ),
    "Pass a template that ends prompts with a line break with --chat-template.": (
        "プロンプトを改行で終えるテンプレートを、--chat-templateで指定してください。"
    ),
    "Mend or remove that line; nothing was written.": (
        "その行を直すか、削除してください。何も書き込んでいません。"
    ),
    "The last line seems cut off: mend or remove it; nothing was written.": (
        "最後の行が途中で切れているようです。直すか、削除してください。何も書き込んでいません。"
    ),
    "One row a line is wanted, or an array of rows: [{...}, {...}].": (
        "1行に1件ずつ書くか、行の配列にしてください: [{{...}}, {{...}}]"
    ),
    "It reads as {}: iconv -f {} -t utf-8 {} > utf8{}": "{}として読めます: iconv -f {} -t utf-8 {} > utf8{}",
    "Leave --encoding out, and the encoding is found, or name another.": (
        "--encodingを外すと、文字コードを判定します。または、別のものを指定してください。"
    ),
    "The file is none of UTF-8, UTF-16, cp932 and EUC-JP throughout. Mend that line, or find out the "
    "encoding and convert it: iconv -f ENCODING -t utf-8 {} > utf8{}": (
        "ファイル全体としては、UTF-8、UTF-16、cp932、EUC-JPのどれでもありません。その行を直すか、"
        "文字コードを調べて変換してください: iconv -f ENCODING -t utf-8 {} > utf8{}"
    ),
    "Convert it: iconv -f cp932 -t utf-8 {} > probes.jsonl": (
        "変換してください: iconv -f cp932 -t utf-8 {} > probes.jsonl"
    ),
    "Unpack it, or save the sheet as CSV.": "展開するか、表をCSVで保存してください。",
    "Only tables and JSON are read.": "読めるのは、表とJSONだけです。",
    "Export the table as CSV.": "表をCSVに書き出してください。",
    "Fetch it with: git lfs pull": "本体を取得してください: git lfs pull",
    "A results file of lm-evaluation-harness is shown by `loracheck probes show`.": (
        "lm-evaluation-harnessの結果のファイルは、`loracheck probes show`で表示できます。"
    ),
    "Build llama.cpp, or take a type that its converter writes: {}": (
        "llama.cppをビルドするか、その変換プログラムが書ける形式を使ってください: {}"
    ),
    "Bundled: {}; or name a YAML file of your own.": "同梱のものは{}です。自分のYAMLファイルも指定できます。",
    "Did you mean {}? Bundled: {}; or name a YAML file of your own.": (
        "{}ではありませんか? 同梱のものは{}です。自分のYAMLファイルも指定できます。"
    ),
    "Did you mean {}?": "{}ではありませんか?",
    "Run it again: it resumes, or says what is to be mended. {}": (
        "もう一度実行すると、続きから再開するか、直すべきところを示します。{}"
    ),
    "Make the run again, or use the version that made it: loracheck {}": (
        "もう一度実行するか、作成したときの版を使ってください: loracheck {}"
    ),
    "Judge its answers again into a new run: loracheck score {} -o {}-judged": (
        "回答から判定し直し、新しい実行結果にしてください: loracheck score {} -o {}-judged"
    ),
    "A policy is named in the pipeline, under policy.": "ポリシーは、pipeline.yamlのpolicyに書きます。",
    "A loss alarm names the rule.": "規則の名前は、除外過多の警報に出ます。",
    "Did you mean {}? Fields: {}.": "{}ではありませんか? 使える項目: {}",
    "Fields: {}.": "使える項目: {}",
    "Did you mean {}? Formats: {}.": "{}ではありませんか? 使える形式: {}",
    "Formats: {}.": "使える形式: {}",
    "Columns: {}.": "ある列: {}",
    "Near: {}.": "似た列: {}",
    "Files that end in {} are read, also packed.": (
        "読めるのは、{}で終わるファイルです。圧縮されていてもかまいません。"
    ),
    "For instance {}": "例: {}",
    "For instance: utf-8, utf-16, cp932, euc_jp, iso2022_jp, cp1252.": (
        "例: utf-8, utf-16, cp932, euc_jp, iso2022_jp, cp1252"
    ),
    "Name a sentence-transformers model by its hub id or folder, or one of {}.": (
        "sentence-transformersのモデルをハブのIDかフォルダーで、または{}のいずれかを指定してください。"
    ),
    "Name one to look at its failures all the same: --adapter {}": (
        "それでも失敗を調べるなら、アダプターを指定してください: --adapter {}"
    ),
    "One JSON object a line is wanted: {}": "1行に1つのJSONオブジェクトを書いてください: {}",
    "One of: {}": "次のいずれか: {}",
    "One row an answer: {}": "1行に1つの回答を書いてください: {}",
    "Pass --base {}": "--base {}を指定してください。",
    "Run it yourself to see all it says: {}": "自分で実行すると、出力をすべて見られます: {}",
    "With the folder of a run before it, a name is taken in that run alone: --first {}/{}": (
        "前に実行結果のフォルダーを付けると、その中だけから選びます: --first {}/{}"
    ),
    "Your own probes look like {}; public sets that are read: see docs/probes.md.": (
        "自分のプローブは{}のように書いてください。読める公開データセットは、docs/probes.ja.mdにあります。"
    ),
    "These are preference pairs. To train on the chosen reply, map it with columns: output=chosen.": (
        "選好の組です。選ばれた応答で学習するなら、columns: output=chosenと対応させてください。"
    ),
    "The turns seem to lie in {}: --map messages={} reads them (curate, validate).": (
        "発話は{!s}にあるようです。--map messages={!s}で読みます(curateとvalidate)。"
    ),
    "The rows seem to lie in {}. Write the list alone, for instance: jq '.[\"{}\"]' FILE": (
        "行は{!s}の中にあるようです。その配列だけを書き出してください。例: jq '.[\"{!s}\"]' FILE"
    ),
    "Ready-made text does not tell the question from the reply: write them apart, as instruction and output.": (
        "書式を整えた文章だけでは、質問と応答を見分けられません。instructionとoutputのように分けて書いてください。"
    ),
    "A row needs one of these as well: {}.": "行には、次のどれかも必要です: {!s}",
    "Known shapes: {}; curate and validate read others by --map, as {}, and the other commands what curate wrote.": (
        "使える形: {}。curateとvalidateは、ほかの列名も--mapで読みます(例: {})。ほかのコマンドは、"
        "curateの書いたものを読みます。"
    ),
    "Known shapes: {}; curate and validate read others by --map, as {}, and the other commands what curate wrote. "
    "Did you mean {}?": (
        "使える形: {}。curateとvalidateは、ほかの列名も--mapで読みます(例: {})。ほかのコマンドは、"
        "curateの書いたものを読みます。{}ではありませんか?"
    ),
    "Most were dropped for: {}. Loosen the first of these rules in a --config, or bring other rows.": (
        "主な除外理由: {}。最初の規則を--configで緩めるか、別の行を用意してください。"
    ),
    "Keep one of them.": "どちらか一方を残してください。",
    "Name the right one by its place from 0, its letter or its text.": (
        "0からの番号、文字、または文章で、正答を指定してください。"
    ),
    "Give some of the same kind: {}": "同じ種類のものを書いてください: {}",
}
