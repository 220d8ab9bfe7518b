"""What is said of a base, an adapter and a server that were examined, in Japanese."""

from __future__ import annotations

SENTENCES: dict[str, str] = {
    # the base
    "the model has none: loracheck's plain one is used, and travels with what is trained": (
        "モデルにテンプレートがありません。loracheckの簡素なテンプレートを使い、学習したものと一緒に保存します"
    ),
    "for a model that was tuned to chat, pass its template with --chat-template FILE": (
        "対話用に調整されたモデルなら、--chat-template FILEでテンプレートを指定してください"
    ),
    "the model's own": "モデル自身のもの",
    "of --chat-template": "--chat-templateのもの",
    "loracheck's plain one": "loracheckの簡素なもの",
    "pass another template with --chat-template FILE": "--chat-template FILEで別のテンプレートを指定してください",
    "take the tokenizer that belongs to the template, or {}": (
        "テンプレートに合うトークナイザーを使うか、次のようにしてください: {}"
    ),
    "{}; it takes no system message, which goes into the user's first turn": (
        "{}。システムメッセージを受け付けないため、利用者の最初の発話に入れます"
    ),
    "{} cannot be used: {}": "{}は使えません: {}",
    "a prompt's tokens are not the beginning of the row's: training and use differ at the seam": (
        "プロンプトのトークンが行の先頭と一致しません。学習時と利用時で境目が異なります"
    ),
    "the tokenizer has {} tokens, the model {}: the last ones crash it or mean another": (
        "トークナイザーは{}トークン、モデルは{}です。末尾のトークンで落ちるか、別の意味になります"
    ),
    "take the tokenizer that belongs to this model": "このモデルのトークナイザーを使ってください",
    "the tokenizer has no end-of-sequence token, so no reply could ever end": (
        "トークナイザーに終端トークンがないため、応答が終わりません"
    ),
    "set eos_token in tokenizer_config.json": "tokenizer_config.jsonのeos_tokenを設定してください",
    "{}, which ends a reply in the template, is no token of its own ({} pieces)": (
        "テンプレートで応答を終える{}が、一つのトークンではありません({}個に分かれます)"
    ),
    "{} ends a reply in the template, but generation_config.json stops at {} only: other programs go on to the user's "
    "next turn": (
        "テンプレートでは{}で応答が終わりますが、generation_config.jsonの終了は{}のみです。"
        "ほかのプログラムは利用者の次の発話まで続けます"
    ),
    "add {} to eos_token_id in generation_config.json (loracheck merge writes it)": (
        "generation_config.jsonのeos_token_idに{}を加えてください(loracheck mergeが書き込みます)"
    ),
    "none: loracheck pads by position; other trainers take the stop token, and then teach no end": (
        "なし: loracheckは位置でパディングします。ほかの学習ツールは停止トークンを使い、終わり方を教えません"
    ),
    "set pad_token to a token that is never written, as <pad> or <|finetune_right_pad_id|>": (
        "pad_tokenを、決して出力されないトークン(<pad>や<|finetune_right_pad_id|>など)にしてください"
    ),
    "{} is also a stop token: trainers that leave padding out of the loss by its id never teach the model to stop "
    "(loracheck goes by position)": (
        "{}は停止トークンでもあります。パディングをIDで損失から除く学習ツールでは、終わり方を教えられません"
        "(loracheckは位置で判断します)"
    ),
    "shape {}, embeddings {}, layers unknown: no 16-bit or 32-bit weights are at hand": (
        "構成 {}、埋め込み {}、層は不明: 16ビットか32ビットの重みが手元にありません"
    ),
    "shape {}, embeddings {}, layers {}": "構成 {}、埋め込み {}、層 {}",
    # the adapter
    "{}/adapter_config.json: {}": "{}/adapter_config.jsonを読めません: {}",
    "No such file or directory": "ファイルがありません",
    "pass the folder that peft saved, or a loracheck train run": (
        "peftが保存したフォルダーか、loracheckの学習の実行結果を指定してください"
    ),
    "{} holds no {}": "{}に{}がありません",
    "{} holds no {}, only a pickle, which can run code and is never opened": (
        "{}に{}がなく、pickleだけがあります。pickleはコードを実行できるため開きません"
    ),
    "save it again with model.save_pretrained(path, safe_serialization=True)": (
        "model.save_pretrained(path, safe_serialization=True)で保存し直してください"
    ),
    "{} is damaged: {}": "{}は壊れています: {}",
    "copy it again": "コピーし直してください",
    "{}: of no named kind, {} tensors": "{}: 種類の記録なし、テンソル{}個",
    "{}: {}, {} tensors": "{}: {}、テンソル{}個",
    "{}; pass --base to compare fingerprints": "{}。--baseを指定すると指紋を照合します",
    "it was trained on {}, another base: they differ in {}": ("別のベース{}で学習されています。違うもの: {}"),
    "it was trained on this very base": "このベースで学習されています",
    "it was trained with another template ({}), which eval uses": (
        "別のテンプレート({})で学習されており、評価ではそれを使います"
    ),
    "the adapter names {}, which is this base": "アダプターの記録は{}で、このベースです",
    "the adapter names no base": "アダプターにベースの記録がありません",
    "the adapter names {}, not {}": "アダプターの記録は{}で、{}ではありません",
    "the adapter names {}, a 4-bit copy, a copy of the same name": (
        "アダプターの記録は{}(4ビットの複製)で、同名の複製です"
    ),
    "the adapter names {}, a copy of the same name": "アダプターの記録は{}で、同名の複製です",
    "the adapter names {}, which cannot be compared with a folder by name": (
        "アダプターの記録は{}で、フォルダーとは名前で比べられません"
    ),
    "the adapter names {}": "アダプターの記録は{}です",
    "if it is this base, say so: eval --assume-base": (
        "このベースで間違いなければ、eval --assume-baseで保証してください"
    ),
    "the adapter brings it": "アダプターに付属",
    "an unnamed program": "名前のないプログラム",
    "{}, on a base in {}": "{}、{}のベース上",
    "none beside the adapter: the base's is used": "アダプターのそばになし: ベースのものを使います",
    "the adapter brings another one than the base's ({}); eval uses the adapter's": (
        "アダプターに、ベースのものとは違うテンプレート({})があります。評価ではアダプターのものを使います"
    ),
    # the server
    "{}, answered in {} s": "{}、{}秒で応答",
    "nothing answers at {}: {}": "{}から応答がありません: {}",
    "it lists no models": "モデルの一覧がありません",
    "it serves none": "提供中のモデルがありません",
    "name one with --model NAME": "--model NAMEで指定してください",
    "load a model on the server": "サーバーにモデルを読み込んでください",
    "it has no {}; it has {}": "{}はありません。あるもの: {}",
    "pass a name as the server lists it: --model NAME": "サーバーの一覧にある名前を指定してください: --model NAME",
    "unknown: it keeps no list": "不明: 一覧がありません",
    "{} gives no answer: {}": "{}が答えません: {}",
    "{} answers with nothing": "{}の応答が空です",
    "turn the model's thinking off on the server, or allow it more tokens": (
        "サーバーでモデルの思考を切るか、トークン数の上限を上げてください"
    ),
    "look at the server's log; a base without a chat template needs one, as vllm --chat-template FILE": (
        "サーバーのログを見てください。テンプレートのないベースには、vllm --chat-template FILEなどで必要です"
    ),
    "{} answers": "{}が応答します",
    "given with answers{}": "応答とともに得られます{}",
    "; it takes no JSON schema": "。JSONスキーマは受け付けません",
    "not given: a judge's scores are read from its text alone, as whole numbers": (
        "得られません: 審査モデルの点は、文章から整数として読みます"
    ),
    "ask for them on the server, as vllm --max-logprobs 20": (
        "サーバーの設定で有効にしてください(vllm --max-logprobs 20など)"
    ),
    "the same seed gives the same answer, another one another": (
        "同じシードで同じ応答、違うシードで違う応答になります"
    ),
    "not taken: drawn answers differ from run to run; greedy ones decide all the same": (
        "シードを受け付けません: サンプリングした応答は実行ごとに変わります。貪欲法の応答での判定には影響しません"
    ),
    "taken but not heeded: the same seed gave two answers; greedy ones decide all the same": (
        "シードを受け付けますが守りません: 同じシードで違う応答でした。貪欲法の応答での判定には影響しません"
    ),
    "unknown: three draws, two of one seed, gave the same answer": (
        "不明: 同じシードの二回を含む三回の応答が、すべて同じでした"
    ),
    "unknown: its answer was too short to be cut": "不明: 応答が短すぎて確かめられません",
    "answers end at a stop string": "応答は停止文字列で終わります",
    "not heeded: a base that goes on to the user's next turn is cut here, at the price of its tokens": (
        "守りません: 利用者の次の発話まで続けるベースは、ここで切ります(その分のトークンは無駄になります)"
    ),
    "of given texts and of given replies": "与えた文章と与えた応答のもの",
    "of given replies only": "与えた応答のもののみ",
    "not given": "得られません",
    "{}: checks that compare the likelihoods of texts stay unmeasured": (
        "{}: 文章の尤度を比べる検査は測定できません"
    ),
    "serve with vLLM, which gives prompt_logprobs, or pass --tokenizer to eval if it has echo": (
        "prompt_logprobsを返すvLLMで提供するか、echoがあればevalに--tokenizerを指定してください"
    ),
    "cannot be gone on with: that part of the checks is left out": (
        "続きを書かせられません: その部分の検査は行いません"
    ),
    "can be gone on with": "続きを書かせられます",
}
