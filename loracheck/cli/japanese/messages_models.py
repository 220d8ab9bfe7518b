"""What went wrong with bases, adapters, training and the machine, in Japanese."""

from __future__ import annotations

MODELS: dict[str, str] = {
    "no model folder (it has no config.json).": "モデルのフォルダーではありません(config.jsonがありません)。",
    "cannot load the base {}: {}": "ベース{}を読み込めません: {}",
    "the base {} needs {} GB of memory, and there are {} GB: this processor has no fast products in 16 bits, so that "
    "the base has to compute in float32.": (
        "ベース{}には{} GBのメモリーが必要ですが、{} GBしかありません。このCPUは16ビットの積を速く計算できないため、"
        "ベースをfloat32で計算するからです。"
    ),
    "cannot fetch the base {}: {}": "ベース{}を取得できません: {}",
    "cannot read the configuration of {}: {}": "{}の設定を読めません: {}",
    "the embedder {} cannot be loaded: {}": "埋め込みモデル{}を読み込めません: {}",
    "the embedder {} needs sentence-transformers.": "埋め込みモデル{}には、sentence-transformersが必要です。",
    "{} has no safetensors file that holds {}.": "{}に、{}のあるsafetensorsファイルがありません。",
    "it has no safetensors files.": "safetensorsファイルがありません。",
    "{} is damaged: it is no JSON object of at most {} bytes.": (
        "{}は壊れています。{}バイト以下のJSONオブジェクトではありません。"
    ),
    "{} is damaged: {}": "{}は壊れています: {}",
    "{} is damaged": "{}は壊れています",
    "{} cannot be read: {}": "{}を読めません: {}",
    "adapter {}: {} holds no adapter_config.json.": "アダプター{}: {}に、adapter_config.jsonがありません。",
    "adapter {}: {} holds no {}, only a pickle, which can run code when it is read.": (
        "アダプター{}: {}に{}がなく、pickle形式だけがあります。pickleは、読むときにコードを実行できます。"
    ),
    "adapter {}: {} holds no {}.": "アダプター{}: {}に、{}がありません。",
    "adapter {}: {} is damaged: {}": "アダプター{}: {}は壊れています: {}",
    "adapter {} was trained on {}, another base than {}: they differ in {}.": (
        "アダプター{}は、{}で学習されています。{}とは別のベースです(違い: {})。"
    ),
    "adapter {} was trained with another chat template than the one in use.": (
        "アダプター{}は、ここで使うものとは別のチャットテンプレートで学習されています。"
    ),
    "adapter {} is {}; LoRA, DoRA, AdaLoRA, LoHa and LoKr are taken.": (
        "アダプター{}は{}です。扱えるのは、LoRA、DoRA、AdaLoRA、LoHa、LoKrです。"
    ),
    "adapter {} is of no kind that its configuration names; LoRA, DoRA, AdaLoRA, LoHa and LoKr are taken.": (
        "アダプター{}は、設定に種類の記載がありません。扱えるのは、LoRA、DoRA、AdaLoRA、LoHa、LoKrです。"
    ),
    "adapter {} takes part of the base's weights out when it is loaded ({}), so the base could no longer be "
    "asked beside it.": (
        "アダプター{}は、読み込むとベースの重みの一部を取り出すため({})、並べてベースに質問できません。"
    ),
    "adapter {}: adapter_config.json has {}, which is damaged or not followed here, so it would be measured as "
    "something else or change the base.": (
        "アダプター{}: adapter_config.jsonの{}は、壊れているか、ここでは扱えません。"
        "別のものとして測定されるか、ベースが変わってしまいます。"
    ),
    "adapter {}: {} is of type {}, in which nothing can be computed here.": (
        "アダプター{}: {}の型は{}で、ここでは計算できません。"
    ),
    "adapter {} is damaged: by adapter_config.json {}, by its tensors not.": (
        "アダプター{}は壊れています。adapter_config.jsonの記載({})が、テンソルと合いません。"
    ),
    "adapter {} changed the base itself when it was put on it: with every adapter off it gives other logits than "
    "before.": (
        "アダプター{}は、載せたときにベース自体を変えました。アダプターをすべて外しても、"
        "ロジットが元に戻りません。"
    ),
    "the base {} can only be read by code that comes with it, and no such code is run.": (
        "ベース{}を読むには、付属のコードが必要です。付属のコードは実行しません。"
    ),
    "adapter {} is for another base than {}: {} tensors do not match, the first is {} {}.": (
        "アダプター{}は、{}とは別のベース用です。{}個のテンソルが合わず、最初は{} {}です。"
    ),
    "adapter {} does not fit {}: {}": "アダプター{}は、{}に合いません: {}",
    "adapter {}: {} is not the one that was evaluated.": "アダプター{}: {}は、評価したものではありません。",
    "{}: {} has another tokenizer than the base: {} entries of the vocabularies differ, the first is {}.": (
        "{}: {}のトークナイザーは、ベースと違います。語彙の{}項目が異なり、最初は{}です。"
    ),
    "{}: {} holds no model*.safetensors.": "{}: {}に、model*.safetensorsがありません。",
    "the adapters bring different chat templates: {}.": "アダプターごとにチャットテンプレートが違います: {}",
    "the tokenizer has no end-of-sequence token, so no reply could ever end.": (
        "トークナイザーに終端トークンがなく、応答を終えられません。"
    ),
    "the chat template does not take these messages: {}": "チャットテンプレートがこのメッセージを受け付けません: {}",
    "the chat template does not end within {} seconds, or fills the memory.": (
        "チャットテンプレートが{}秒以内に終わらないか、メモリーを使い切ります。"
    ),
    "the process that renders chat templates does not start.": (
        "チャットテンプレートを処理するプロセスが起動しません。"
    ),
    "{} is not read: {}.": "{}は読み込みません: {}。",
    "not a plain file": "通常のファイルではありません",
    "a link out of its folder": "フォルダーの外を指すリンクです",
    "larger than {} kB": "{} kBを超えています",
    "not a text in UTF-8": "UTF-8のテキストではありません",
    "not a text, as it holds NUL": "NULを含み、テキストではありません",
    "broken JSON": "JSONが壊れています",
    "no JSON object": "JSONのオブジェクトではありません",
    "--target-modules {}: peft can adapt no such layers of {} ({}): {}": (
        "--target-modules {}: {}({})のその層は、peftでは学習できません: {}"
    ),
    "--target-modules {} matches no layer of {}.": "--target-modules {}に当たる層が、{}にありません。",
    "--target-modules {} reaches no linear layer of {} ({}).": (
        "--target-modules {}に当たる線形層が、{}({})にありません。"
    ),
    "{} is no adapter: it holds no {}.": "{}はアダプターではありません。{}がありません。",
    "{} is no adapter: it is not there.": "{}は存在しません。",
    "{} holds no {}, only {}: a pickle, which can run code when it is read. It was not opened.": (
        "{}に{}がなく、{}だけがあります。pickle形式は読むときにコードを実行できるため、開いていません。"
    ),
    "--base: without {}, which holds its alpha, nobody can tell what the adapter does to the base.": (
        "--base: alphaの書かれた{}がないと、アダプターのベースへの効果は分かりません。"
    ),
    "--base: the adapter began as {}, which takes directions out of the base's weights; what it does to "
    "the base cannot be told.": (
        "--base: アダプターは{}で始まり、ベースの重みから一部の方向を取り出すため、"
        "ベースへの効果は分かりません。"
    ),
    "--base {} cannot be planned: transformers builds no causal language model from its configuration "
    "({}: {}).": (
        "--base {}は計画できません。transformersが、この設定から因果言語モデルを作れません({}: {})。"
    ),
    "--base {} is quantised already, so the bytes of its weights do not follow from its shape.": (
        "--base {}は量子化済みで、重みの大きさを形から計算できません。"
    ),
    "{} was trained on {}, another base than {}: they differ in {}.": (
        "{}は、{}で学習されています。{}とは別のベースです(違い: {})。"
    ),
    "the adapter is for another base than {}, which has no weight of any module it changes.": (
        "アダプターは、{}とは別のベース用です。アダプターが変える重みが、このベースにありません。"
    ),
    "the adapter is for another base than {}: it changes {} of {}, and the base's is {}.": (
        "アダプターは、{}とは別のベース用です。{}の形が、アダプターでは{}、ベースでは{}です。"
    ),
    "--gguf needs llama.cpp's {}, which was found neither in LLAMA_CPP nor on PATH nor as a package.": (
        "--ggufにはllama.cppの{}が必要ですが、LLAMA_CPPにも、PATHにも、パッケージにもありません。"
    ),
    "--gguf {} needs llama.cpp's {}, which was found neither in LLAMA_CPP nor on PATH.": (
        "--gguf {}にはllama.cppの{}が必要ですが、LLAMA_CPPにも、PATHにもありません。"
    ),
    "{} ended with exit code {}: {}": "{}が終了コード{}で終わりました: {}",
    "{} ended well and wrote no GGUF file.": "{}は正常に終わりましたが、GGUFファイルを書いていません。",
    "LLAMA_CPP is {}, and there is no {}.": "LLAMA_CPPは{}ですが、{}がありません。",
    "cannot run {}: {}": "{}を実行できません: {}",
    "the probe failed: {}": "試行が失敗しました: {}",
    "exit code {}": "終了コード{}",
    "the probe was killed by signal {}, most likely for want of memory.": (
        "試行がシグナル{}で終了させられました。おそらくメモリー不足です。"
    ),
    "a worker process was ended before it was done, most often for want of memory": (
        "ワーカーのプロセスが途中で終了させられました。多くはメモリー不足です。"
    ),
    "memory ran out at step {} of {}: {}": "ステップ{}/{}でメモリーが足りなくなりました: {}",
    "the loss became {} at step {}.": "ステップ{1}で、損失が{0}になりました。",
    "the gradient became {} at step {}.": "ステップ{1}で、勾配が{0}になりました。",
    "the {} became {} at step {}.": "ステップ{2}で、{0}が{1}になりました。",
    "no gradient reaches the adapter at step {}, so it cannot learn.": (
        "ステップ{}で勾配がアダプターに届かず、学習できません。"
    ),
    "transformers refuses the options: {}": "transformersがオプションを受け付けません: {}",
    "--packing: {} lets packed rows see one another.": (
        "--packing: {}では、パックした行どうしが見えてしまいます。"
    ),
    "{} cannot be merged: {}.": "{}はマージできません: {}",
    "{} has no adapter_config.json beside it, so its alpha is not known.": (
        "{}にadapter_config.jsonが付いておらず、alphaが分かりません。"
    ),
    "{} holds NaN or infinity, first in {}.": "{}にNaNか無限大があります。最初は{}です。",
    "{} holds NaN or infinity; it is broken at any strength.": (
        "{}にNaNか無限大があり、どの強さでも壊れています。"
    ),
    "{} is {}; merge takes LoRA, DoRA, rsLoRA, LoHa and LoKr.": (
        "{}は{}です。マージできるのはLoRA、DoRA、rsLoRA、LoHa、LoKrです。"
    ),
    "{} is of no known kind; merge takes LoRA, DoRA, rsLoRA, LoHa and LoKr.": (
        "{}は種類が分かりません。マージできるのはLoRA、DoRA、rsLoRA、LoHa、LoKrです。"
    ),
    "--base {}: its checkpoint is quantised ({}), and nothing can be merged into it exactly.": (
        "--base {}: 量子化済み({})で、正確にはマージできません。"
    ),
    "{}\nThe merged model in {} is whole.": "{}\n{}のマージ済みモデルは、完全に書けています。",
    "adapter {} cannot be merged: {}": "アダプター{}はマージできません: {}",
    "{}: {} does not fit this type.": "{}: {}がこの型に収まりません。",
    "--eval {}: it judged {}, none of which has the weights that are merged.": (
        "--eval {}: 評価したのは{}で、マージする重みと同じものはありません。"
    ),
    "--eval {}: it judged no adapter, none of which has the weights that are merged.": (
        "--eval {}: アダプターが一つも評価されていません。"
    ),
    "{} is {}; only LoRA, DoRA, LoHa and LoKr can be set to another strength.": (
        "{}は{}です。強さを変えられるのは、LoRA、DoRA、LoHa、LoKrだけです。"
    ),
    "{} also holds whole weights, such as {}, which have no strength.": (
        "{}には{}などの重み全体もあり、強さを変えられません。"
    ),
    "{}: {} has no factor that could be made weaker.": "{}: {}に、弱められる因子がありません。",
    "{} is a {} adapter, whose effect does not grow with its factors.": (
        "{}は{}のアダプターで、効果が因子に比例しません。"
    ),
    "{} is a pickle, which can run code when it is read; it was not opened.": (
        "{}はpickle形式です。読むときにコードを実行できるため、開いていません。"
    ),
    "{} is no whole safetensors file: its header would be {} bytes long, the file is {}.": (
        "{}は、完全なsafetensorsファイルではありません。見出しが{}バイトのはずですが、"
        "ファイルは{}バイトです。"
    ),
    "{} has a header of {} bytes; {} are read at most.": (
        "{}の見出しは{}バイトです。読めるのは{}バイトまでです。"
    ),
    "the embedded model is not installed.": "内蔵のモデルがインストールされていません。",
    "cannot use the cache {}: {}": "キャッシュ{}を使えません: {}",
    "cannot convert {} into {}: {}": "{}を{}に変換できません: {}",
    "reading {} needs the package gguf.": "{}を読むには、パッケージggufが必要です。",
    "transformers {} reads the tokenizer of {} wrongly.": "transformers {}は{}のトークナイザーを正しく読めません。",
    "transformers cannot read {}: {}": "transformersは{}を読めません: {}",
    "it is an adapter of an image model; eval and merge take adapters of language models only": (
        "画像モデルのアダプターです。evalとmergeが扱うのは、言語モデルのアダプターだけです"
    ),
    "it said nothing": "何も出力していません",
}
