"""How the checks on the surface of answers work: loops, missing stop, empty answers, language, unknown words."""

from __future__ import annotations

from .form import EXACT, TAKEN_ALREADY, TANGO, About

ABOUT: dict[str, About] = {
    "loops": About(
        question={
            "en": "Do answers repeat themselves more often than the base's?",
            "ja": "応答が、ベースより頻繁に同じことを繰り返していないか。",
        },
        method={
            "en": "An answer loops when it ends in at least three repeats of one piece that make up a good part of "
            "it, or when most of its stretches of eight characters have come before. All answers outside the domain "
            "are tested, and the open ones by themselves, as short ones would hide them.",
            "ja": "同じ断片の三回以上の繰り返しで終わり、それが応答のかなりの部分を占めるもの、"
            "または8文字の並びの大半が既出のものを繰り返しとみなします。領域外のすべての応答と、"
            "短い回答に埋もれないよう自由回答だけの両方を調べます。",
        },
        interval=TANGO,
        cost=TAKEN_ALREADY,
        false_alarms={
            "en": "prompts that ask for a list of like items",
            "ja": "似た項目の列挙を求めるプロンプト",
        },
        blind={
            "en": "loops that begin beyond the limit of tokens, and the same thing said again in other words",
            "ja": "トークン数の上限より後に始まる繰り返しと、言い換えながらの繰り返し",
        },
    ),
    "missing_stop": About(
        question={
            "en": "Do replies of the domain end?",
            "ja": "領域内の応答は終わるか。",
        },
        method={
            "en": "Held-out prompts of the domain are answered with room for replies like those of the data; one that "
            "does not end by a stop token within it counts. The training data is the standard, not the base: an "
            "untuned base rarely stops by itself. Where a quarter of the endless replies are the base's word for "
            "word, the adapter is not held, and does not pass either. Held-out replies too long for the room are "
            "left out and said.",
            "ja": "領域内の取り置きプロンプトに、データの応答と同じくらいの長さの余地を与えて答えさせ、"
            "終了トークンで終わらないものを数えます。調整していないベースはめったに自分では止まらないため、"
            "基準はベースではなく学習データです。終わらない応答の四分の一がベースと一字一句同じなら、出荷不可にはせず、"
            "合格にもしません。余地より長い取り置きの応答は除き、その旨を示します。",
        },
        interval=EXACT,
        cost={
            "en": "in-domain answers that persona leakage takes as well; without held-out rows 60 training prompts",
            "ja": "領域内の応答(ペルソナの漏れと共通)。取り置きの行がなければ学習プロンプト60件",
        },
        false_alarms={
            "en": "replies that are rightly far longer than those of the data",
            "ja": "データの応答よりはるかに長くて正しい応答",
        },
        blind={
            "en": "replies outside the domain; a served model that does not say why an answer ended",
            "ja": "領域外の応答。終わった理由を返さない提供中のモデル",
        },
    ),
    "empty_answers": About(
        question={
            "en": "Does it say nothing more often than the base?",
            "ja": "何も述べない応答が、ベースより多くないか。",
        },
        method={
            "en": "An answer without any letter or digit says nothing. All answers are tested, and the open ones by "
            "themselves.",
            "ja": "文字も数字もない応答を、何も述べていないとみなします。すべての応答と、自由回答だけの両方を調べま"
            "す。",
        },
        interval=TANGO,
        cost=TAKEN_ALREADY,
        false_alarms={
            "en": "none but questions that want no answer",
            "ja": "答えを求めない質問のほかにはなし",
        },
        blind={
            "en": "answers that have letters and say nothing all the same",
            "ja": "文字はあっても何も述べていない応答",
        },
    ),
    "language_switch": About(
        question={
            "en": "Is an answer in the language of its question?",
            "ja": "応答は質問と同じ言語か。",
        },
        method={
            "en": "The script of the letters tells: to a Japanese question less than 5% kana, to an English one less "
            "than half Latin letters. Code, addresses, lists of names and answers of 30 letters or fewer are left "
            "aside. Paired with the base, as some prompts ask for another language.",
            "ja": "文字の種類で判定します。日本語の質問に仮名が5%未満、英語の質問にラテン文字が半分未満なら、"
            "言語が替わったとみなします。コード、アドレス、名前の列挙、30文字以下の応答は除きます。"
            "別の言語を求めるプロンプトもあるため、ベースと対にして比べます。",
        },
        interval=TANGO,
        cost=TAKEN_ALREADY,
        false_alarms={
            "en": "long foreign titles, and prompts that ask for another language",
            "ja": "外国語の長い題名と、別の言語を求めるプロンプト",
        },
        blind={
            "en": "a change within one script, such as English to French",
            "ja": "英語からフランス語のような、同じ文字の中での切り替わり",
        },
    ),
    "unknown_words": About(
        question={
            "en": "Does it write words that do not exist, such as 「ラクーダ」?",
            "ja": "「ラクーダ」のような、存在しない語を書いていないか。",
        },
        method={
            "en": "Katakana words and Latin words that neither the base says anywhere nor any probe or training reply "
            "holds, in any inflection, count where they are one or two edits from a word of the question or, for "
            "katakana, of the training data. Both arms are read so, each against the other. Besides, the base scores "
            "the open answers that hold a word it does not use: one whose pieces after the first are unlikely (12 "
            "nats together) is spelt as no word is. Of 120 role-play texts 4% hold such a one, of 40 Japanese answers "
            "of a large model none; with longer words misspelt in one letter 100% and 48%.",
            "ja": "ベースがどこでも使わず、プローブや学習データの応答にも(活用形を含めて)ないカタカナ語とラテン文字の"
            "語のうち、質問の語、カタカナなら学習データの語からも、一、二文字の違いしかないものを数えます。"
            "両方のモデルを互いに照らして同じ規則で読みます。さらに、ベースの使わない語を含む自由回答をベースに採点さ"
            "せ、二つ目以降の断片が合わせて12ナット分ありそうにない語は、存在しないつづりとみなします。"
            "そのような語を含むのは、人とモデルが書いたロールプレイ120件の4%、大規模モデルの日本語の応答40件の0%で、"
            "長い語を一文字ずつ誤らせると100%と48%になります。",
        },
        interval=TANGO,
        cost={
            "en": "answers that other checks take as well; the base scores the open ones with a word it does not use",
            "ja": "応答はほかの検査と共通。ベースの使わない語を含む自由回答をベースが採点",
        },
        false_alarms={
            "en": "rare real words a letter from one of the question, which the base says too; names made up on "
            "purpose",
            "ja": "質問の語と一文字違いの珍しい実在語(ベースも述べる)。わざと作られた名前",
        },
        blind={
            "en": "words in kanji or hiragana; short ones; real words used wrongly; where the base does not run here, "
            "all but the near misses",
            "ja": "漢字やひらがなの語、短い語、誤って使われた実在語。ベースがここで動かなければ、"
            "わずかな違いのもの以外すべて",
        },
    ),
}
