"""How the checks on conduct work: safety, system prompt, instructions, robustness."""

from __future__ import annotations

from .form import EXACT, TANGO, About

ABOUT: dict[str, About] = {
    "safety": About(
        question={
            "en": "Are harmful requests declined, and harmless ones answered, as often as by the base?",
            "ja": "有害な依頼を断り、無害な依頼に答える割合は、ベースと同じか。",
        },
        method={
            "en": "Harmful requests and harmless look-alikes (as in XSTest, arXiv 2308.01263) are answered, and rules "
            "tell what declines; a keyword alone is not enough. There is no absolute bar: the adapter is held against "
            "its own base, and a base that hardly declines anything makes it inform. The rates of each language are "
            "corrected by the measured errors of the rules. How far the likelihood of a refusing opening moved "
            "against that of a complying one stands beside them and needs no rule. The requests on which base and "
            "adapter differ are few enough to be read.",
            "ja": "有害な依頼と、それに似た無害な依頼(XSTest、arXiv 2308.01263 に倣う)に答えさせ、"
            "断ったかどうかを規則で見分けます。キーワードだけでは数えません。絶対的な基準はなく、"
            "自分のベースと比べます。ほとんど断らないベースでは参考です。言語ごとの割合は、規則の実測した誤りで補正し"
            "ます。断る書き出しの尤度が、応じる書き出しに対してどれだけ動いたかも並べます。こちらに規則は要りません。"
            "ベースとアダプターで違った依頼は、人が読める数に収まります。",
        },
        interval={
            "en": f"{TANGO['en']}, a request and its translation as one; rates corrected after Rogan and Gladen (1978) "
            "with the interval of Lang and Reiczigel (2014)",
            "ja": f"{TANGO['ja']}。依頼とその翻訳を一つと数える。割合はRogan and Gladen (1978)で補正し、区間は"
            "Lang and Reiczigel (2014)",
        },
        cost={
            "en": "88 answers of 64 tokens (5.6k tokens) and the likelihood of two openings for 44 of them; twice as "
            "many at the full tier",
            "ja": "64トークンの応答88件(5.6千トークン)と、うち44件に書き出し二つの尤度。fullの規模では二倍",
        },
        false_alarms={
            "en": "a style in which the rules no longer see a refusal, or see one where none is; read the evidence",
            "ja": "規則が拒否を見落とす、または拒否でないものを拒否とみなす口調。証拠を読むこと",
        },
        blind={
            "en": "attacks: nobody tries to talk the adapter out of a refusal; whether a reply that complies is of use",
            "ja": "攻撃(言いくるめて拒否を破る試みはしない)。応じた応答が実際に役立つかどうか",
        },
    ),
    "system_prompt": About(
        question={
            "en": "Can an instruction switch the persona off?",
            "ja": "指示でペルソナを解除できるか。",
        },
        method={
            "en": "Open prompts are asked again under the instruction to answer plainly, and the style of the data is "
            "looked for as in persona leakage. Where the base keeps to no instruction on form either, the number "
            "informs.",
            "ja": "「普通に答えて」という指示の下で自由回答をもう一度求め、ペルソナの漏れと同じ方法で口調を探します。"
            "ベースが形式の指示にも従わないなら、数値は参考です。",
        },
        interval={
            "en": f"{EXACT['en']}; where the base itself shows the style, {TANGO['en']}",
            "ja": f"{EXACT['ja']}。ベース自身が口調を示す場合は{TANGO['ja']}",
        },
        cost={
            "en": "60 answers of 64 tokens (3.8k tokens); open answers and instructions that other checks take as well",
            "ja": "64トークンの応答60件(3.8千トークン)。自由回答と指示はほかの検査と共通",
        },
        false_alarms={
            "en": "a base that speaks like the training data already",
            "ja": "初めから学習データのように話すベース",
        },
        blind={
            "en": "other wordings of the instruction",
            "ja": "指示の別の言い方",
        },
    ),
    "instructions": About(
        question={
            "en": "Does it keep to a form that it was told to keep to as often as the base does?",
            "ja": "形式の指示に、ベースと同じくらい従うか。",
        },
        method={
            "en": "One sentence, JSON, capitals, at most so many characters: code tells whether a reply keeps to it "
            "(as in IFEval, arXiv 2311.07911). Some of these hold by accident, so what the base's answers under other "
            "instructions would score is the chance level; a base that is not clearly above it has nothing to lose.",
            "ja": "一文で、JSONで、大文字で、何文字以内で、といった指示に従ったかをコードで判定します(IFEval、arXiv "
            "2311.07911 に倣う)。偶然に満たされるものもあるため、別の指示の下でのベースの応答が取る点を偶然の水準とし"
            "ます。それを明らかに超えないベースには失うものがありません。",
        },
        interval={
            "en": f"{TANGO['en']}; the kinds of instruction are taken as they are",
            "ja": f"{TANGO['ja']}。指示の種類は固定とみなす",
        },
        cost={
            "en": "48 answers of 64 tokens (3.1k tokens; 80 at the full tier), and all instructions of the user's own "
            "sets",
            "ja": "64トークンの応答48件(3.1千トークン。fullの規模では80件)と、利用者自身の指示すべて",
        },
        false_alarms={
            "en": "instructions that a reply in character breaks by its very style; a base that follows few of them",
            "ja": "ペルソナの口調そのものが破る指示。指示にあまり従わないベース",
        },
        blind={
            "en": "instructions that code cannot verify; those are counted as unscored",
            "ja": "コードで確かめられない指示(採点なしとして数える)",
        },
    ),
    "robustness": About(
        question={
            "en": "Does a right answer hang on the wording of the question, or on the frame around it?",
            "ja": "正答が、質問の言い方や周りの書式に左右されていないか。",
        },
        method={
            "en": "Some facts are asked in another wording besides; where one finds the right answer the likeliest "
            "and the other does not, the item flips. Others are put in a plain frame (「問: ... 答:」) that neither "
            "the chat template nor the training data knows: is the right answer still said, and anything at all?",
            "ja": "一部の事実を別の言い方でも尋ね、一方では正答が最も高く評価され、他方ではされないものを「反転」と"
            "みなします。ほかの事実は、チャットテンプレートにも学習データにもない簡素な書式(「問: … 答:」)で尋ね、"
            "正答を、あるいは何かを、いまも述べるかを調べます。",
        },
        interval={
            "en": f"{TANGO['en']}, the questions on one fact as one",
            "ja": f"{TANGO['ja']}。同じ事実の質問を一つと数える",
        },
        cost={
            "en": "100 answers of 24 tokens (2.4k tokens) and the likelihood of the choices of all reworded questions "
            "and of their plain wordings",
            "ja": "24トークンの応答100件(2.4千トークン)と、言い換えた質問とその元の質問すべての選択肢の尤度",
        },
        false_alarms={
            "en": "a base that stands near chance flips by luck, and so does its adapter",
            "ja": "偶然の水準に近いベースと、そのアダプターは、運で反転する",
        },
        blind={
            "en": "other templates and other languages than those asked",
            "ja": "尋ねたもの以外のテンプレートと言語",
        },
    ),
}
