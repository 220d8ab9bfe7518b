"""Errors of endpoints, judges and generators: LC-6nn."""

from __future__ import annotations

from loracheck.faults import Kind
from loracheck.faults.form import Fault, Says

FAULTS: dict[Kind, Fault] = {
    "endpoint_address": Fault(
        en=Says(
            title="no address of a server",
            meaning="The address of an endpoint cannot be used as it stands.",
            causes=(
                "http:// is missing",
                "a key or password stands in the address, where logs would show it",
            ),
            mending="Write it as http://localhost:8000/v1 and put the key into its environment variable.",
        ),
        ja=Says(
            title="サーバーのアドレスの誤り",
            meaning="エンドポイントのアドレスが、このままでは使えません。",
            causes=("http://がない", "キーやパスワードがアドレスにある(ログに残ってしまう)"),
            mending="http://localhost:8000/v1のように書き、キーは環境変数に入れてください。",
        ),
    ),
    "endpoint_key": Fault(
        en=Says(
            title="the server refuses the key",
            meaning="The key in the environment variable is missing, wrong, or holds characters that no "
            "key has.",
            causes=(
                "the variable is not set in this shell",
                "a line break was copied along",
                "the key was revoked",
            ),
            mending="Set the variable anew. --key-variable of eval and doctor names another one; for a judge it is "
            "judge.api_key_variable in the file of --config.",
        ),
        ja=Says(
            title="キーが受け付けられません",
            meaning="環境変数のキーが、ないか、誤っているか、使えない文字を含みます。",
            causes=("このシェルで変数を設定していない", "改行まで写した", "失効したキー"),
            mending="変数を設定し直してください。別の変数は、evalとdoctorなら--key-variable、"
            "審査モデルなら--configの設定のjudge.api_key_variableで指定できます。",
        ),
        command="export OPENAI_API_KEY=...",
    ),
    "endpoint_model": Fault(
        en=Says(
            title="no such model on the server",
            meaning="The server has no model of this name, or the address leads elsewhere.",
            causes=(
                "the adapter was not loaded into the server",
                "a slip of the pen",
                "the address lacks /v1",
            ),
            mending="Take a name as the server lists it.",
        ),
        ja=Says(
            title="サーバーにないモデル",
            meaning="サーバーにこの名前のモデルがないか、アドレスが違います。",
            causes=("アダプターをサーバーに読み込んでいない", "入力の誤り", "アドレスに/v1がない"),
            mending="サーバーの一覧にある名前を指定してください。",
        ),
        command="curl http://localhost:8000/v1/models",
    ),
    "endpoint_unreachable": Fault(
        en=Says(
            title="nothing answers at the address",
            meaning="No connection to the server could be made, after several tries. What was answered "
            "before is kept.",
            causes=("the server is not started, or still loading", "another port", "a firewall or proxy"),
            mending="Start the server or correct the address, then run the same command again.",
        ),
        ja=Says(
            title="サーバーが応答しません",
            meaning="何度か試しましたが、サーバーに接続できませんでした。それまでの回答は残っています。",
            causes=(
                "サーバーが起動していない、または読み込み中",
                "ポートの違い",
                "ファイアウォールやプロキシ",
            ),
            mending="サーバーを起動するかアドレスを直して、同じコマンドを実行してください。",
        ),
        command="curl http://localhost:8000/v1/models",
        exit_code=4,
    ),
    "answers_failed": Fault(
        en=Says(
            title="some answers could not be had",
            meaning="The server left probes unanswered. No verdict was made; what was answered is kept.",
            causes=("the server was overloaded or restarted", "a prompt is longer than its context"),
            mending="Run the same command again: it asks for the rest. A lower --concurrency may help.",
        ),
        ja=Says(
            title="得られなかった回答があります",
            meaning="サーバーが一部のプローブに答えませんでした。判定はせず、得られた回答は残っています。",
            causes=("サーバーの過負荷や再起動", "文脈長を超えるプロンプト"),
            mending="同じコマンドで残りを続けます。--concurrencyを下げると通ることがあります。",
        ),
        exit_code=4,
    ),
    "over_budget": Fault(
        en=Says(
            title="over the budget",
            meaning="The judge or generator would take more requests or tokens than the budget allows. "
            "Nothing was asked.",
            causes=("the data is larger than was thought", "several rubrics multiply the requests"),
            mending="Raise the budget, or have fewer rows judged. --dry-run says what it would take.",
        ),
        ja=Says(
            title="予算の超過",
            meaning="審査または生成モデルの要求数かトークン数が、予算を超えます。まだ何も送っていません。",
            causes=("データが想定より大きい", "採点基準が複数あり、要求数が増える"),
            mending="予算を上げるか、審査する行を減らしてください。必要量は--dry-runで分かります。",
        ),
        command="loracheck curate data.jsonl --judge MODEL --judge-rows 500 --dry-run",
    ),
    "judge_unfit": Fault(
        en=Says(
            title="a judge that judges wrongly",
            meaning="The judge gave rows of known score other scores than they have, so its scores would "
            "say little about "
            "your rows.",
            causes=("the model is too small to judge", "the rubric means something else than the known rows"),
            mending="Take a stronger judge; lower judge.min_canaries only if your rubric means it so.",
        ),
        ja=Says(
            title="正しく採点できない審査モデル",
            meaning="点数の分かっている行に、審査モデルが違う点を付けました。"
            "その採点はデータの参考になりません。",
            causes=("審査には小さすぎるモデル", "採点基準の意味が既知の行と違う"),
            mending="より強い審査モデルを使ってください。採点基準の意図どおりなら、"
            "judge.min_canariesを下げられます。",
        ),
    ),
    "judge_silent": Fault(
        en=Says(
            title="a judge that gives too few scores",
            meaning="Too many questions were left without a score. A row is never dropped for want of one, "
            "so the curation "
            "would be half judged.",
            causes=(
                "the model does not answer in the wanted form",
                "refusals",
                "the server cuts answers short",
            ),
            mending="Mend the judge and run the same command again: the scores it gave are kept.",
        ),
        ja=Says(
            title="採点の不足",
            meaning="点の付かない質問が多すぎます。点のない行を除くことはないため、"
            "審査が中途半端になります。",
            causes=("求める形式で答えないモデル", "回答の拒否", "サーバーが回答を途中で切る"),
            mending="審査モデルを直して、同じコマンドを実行してください。付いた点は残っています。",
        ),
        exit_code=4,
    ),
    "generator_failed": Fault(
        en=Says(
            title="a generator that fails too often",
            meaning="Too many requests for rows came back without one. What was written is kept.",
            causes=("the model does not answer in the wanted form", "the server is overloaded"),
            mending="Mend the generator and run the same command again.",
        ),
        ja=Says(
            title="生成の失敗が多すぎます",
            meaning="行を返さない要求が多すぎます。書かれた行は残っています。",
            causes=("求める形式で答えないモデル", "サーバーの過負荷"),
            mending="生成モデルを直して、同じコマンドを実行してください。",
        ),
        exit_code=4,
    ),
}
