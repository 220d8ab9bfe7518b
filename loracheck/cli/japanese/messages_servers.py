"""What went wrong with endpoints, judges and generators, in Japanese."""

from __future__ import annotations

SERVERS: dict[str, str] = {
    "the endpoint {} is no web address.": "エンドポイント{}は、Webのアドレスではありません。",
    "the endpoint at {} has a user, a password or a query in its address.": (
        "{}のエンドポイントのアドレスに、ユーザー、パスワード、またはクエリーがあります。"
    ),
    "the environment variable {} holds characters that no key has.": (
        "環境変数{}に、キーに使えない文字があります。"
    ),
    "{} refuses the key (HTTP {}): {}": "{}がキーを受け付けません(HTTP {}): {}",
    "{} knows no model {} or no such address (HTTP 404): {}": (
        "{}に、モデル{}がないか、アドレスが違います(HTTP 404): {}"
    ),
    "nothing answers at {}: {}": "{}が応答しません: {}",
    "{}: {} has no model {}; it has none.": "{}: {}に、モデル{}はありません。モデルが一つもありません。",
    "{}: {} has no model {}; it has {}.": "{}: {}に、モデル{}はありません。あるのは{}です。",
    "{}: no answer to {}: {}": "{}: {}への回答が得られませんでした: {}",
    "{} requests are planned, the budget is {}.": "{}件の要求が必要ですが、予算は{}件です。",
    "the judge takes {} of {} rows of known score rightly, at least {} are wanted. For instance under "
    "{}: {} -> {} got {}. {}": (
        "審査モデルが正しく採点したのは、点の分かっている{1}行のうち{0}行です({2}以上が必要)。"
        "たとえば{3}で、{4} -> {5}に{6}を付けました。{7}"
    ),
    "the judge takes {} of {} rows of known score rightly, at least {} are wanted. For instance under "
    "{}: {} -> {} got {}.": (
        "審査モデルが正しく採点したのは、点の分かっている{1}行のうち{0}行です({2}以上が必要)。"
        "たとえば{3}で、{4} -> {5}に{6}を付けました。"
    ),
    "the judge left more than {} of {} questions without a score ({} so far), the last one: {}: {}": (
        "審査モデルは、{1}問のうち{0}を超える質問に点を付けませんでした(これまでに{2})。最後のもの: {3}: {4}"
    ),
    "the generator failed too often: {} of {} requests.": "生成の失敗が多すぎます。{1}件の要求のうち: {0}",
    "the judge would take {} requests, the budget is {}.": "審査には{}件の要求が必要ですが、予算は{}件です。",
    "the judge would take about {} tokens, the budget is {}.": (
        "審査には約{}トークンが必要ですが、予算は{}トークンです。"
    ),
    "the judge would take {}, the budget is {}.": "審査には{}が必要ですが、予算は{}です。",
}
