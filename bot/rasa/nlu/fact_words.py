"""The words that make what customers say no fact, and those that tell whose it is and whether it lasts.

Patterns over a clause in lower case with straight quotes; how facts are told is learned (`fact_model.py`).
"""

import re

# What stands in quotation marks is somebody else's.
QUOTED = re.compile(r"\"[^\"]*\"|“[^”]*”|«[^»]*»|(?<!\w)'[^']{6,}'(?!\w)")
# A statement with a question right behind it: "I'm lactose intolerant what can I have".
THEN_ASKED = re.compile(
    r"(?i)^((?:(?:hi|hello|hey|so|ok|well)[ ,]+)*(?:i'm|im|i am|i have|i've got|i can't have|i don't (?:eat"
    r"|drink)|we're|my \w+ is)\b[^.?!,;]{4,60}?) "
    r"(?=(?:what|which|can (?:i|you|we)|could (?:i|you|we)|do you|is there|are there|any (?:suggestions?"
    r"|ideas?|recommendations?|tips))\b)"
)
# Where one clause ends and another begins.
SPLIT = re.compile(
    r"[.!?;\n]+|,\s*(?:and |but |so |because |cos |as |since )?|(?<!nothing)(?<!anything)(?<!\ball)\s+(?:but"
    r"|because|cos|so|although|though|while"
    r"|whereas)\s+|\s+and\s+(?=(?:i|i'm|im|i've|we|my|she|he|they|also|please|can|could|what|do|never|always|not"
    r"|no longer|hate|love|don't)\b)|\s+[-–—]+\s+|[()]"
)
# How a question begins; "can't stand it" begins like one.
QUESTION = re.compile(
    r"^(?:(?:so|and|but|hi|hey|hello|ok|okay|also|or) )*(?:since when|got any|do|does|did|is|are|am|was|were"
    r"|can|could|would|will"
    r"|should|what|which|who|why|how|when|where|have you|has|any chance|isn't|aren't|don't (?:i|you|we)|shall"
    r"|may)\b"
)
CANNOT = re.compile(
    r"(?:can't|cannot|cant|couldn't) (?:\w+ )?(?:stand|bear|abide|stomach|have|drink|eat|tolerate|do|digest"
    r"|take|live|go|start|function|get enough|resist|beat)\b"
)
# What may be, could be or was.
SUPPOSED = re.compile(
    r"\b(?:if|suppose|supposing|imagine|what if|in case|unless|pretend|let's say|(?<!i'd )say i|were i|wish|might|maybe"
    r"|perhaps|possibly|could be|probably|thinking (?:of|about)|considering|would (?:be|like|love|have|prefer"
    r"|hate)|i'd (?:be|have|try|prefer|love|like)\b(?! never)|used to|someday|one day|planning to|going to try"
    r"|trying to decide|not sure|don't know (?:if|whether)|as if|whether|next year)\b"
)
WONT = re.compile(r"\b(?:i'd|i would) never\b")
# A dislike denied is no liking.
NOT_MINDED = re.compile(
    r"\b(?:don't|dont|do not|didn't) (?:\w+ )?(?:mind|hate|dislike|care|know|remember|forget)\b(?! for)"
)
# What others say, unless it is said of oneself to have said it.
SAID = re.compile(
    r"\b(?:said|says|say|told|tells|claims?|claimed|wrote|writes|reckons?|thinks?|asked|according to|heard|read"
    r"|reads|people|everyone|everybody|nobody(?!'s | is | at | home| in)|someone|somebody|some guy"
    r"|the (?:barista|doctor|label|box|bag"
    r"|advert|review|article|website|guy|lady|man|woman|girl))\b"
)
I_SAID = re.compile(r"\b(?:i|we) (?:said|say|told you|think|reckon|guess|already said|mean|always say|can say)\b")
# What is not meant so.
JOKE = re.compile(
    r"\b(?:oh (?:great|sure|yeah|yes|wonderful|brilliant|fantastic|joy|lovely|how)|yeah,? right"
    r"|sure,? (?:because|cos|cause)|as if|just what i (?:needed|wanted)|my favourite thing|don't we all"
    r"|(?:in )?my (?:\w+ )?dreams|dream(?:s|ing)? (?:of|about)|(?:love"
    r"|loving|enjoy|adore) (?:it when|how|when|waiting|paying|being|getting|that you|the way you|drinking cold"
    r"|burnt|my (?:lukewarm|cold|late|wrong))|who doesn't|clearly|obviously|because who"
    r"|so much fun|not!|kidding|joking|jk|lol no|of course i)\b|/s\b|\bsure\b.*\bnot$"
)
COMPLAINED = re.compile(
    r"\b(?:cold|burnt|stale|late|wrong|lukewarm|broken|soggy|watery|overpriced|waiting|queueing|again)\b"
)
# Whose it is then.
GIFT = re.compile(
    r"\b(?:gift|present|for (?!my (?:birthday|anniversary|wedding)\b)(?:his|her|their|my|our|a) (?:\w+'s )?(?:birthday"
    r"|anniversary|wedding|wife|husband|mum|mom|dad|friend|boss|sister|brother|son|daughter|partner|mother|father|kid|kids|colleague|neighbour"
    r"|girlfriend|boyfriend|teacher|grandma|nan|gran)|secret santa|surprise for)\b"
)
# What holds for today.
NOW = re.compile(
    r"\b(?:today|tonight|this time|this once|just once|for once|just this|this morning|this afternoon"
    r"|this evening|this week|right now|for now|at the moment|for a change|just now|tomorrow|currently|until"
    r"|this one|with this order|in this one|on this one|just for|just had|these days only|only today|now and then"
    r"|in the mood|feel(?:ing)? like|i fancy|for this order|temporarily|while i|during)\b"
)
# "She": somebody spoken of before.
PRONOUN = re.compile(r"^(?:and |but |because |cos |as |since |so )*(?:she|he|they|her|his|their)(?:'s|'re)?\b")
# "Four cups a day".
CUPS = re.compile(
    r"\b(\d{1,2}|one|two|three|four|five|six|seven|eight|nine|ten)(?: or \w+| to \w+)? (?:\w+ )?(?:(?:cups?"
    r"|mugs?)(?: of \w+)?|coffees?"
    r"|espressos?|lattes?|flat whites?|cappuccinos?|americanos?|teas?|shots?) (?:(?:a|per|every|each) day|daily)\b"
)
