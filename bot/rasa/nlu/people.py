"""The people of whom customers speak: wives, bosses, neighbours, and what they are called."""

from __future__ import annotations

import re

_PEOPLE_LIST = """
    wife husband partner girlfriend boyfriend fiance fiancee mum mom mother dad father sister brother son
    daughter kid kids child children baby friend boss colleague neighbour neighbor flatmate roommate grandma
    grandmother grandpa grandfather aunt uncle cousin niece nephew guest guests team teacher mate nan gran
    granny hubby missus gf bf boy girl toddler parents grandparents grandson granddaughter housemate coworker
    assistant fiancée fiancé stepson stepdaughter nanna papa teenager twins godson goddaughter client intern
    customer visitor trainee secretary landlord landlady mummy daddy auntie buddy pal other
"""
NAMES = "|".join(_PEOPLE_LIST.split())
# Whom everybody calls so without a "my".
KIN = (
    r"(?:mum|mom|mummy|dad|daddy|mother|father|gran|granny|grandma|grandpa|nan|nanna|wife|husband|hubby|missus|boss"
    r"|flatmate|girlfriend|boyfriend|gf|bf)"
)
CALLED = {
    "gf": "girlfriend", "bf": "boyfriend", "hubby": "husband", "missus": "wife", "boy": "son", "girl": "daughter",
    "mate": "friend", "pal": "friend", "buddy": "friend", "nan": "grandma", "nanna": "grandma", "mom": "mum",
    "mother": "mum", "mummy": "mum", "father": "dad", "daddy": "dad", "intern": "colleague", "coworker": "colleague",
    "auntie": "aunt", "other": "partner",
}  # fmt: skip
SOMEBODY = re.compile(
    rf"\b(?:(?:my|our|his|her|their|one of (?:my|our)|the) )?(?:(?:best|old|dear|little|youngest|eldest|older|younger"
    rf"|new|late|poor|other|significant) )?(?:{NAMES})(?:-in-law)?\b(?! \w* ?to (?:beat|none))"
    rf"|\b(?:a|an) (?:{NAMES}) of (?:mine|ours)\b"
)
# Whom a clause is about, in one of the groups.
OTHER = re.compile(
    rf"\b(?:my|our|the|his|her|one of (?:my|our)) (?:\w+ )?({NAMES})(?:-in-law)?(?:'s)?\b"
    rf"|^(?:and |but |so )?({KIN})(?='s\b| (?:is|has|can't|cannot|doesn't|does not|hates?|loves?|likes?|prefers?|never"
    rf"|always|only|drinks?|takes?|won't|dislikes?|swears|adores|avoids|mustn't|finds?|thinks?|wants?)\b)"
    rf"|\b(?:a|an) ({NAMES}) of (?:mine|ours)\b"
)
