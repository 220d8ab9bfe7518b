"""How the checks on the surface of answers work: loops, missing stop, empty answers, language, unknown words."""

from __future__ import annotations

from loracheck.words.about.form import EXACT, NOTHING_MORE, TAKEN_ALREADY, TANGO, About

ABOUT: dict[str, About] = {
    "loops": About(
        question={
            "en": "Do answers outside the domain repeat themselves more often than the base's?",
            "ja": "領域外の応答が、ベースより頻繁に同じことを繰り返していないか。",
        },
        method={
            "en": "An answer loops when it ends in at least three repeats of one piece that make up 15% of it (and 12 "
            "characters), or when more than half of its stretches of eight characters occur more than once: a reply "
            "that is given twice over loops, too, and one that counts on and on. All answers outside the domain are "
            "tested, and the open ones by themselves, as short ones would hide them.",
            "ja": "同じ断片の三回以上の繰り返しで終わり、それが応答の15%以上(かつ12文字以上)を占めるもの、"
            "または8文字の並びの過半が二回以上現れるもの(同じ文章を二度書いた応答や、数を数え続ける応答も含む)を繰り返しとみなします。"
            "領域外のすべての応答と、短い回答に埋もれないよう自由回答だけの両方を調べます。",
        },
        interval=TANGO,
        cost=TAKEN_ALREADY,
        needs=NOTHING_MORE,
        false_alarms={
            "en": "prompts that ask for a list of like items",
            "ja": "似た項目の列挙を求めるプロンプト",
        },
        blind={
            "en": "loops that begin beyond the limit of tokens; the same thing said again in other words; replies of "
            "the domain, where missing stop sees those that never end",
            "ja": "トークン数の上限より後に始まる繰り返し。言い換えながらの繰り返し。領域内の応答(終わらないものは「"
            "終わらない応答」が見つける)",
        },
    ),
    "missing_stop": About(
        question={
            "en": "Do replies of the domain end?",
            "ja": "領域内の応答は終わるか。",
        },
        method={
            "en": "Held-out prompts of the domain are answered with room for one and a half times a long reply of "
            "the data, 512 tokens at most; one that does not end by a stop token within it counts. The training "
            "data is the standard, not the base: an untuned base rarely stops by itself. Where a quarter or more of "
            "the endless replies are the base's word for word, the adapter is never held for it: what would fail "
            "stays open. Held-out replies too long for the room are left out, which the report says.",
            "ja": "領域内の取り置きプロンプトに、データの長い応答の1.5倍(最大512トークン)の余地を与えて答えさせ、"
            "停止トークンで終わらないものを数えます。調整していないベースはめったに自分では止まらないため、"
            "基準はベースではなく学習データです。終わらない応答の四分の一以上がベースと一字一句同じなら、"
            "不合格になる場合でも保留にとどめます。余地より長い取り置き行の応答は除き、レポートにその旨を示します。",
        },
        interval=EXACT,
        cost={
            "en": "in-domain answers that persona leakage takes as well; without held-out rows 60 training prompts",
            "ja": "領域内の応答(ペルソナの漏れと共通)。取り置き行がなければ学習プロンプト60件",
        },
        needs={
            "en": "held-out prompts of the domain, or the training data; without either the verdict stays open",
            "ja": "領域内の取り置きプロンプトか学習データ。どちらもなければ判定は保留になる",
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
            "en": "An answer says nothing that has no letter or digit, or hardly any among signs; of which more "
            "than a tenth is broken characters; or that is the question again. All answers are tested, and the open "
            "ones by themselves.",
            "ja": "文字も数字もないか、記号に紛れてほとんどない応答、一割超が壊れた文字の応答、質問をそのまま返した応"
            "答を、何も述べていないとみなします。すべての応答と、自由回答だけの両方を調べます。",
        },
        interval=TANGO,
        cost=TAKEN_ALREADY,
        needs=NOTHING_MORE,
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
            "en": "Is an answer outside the domain in the language of its question?",
            "ja": "領域外の応答は質問と同じ言語か。",
        },
        method={
            "en": "Sentences tell, long and short: more than a third of the answer, by letters, stands in sentences "
            "that are plainly prose of another language, by their endings, small words or script. Of other answers the "
            "script tells: to a Japanese question less than 5% kana, to an English one less than half Latin letters; "
            "there lists of names and answers of 30 letters or fewer are left aside. Code and addresses never count. "
            "Paired with the base, as some prompts ask for another language. Of 9,000 answers and texts of people and "
            "models in their own language one counts.",
            "ja": "長短を問わず文で判定します。文末、機能語、文字の種類から明らかに別の言語とわかる文が、"
            "文字数で応答の三分の一を超えれば、言語が替わったとみなします。ほかの応答は文字の種類で判定し、"
            "日本語の質問への応答で仮名が文字の5%未満、英語の質問への応答でラテン文字が半分未満のものを数えます"
            "(こちらでは名前の列挙と30文字以下の応答を除きます)。コードとアドレスは数えません。"
            "別の言語を求めるプロンプトもあるため、ベースと対にして比べます。"
            "人とモデルが本来の言語で書いた応答や文章9,000件のうち、誤って数えたのは1件でした。",
        },
        interval=TANGO,
        cost=TAKEN_ALREADY,
        needs=NOTHING_MORE,
        false_alarms={
            "en": "long foreign titles, and prompts that ask for another language",
            "ja": "外国語の長い題名と、別の言語を求めるプロンプト",
        },
        blind={
            "en": "single words and names of another language; languages in Latin letters other than English, French, "
            "German, Spanish, Italian, Portuguese, Dutch and Japanese; replies of the domain",
            "ja": "別の言語の単語や名前だけの応答。ラテン文字の言語では、英仏独西伊葡蘭とローマ字の日本語以外への切り替"
            "わり。領域内の応答",
        },
    ),
    "unknown_words": About(
        question={
            "en": "Does it write words that do not exist, such as 「ラクーダ」?",
            "ja": "「ラクーダ」のような、存在しない語を書いていないか。",
        },
        method={
            "en": "Katakana words and Latin words that neither the base says anywhere nor any probe or training reply "
            "asked for holds, in any inflection, count where they are one or two edits from a word of the question or, "
            "for katakana, of the training data. Both arms are read so, each against the other. Besides, for the "
            "adapter alone, the base scores the open answers that hold a word it does not use: one whose pieces after "
            "the first have a log-likelihood below -12 nats together is spelt as no word is. 4% of 120 role-play texts "
            "and none of 40 Japanese answers of a large model hold such a word; with each longer word misspelt by one "
            "letter 100% and 48% do, so half of such Japanese answers pass unseen.",
            "ja": "ベースがどこでも使わず、プローブや尋ねた学習データの応答にも(活用形を含めて)ないカタカナ語とラテ"
            "ン文字の語のうち、質問の語、カタカナなら学習データの語からも、一、二文字の違いしかないものを数えます。"
            "ベースとアダプターを互いに照らして同じ規則で読みます。さらにアダプターについてだけ、"
            "ベースの使わない語を含む自由回答をベースに採点させ、2つ目以降のトークンの対数尤度の合計が−12ナ"
            "ットを下回る語は、存在しないつづりとみなします。人とモデルが書いたロールプレイ120件の4%、"
            "大規模モデルの日本語の応答40件の0%がそのような語を含み、長い語を一文字ずつ誤らせると100%と48%になります。"
            "つまり日本語では、そのような応答の半分を見逃します。",
        },
        interval=TANGO,
        cost={
            "en": "answers that other checks take as well; the base scores the open ones with a word it does not use",
            "ja": "応答はほかの検査と共通。ベースの使わない語を含む自由回答をベースが採点",
        },
        needs={
            "en": "answers; the spelling needs a base that gives likelihoods, and is left out without",
            "ja": "応答。つづりの判定にはベースの尤度が要り、得られなければ省く",
        },
        false_alarms={
            "en": "rare real words one letter from a word of the question, if the base happens not to say them; names "
            "made up on purpose",
            "ja": "質問の語と一文字違いの珍しい実在語(ベースがたまたま使わなかったもの)。わざと作られた名前",
        },
        blind={
            "en": "words in kanji or hiragana; short ones; real words used wrongly; replies of the domain",
            "ja": "漢字やひらがなの語、短い語、誤って使われた実在語。領域内の応答",
        },
    ),
}
