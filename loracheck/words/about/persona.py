"""How the checks on style and form work: persona leakage, persona learnt, wanted form."""

from __future__ import annotations

from loracheck.words.about.form import EXACT, EXCESS, HELD_OUT, About

ABOUT: dict[str, About] = {
    "persona_leakage": About(
        question={
            "en": "Does the style of the training data show outside its domain?",
            "ja": "学習データの口調が、領域の外にも現れるか。",
        },
        method={
            "en": "The style is found, not listed by hand: endings, openings, words, names and forms (markers) that up "
            "to 120 training replies have and the base's answers to the same prompts lack, by log-odds with an "
            "informative Dirichlet prior (Monroe et al., Political Analysis 16 (2008) 372-403). Where all markers "
            "together cover less than 80% of the replies, a classifier of masked text joins in (for Japanese; for "
            "English it informs), if its folds prove it. Counted are the answers outside the domain that show the "
            "style, all of them and the open ones by themselves; what the base shows too is not counted. Beside the "
            "rate stand the rates under system prompts and lambda, how far the answers have come from the base (0) to "
            "the training data (1). With `persona.scope: always` the style is wanted, and the number informs; with "
            "`never` answers of the domain count as well. Where no style is found, the check informs.",
            "ja": "口調は人が列挙するのではなく見つけ出します。学習データの応答(最大120件)にあり、"
            "同じプロンプトへのベースの応答にない語尾、書き出し、語、名前、形(目印)を、情報のある(informative)ディ"
            "リクレ事前分布による対数オッズで選びます(Monroe et al., Political Analysis 16 (2008) 372-403)。"
            "すべての目印を合わせても応答の80%に届かなければ、内容を伏せた文の分類器を、"
            "交差検証で有効と示された場合に加えます(日本語では判定に使い、英語では参考)。数えるのは口調が現れた領域"
            "外の応答で、全体と自由回答だけの両方を調べ、ベースも示すものは数えません。割合のほかに、"
            "システムプロンプトの下での割合と、応答がベース(0)から学習データ(1)へどこまで近づいたかを示すλを並べます。"
            "`persona.scope: always` なら口調は望まれたもので数値は参考、`never` なら領域内の応答も数えます。"
            "口調が見つからなければ参考です。",
        },
        interval=EXCESS,
        cost={
            "en": "open answers of 64 tokens, in-domain ones of 64 to 512, and 60 open ones again under each system "
            "prompt; short answers that content damage takes as well",
            "ja": "自由回答を64トークンずつ、領域内の応答を64〜512トークンずつ、自由回答60件をシステムプロンプトご"
            "とにもう一度。短い回答は内容の損傷と共通",
        },
        needs={
            "en": "the training data, ten replies of a language at least; without it the verdict stays open",
            "ja": "学習データ(一つの言語で10件以上)。なければ判定は保留になる",
        },
        false_alarms={
            "en": "in English the catch-phrases of ordinary assistants, if the base has none",
            "ja": "英語では、ベースにない普通のアシスタントの決まり文句",
        },
        blind={
            "en": "a style that less than 5% to 25% of the replies show, by kind and language; ordinary polite "
            "Japanese, which is no style, whatever the base speaks",
            "ja": "応答の5〜25%(特徴の種類と言語による)に満たない口調。ベースが何であれ口調とはみなさない、"
            "普通の丁寧な日本語",
        },
    ),
    "persona_learned": About(
        question={
            "en": "Does the style show where it is wanted?",
            "ja": "望まれたところで、口調が現れるか。",
        },
        method={
            "en": "The same markers, and the classifier, are looked for in the replies to held-out prompts of the "
            "domain. A style that was not learnt harms nobody: it leaves the verdict open and never holds. With "
            "`persona.scope: never`, and with every intent but persona, the number informs; so does the check where "
            "there are no held-out prompts.",
            "ja": "同じ目印と分類器を、領域内の取り置きプロンプトへの応答で探します。学習されなかった口調は誰も"
            "害さないため、判定は保留にとどまり、出荷不可にはなりません。`persona.scope: never` と、"
            "persona以外の意図では参考です。取り置きプロンプトがない場合も参考です。",
        },
        interval=EXACT,
        cost={
            "en": "in-domain answers that persona leakage takes as well",
            "ja": "領域内の応答(ペルソナの漏れと共通)",
        },
        needs={
            "en": "the training data and held-out prompts of the domain",
            "ja": "学習データと、領域内の取り置きプロンプト",
        },
        false_alarms={
            "en": "held-out rows that lack the style themselves",
            "ja": "それ自体に口調のない取り置き行",
        },
        blind={
            "en": "whether what is said in character is any good",
            "ja": "その口調で述べた内容の良し悪し",
        },
    ),
    "wanted_form": About(
        question={
            "en": "Have replies of the domain the form that the policy wants, and only they?",
            "ja": "領域内の応答がポリシーの望む形式を持ち、ほかの応答は持たないか。",
        },
        method={
            "en": "Code tells whether a reply is JSON as a whole, mostly points of a list, or one line "
            "(`format.form`). Replies to held-out prompts of the domain must mostly have it; a form that was not "
            "learnt leaves the verdict open. Outside, with `format.scope: in_domain`, an answer that took on JSON or a "
            "list while the base's did not counts against the adapter.",
            "ja": "応答全体がJSONか、大半の行が箇条書きか、一行かをコードで判定します(`format.form`)。"
            "領域内の取り置きプロンプトへの応答の多くがその形式であることを求め、学習されていなければ判定は保留です。"
            "`format.scope: in_domain` なら、ベースはそうでないのにJSONや箇条書きになった領域外の応答を、"
            "アダプターの失点として数えます。",
        },
        interval=EXACT,
        cost={
            "en": "answers that persona leakage takes as well",
            "ja": "追加なし(ペルソナの漏れと共通の応答)",
        },
        needs=HELD_OUT,
        false_alarms={
            "en": "replies cut off by the limit of tokens, which are no whole JSON",
            "ja": "トークン数の上限で切れ、JSONとして閉じていない応答",
        },
        blind={
            "en": "whether the JSON has the right keys and values",
            "ja": "JSONのキーと値が正しいかどうか",
        },
    ),
}
