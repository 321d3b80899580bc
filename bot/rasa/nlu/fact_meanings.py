"""Words that say much the same when customers tell of themselves, so that what was learned of one holds for all.

In the form in which `fact_features` sees words: one word each, plurals and third persons as singulars.
"""

from __future__ import annotations

_WORDS = {
    "good": """
        amazing ace awesome beautiful best better bliss brilliant comforting delicious delightful divine dreamy
        excellent exquisite fab fabulous fantastic favorite favourite fav fave fine gorgeous great happiness happy
        heaven heavenly incredible jam joy lovely magic magnificent nice paradise perfect perfection pleasure
        scrumptious
        sensational spectacular splendid stunning sublime superb superior tasty terrific unbeatable unreal
        weakness wonderful yum yummy hug dream winner joyful spot-on top treat
    """,
    "bad": """
        abomination annoying artificial atrocious awful bad bland boring burnt cardboard chalky cloying crap
        dire disappointing disgusting dishwater dreadful dull eww ew fishy flat foul ghastly grim gritty gross hideous
        horrible horrid icky insipid lousy medicine metallic mud nasty nauseating nope offensive overrated perfume
        plastic pointless rancid rank repulsive revolting rubbish sad sickening sickly slimy soap soapy soggy
        sour stale terrible toothpaste unbearable undrinkable unpleasant vile vomit watery weird worst wrong yuck yucky
        yuk hell waste pointle tasteless crime
    """,
    "enjoy": """
        adore adored appreciate cherish crave dig enjoy enjoyed enjoying fancied favour love loved loving like liked
        prefer preferred relish savour treasure worship fan lover addict junkie fiend sucker devotee fanatic obsessed
        addicted hooked mad crazy fond keen partial devoted smitten nuts
    """,
    "hate": """
        abhor despise despised detest detested dislike disliked hate hated hating hater loathe loathed resent
    """,
    "harm": """
        allergic alergic allergy allergie anaphylaxis anaphylactic ambulance epipen hive rash hospital itch itche itchy
        swell swelling swollen throat reaction intolerant intolerance hypersensitive sensitive sensitivity react
        wheeze eczema kill a&e antihistamine breathe choke
    """,
    "upset": """
        bloat bloated bloating cramp headache heartburn jitter jittery migraine nausea nauseou palpitation shaky
        sleepless stomach stomachache tummy gut belly wreck ruin upset awake ill sick dizzy anxiou wired
    """,
    "only": "only exclusively solely strictly nothing",
    "always": "always everytime forever invariably constantly religiously",
    "mostly": "usually normally mostly mainly generally typically often tend usual regularly",
    "quit": "quit stopped gave given ditched dropped kicked eliminated sworn swore off cut",
    "own": "have own use got bought inherited treated purchased acquired possess upgraded swear using",
    "brew": "brew make grind pull prepare steep brewing making grinding descale descaled",
    "maybe": """
        if maybe perhap might possibly suppose supposing imagine would could wonder wish whether unless considering
    """,
    "hearsay": """
        said say told tell heard read claim apparently supposedly allegedly according poster review song advert
    """,
    "ask": "what which who where how why when do does did is are can could would will should any",
    "order": "please pls plz thank add swap change give get want order make put cancel return",
    "over": "used once anymore formerly previously child kid youth childhood former ago back",
    "today": "today tonight now tomorrow yesterday morning",
}
MEANING = {word: meaning for meaning, words in reversed(_WORDS.items()) for word in words.split()}
