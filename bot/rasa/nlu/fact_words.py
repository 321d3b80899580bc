"""The words by which customers tell of themselves, and those that make what they say no fact.

Patterns over a clause in lower case with straight quotes; the values are in `fact_values.py`.
"""

import re

from bot.rasa.nlu.fact_values import WEEKDAYS

_PEOPLE_LIST = """
    wife husband partner girlfriend boyfriend fiance fiancee mum mom mother dad father sister brother son
    daughter kid kids child children baby friend boss colleague neighbour neighbor flatmate roommate grandma
    grandmother grandpa grandfather aunt uncle cousin niece nephew guest guests team teacher mate nan gran
    granny hubby missus gf bf boy girl toddler parents grandparents grandson granddaughter housemate coworker
    assistant fiancée fiancé stepson stepdaughter nanna papa teenager twins godson goddaughter
"""
_PEOPLE = _PEOPLE_LIST.split()
# Whom everybody calls so without a "my".
_KIN = r"(?:mum|mom|mummy|dad|daddy|mother|father|gran|granny|grandma|grandpa|nan|nanna)"
CALLED = {"gf": "girlfriend", "bf": "boyfriend", "hubby": "husband", "missus": "wife", "boy": "son", "girl": "daughter"}

_I = r"(?:i|we|me)"
_ADVERBS = (
    r"(?:really|just|also|actually|honestly|quite|absolutely|simply|truly|so|still|generally|mostly|usually|normally"
    r"|kind of|kinda|sort of|personally|totally|much|very|only ever|rather|now|all)"
)
_ADV = rf"(?:{_ADVERBS} )*"
_LIKED_THING = (
    r"(?:(?:is|are|'s|'re|ha(?:s|ve)\s+been) (?:just |simply |pure |absolute |always |really |definitely "
    r"|by far |still )*"
    r"(?:heaven|heavenly|life|bliss|divine|delicious|gorgeous|unbeatable|amazing|fantastic|wonderful|brilliant|superb"
    r"|the dream|the only (?:\w+ ){0,3}(?:i|we) (?:\w+ )?(?:like|enjoy|love|drink|buy|want|take|use|have)"
    r"|the best (?:\w+ ){0,2}i(?:'ve| have)?|the (?:\w+ )?one for me|(?:the )?(?:\w+ )?(?:milk|drink|coffee"
    r"|bean|beans"
    r"|syrup|roast|one) for me|where it's at|hard to beat|what i (?:like|love|prefer|enjoy|always|usually)"
    r"|the way to go"
    r"|(?:my|our) (?:\w+ )?(?:weakness|comfort|poison|preference|choice|pick|fave|fav|first choice|staple|jam"
    r"|standard"
    r"|regular|default|obsession|passion|happy place|comfort drink|guilty pleasure|thing|love|(?:milk|drink"
    r"|coffee|syrup) of choice))\b"
    r"|(?:suits?|suited) (?:me|us|my taste|our taste)\b|hits? the spot\b|works? (?:best|well) for me\b"
    r"|makes? (?:me happy|my day|my morning|my week)\b|appeals? to me\b|float my boat\b|(?:does|do) it for me\b"
    r"|is to my taste\b|(?:nothing|can't|cannot|you can't) (?:beats?|top)\b|never gets old\b|tastes? (?:best"
    r"|great|like heaven)\b"
    r"|(?:my|a|the) (?:weakness|soft spot|sweet spot) (?:is|for)\b|(?:the )?[\w ]+ (?:drinker|person|addict"
    r"|fiend|fanatic"
    r"|lover|junkie|nut|girl|guy|man|woman|household|family)$"
    r"|(?:my|our) (?:\w+ )?(?:preference|choice|pick|poison|staple|fave|weakness|(?:drink|coffee|milk"
    r"|order) of choice)"
    r" (?:is|are|has been|would be|'s|tends to be)\b)"
)
_LIKES = (
    r"swear by|(?:could )?live (?:on|off)|run on|always reach for|reach for|lean towards?"
    r"|gravitate to(?:wards)?|am all about|'m all about"
    r"|stick to|stick with|opt for|go for|favou?r|keen on|big on|hooked on|drawn to|fell (?:in love with|for)"
    r"|fall for"
    r"|(?:have|'ve got|got|'ve) (?:a )?(?:real |big |huge |massive )?(?:sweet tooth|soft spot|weakness|thing"
    r"|preference|passion|taste) for"
    r"|(?:am |'m )?(?:a )?(?:real |total |big |huge |complete |proper )?(?:sucker|fiend) for|am keen on"
    r"|'m keen on|like best"
    r"|can't (?:do|start (?:the|my) day|function|get through [\w ]+) without|couldn't (?:live|do|manage) without"
    r"|can't resist|can never resist|never tire of|never get tired of|never say no to|rate|can't beat|dig"
    r"|am into|'m into"
    r"|love|really like|like"
)
LIKE = re.compile(
    rf"\b{_I}(?:'m|'ve| am| have| are|'re)? {_ADV}(?:love|loved|like|adore|enjoy|prefer|fond of|into|mad about"
    rf"|crazy about|obsessed with|addicted to|(?:a )?(?:big |huge |massive )?(?:fan|lover) of|more of an?"
    rf"|partial to|can't get enough of|cant get enough of|could drink|can't live without|cant live without"
    rf"|switched to|gone over to|moved to|become an?|enjoying)\b"
    rf"|^(?:an? )?(?:(?:big|huge|massive|total|real|complete|absolute|proper|lifelong) )*(?:fan|sucker|fiend"
    rf"|lover) (?:of|for)\b|^(?:love|loved|loving|prefer|adore)\b|\bremember (?:that )?i (?:take|drink|have)\b"
    rf"|\b(?:grew|grown|came|come) to (?:love|like)\b|\b(?:is|are) (?:my"
    rf"|our) (?:favou?rites?|thing|go-?to|number one|jam)\b|\bmy (?:all time )?favou?rites?\b|\b(?:is"
    rf"|are) the best\b|^{_ADV}(?:i )?(?:drink|have|take|get|order|go for|grab) (?:an? |the )?(?=.*\b(?:every"
    rf"|each|most) (?:day|morning|week|time|evening)|.*\b(?:usually|normally)\b)"
    rf"|\b{_I} (?:usually|normally|mostly|mainly|generally|tend to) (?:drink|have|take|get|order|go for|buy|use"
    rf"|brew)\b|\b(?:mostly|usually|normally|mainly) {_I} (?:drink|have|take|get|order|go for|buy)\b"
    rf"|\b{_I} drink\b|\b{_LIKED_THING}|\b{_I} {_ADV}(?:{_LIKES})\b"
    rf"|^(?:an? )?[\w' -]+ every (?:single )?(?:day|morning|afternoon|evening|night|time)\b(?!.*\b(?:please"
    rf"|send|order)\b)"
    rf"|\b(?:i|we)(?:'ve| have) {_ADV}always (?:loved|liked|preferred|enjoyed|been (?:a|an|into|fond|keen))\b"
    rf"|\b(?:i|we)(?:'ll| will|'d| would)? (?:go for|choose|pick|take|have) [\w ]+ (?:over|any day|every time)\b"
    rf"|\b(?:as a rule|by default|my default|out of habit)\b|\b{_I} keep coming back to\b|\bwon (?:me"
    rf"|us) over\b|\bmy usual\b|\bthe way {_I} like\b"
)
DISLIKE = re.compile(
    rf"\b{_I} {_ADV}(?:don't|dont|do not|didn't|never|no longer) {_ADV}(?:like|love|enjoy|fancy|care for"
    rf"|care much for|want(?! to\b))\b|\b{_I} {_ADV}(?:hate|dislike|detest|loathe|despise|can't stand|cant stand"
    rf"|cannot stand|can't bear|can't abide)\b"
    rf"|\b(?:i'm|im|i am|we're|we are) {_ADV}not (?:a |an |much of a |much of an |really |that |too |so "
    rf"|very )*(?:\w+ )?(?:fan of|into|keen on|fond of|crazy about|person|drinker|lover)\b|^not (?:a |much of a "
    rf"|really a |my )?(?:fan of|into|keen on|thing)\b"
    rf"|\b(?:isn't|aren't|is not|are not|not) (?:really )?(?:for me|my (?:thing|cup of tea|favou?rite|jam))\b"
    rf"|\b(?:gone|went) off\b|\b(?:i'm|im|i am) (?:sick|tired|bored) of\b|\b(?:is|are|tastes?) (?:just |so "
    rf"|really |too )?(?:disgusting|gross|awful|horrible|vile|yuck|yucky)\b|\bnot a fan\b|^(?:hate|can't stand"
    rf"|cant stand)\b|\b(?:turns?|puts?) me off\b|\bmakes? me (?:gag|heave|shudder|retch|wince|want to (?:puke"
    rf"|vomit|gag))\b"
    rf"|\bturns my stomach\b|\btastes? (?:just |a bit |too much )?(?:like|of) (?!heaven|home|more|christmas"
    rf"|summer|a dream)\w+"
    rf"|\b(?:is|are|'s) (?:just |so |way |far |really |always |a bit |much )*too (?:sweet|bitter|sour|strong"
    rf"|weak|much|rich|heavy|milky"
    rf"|acidic|dark|light) for (?:me|us|my taste|my liking)\b|\bnot to my (?:taste|liking)\b|\bno fan of\b"
    rf"|\b(?:could|can) (?:happily |easily )?do without\b|\b(?:do|does)(?: nothing|n't do (?:it|anything"
    rf"|much)) for me\b"
    rf"|\b{_I}(?:'ve| have)? {_ADV}(?:never|not|can't|cannot|couldn't|don't|didn't"
    rf"|haven't ever) {_ADV}(?:ever )?(?:liked|loved|enjoyed"
    rf"|got on with|gotten on with|get on with|got the appeal|get the appeal|see the (?:point|appeal)"
    rf"|understood|been (?:a |an )?"
    rf"(?:\w+ )?(?:fan|keen|into|fond|person)|warm(?:ed)? to|get into|go for|rate|appreciate|abide|bear|stand"
    rf"|stomach|take to)\b"
    rf"|\b(?:i'd|i would|we'd) rather not\b|\b(?:i|we) wouldn't touch\b|\bkeep [\w ]+ away from me\b"
    rf"|\b{_I} find [\w' ]+ (?:disgusting|gross|awful|horrible|vile|revolting|unpleasant|undrinkable|sickly"
    rf"|too \w+|boring|bitter)\b"
    rf"|\b(?:is|are) (?:just |simply |absolutely |frankly |truly )*(?:revolting|undrinkable|foul|nasty"
    rf"|repulsive|yuk|rank|the worst|overrated"
    rf"|wasted on me|my idea of hell|not my (?:\w+ )?\w+)\b|^(?:yuck|yuk|disgusting|gross|vile|revolting"
    rf"|horrible|awful|foul|eww?)\b"
    rf"|\b(?:i'm|im|i am) over\b|\bno time for\b|\b(?:isn't|aren't|ain't|is not|are not) (?:\w+ ){{0,2}}(?:my"
    rf"|for me|to my)\b|\bcut(?:ting)? (?:down|back) on\b"
)
MUST = re.compile(
    rf"\b{_I} {_ADV}always (?:\w+ )?|\balways (?:have|take|drink|order|get|want|use|go for|choose|buy|pick)\b"
    rf"|\bfor me (?:it's )?always\b|\b{_I} {_ADV}(?:only|exclusively) (?:ever )?(?:drink|have|take|eat|buy|order"
    rf"|use|get|do)\b|\b{_I} (?:must|need to|have to) (?:always )?have\b|\b(?:has|have|got) to be\b|\bmust be\b"
    rf"|\b{_I} (?:take|drink|have|like) (?:my|our) (?:coffee|coffees|tea|espresso|latte|flat white)\b"
    rf"|\b{_I} {_ADV}(?:buy|drink|take|use|have|eat|order|get|want|do) [\w' -]+ only\b|^[\w' -]+ only for (?:me|us)\b"
    rf"|^only (?:ever )?[\w' -]+ for (?:me|us)\b|\b{_I} (?:can|may|am allowed to|'m allowed to) only (?:have"
    rf"|drink|eat|take)\b"
    rf"|\b{_I} insist on\b|\bnon-negotiable\b|\bwithout fail\b|\b{_I} {_ADV}(?:will|'ll|would) only (?:have"
    rf"|drink|eat|take)\b"
    rf"|\bor nothing\b|\bonly drinks?\b|\bnothing but\b|\balways\b"
)
NEVER = re.compile(
    rf"\b{_I}(?:'d|'ll| would| will)? {_ADV}never (?:take|drink|have|eat|put|use|want|touch|add|order|get|do"
    rf"|buy)\b|\b{_I} {_ADV}(?:don't|dont|do not|no longer) {_ADV}(?:drink|eat|take|do|have|touch|use|consume"
    rf"|tolerate)\b|\b{_I} {_ADV}(?:can't|cant|cannot|can not|mustn't|must not|shouldn't|may not"
    rf"|am not allowed(?: to)?|'m not allowed(?: to)?) {_ADV}(?:have|drink|eat|tolerate|take|digest|handle)\b"
    rf"|\b{_I} (?:avoid|steer clear of)\b|\b{_I}(?:'ve|'m| have| am)? (?:quit|quitting|been off|gave up"
    rf"|given up|giving up"
    rf"|stopped (?:drinking|taking|eating|having|using)|cut out|dropped|off)\b|\b(?:i'm|im|i am) off\b"
    rf"|\bupsets? my stomach\b|\bmakes? me (?:sick|ill|jittery)\b|\bgives? me (?:cramps|headaches?|hives|a rash"
    rf"|heartburn)\b|\b(?:is|are) a no[- ]go\b|\bno (?:\w+ ){{1,2}}for me(?: ever)?\b|\b(?:don't"
    rf"|doesn't) agree with me\b|\bnever (?:any )?(?:with )?\b|\b{_I} (?:try to |have to |must |need to "
    rf"|generally |always )?(?:stay (?:away from|clear of|off)|keep off|steer clear of|avoid)\b"
    rf"|\b(?:is|are) (?:strictly |completely |totally )?(?:off[- ]limits|off the (?:menu|table)"
    rf"|out of the question|forbidden"
    rf"|banned|a no|not an option|dangerous|poison|taboo) ?(?:for|to)? ?(?:me|us|i)?\b"
    rf"|\b{_I}(?:'ve| have)? {_ADV}(?:sworn off|swore off|cut out|gave up|given up|kicked|eliminated"
    rf"|stopped having)\b"
    rf"|\b{_I} {_ADV}(?:won't|will not|wouldn't|refuse to) {_ADV}(?:drink|touch|have|eat|take|go near)\b"
    rf"|\bkeeps? me (?:up|awake)\b|\b(?:messes|plays havoc|wreaks havoc|doesn't sit"
    rf"|don't sit)(?: well)? with (?:me|my stomach)\b"
    rf"|\b(?:wrecks?|ruins?|hurts?|irritates?|bloats?) (?:me|my (?:stomach|gut|guts|tummy|belly))\b"
    rf"|\bmakes? me (?:bloated|shaky|dizzy|nauseous|feel (?:sick|ill|awful)|anxious|unwell|sick|ill|jumpy)\b"
    rf"|\bgives? me (?:the )?(?:jitters|palpitations|migraines?|a (?:headache|migraine)|(?:a )?(?:stomach ache"
    rf"|bad stomach|bellyache)|wind)\b"
    rf"|\b{_I} get (?:\w+ )?(?:migraines?|headaches?|cramps|palpitations|jittery|heartburn|bloated|sick"
    rf"|ill) (?:from|with|after|off)\b"
    rf"|\bi don't (?:get on|agree|mix) with\b|\band (?:i|me) don't (?:mix|get on|agree)\b|\bnothing with\b"
    rf"|\bnever$|^nothing [\w' ]+ for (?:me|us)$|^no [\w' ]+ (?:this week|this month|until|for a while)\b"
    rf"|\bno [\w' ]+ ever\b"
    rf"|\bnot? (?:ever )?[\w' ]+ for me,? ?(?:ever|thanks to)\b"
)
ALLERGY = re.compile(
    r"\b(?:al+[ei]r?gic to|al+[ei]rgic (?:against|with)|allergy to|allergies to|intolerant to|intolerance to"
    r"|anaphylactic to|(?:react|reaction) (?:\w+ )?to|hypersensitive to|(?:in)?tolerance for|sensitive to"
    r"|sensitivity to|allergic (?:as \w+ )?to|come (?:out|up) in (?:hives|a rash|spots) (?:from|with|after"
    r"|if i (?:have|eat|drink))"
    r"|epipen (?:for|because of)|get hives from|swell up (?:from|with|after))\b"
)
ALLERGY_OF = re.compile(
    r"\b((?:tree |cow's )?[a-z']+)[ -](?:allergy|allergies|allergic|intolerance|intolerant|sensitivity)\b"
)
# What a thing does to who is allergic to it.
HARMS = re.compile(
    r"\b(?:brings? (?:me|us) out in|gives? me (?:hives|a (?:\w+ )?rash|an? (?:\w+ )?reaction|anaphylaxis"
    r"|swelling|welts|spots)"
    r"|makes? my (?:\w+ )?(?:throat|lips?|tongue|face|mouth|skin|eyes)|makes? me (?:swell|itch|itchy"
    r"|break out|come out in)"
    r"|(?:could|would|will|can|might well) kill me|puts? me in (?:the )?(?:hospital|a&e|er)"
    r"|sends? me (?:straight )?to (?:the )?(?:hospital|a&e|er)"
    r"|sets? off my (?:allergy|allergies|asthma|eczema)|triggers? my (?:allergy|allergies|eczema))\b"
)
OWNS = re.compile(
    rf"\b{_I}(?:'ve| have)?(?: {_ADVERBS})?(?: just| recently| already| now)? ?(?:have|own|use|got|bought"
    rf"|treated myself to"
    rf"|brew (?:with|on|using"
    rf"|in)|make (?:(?:my|our) )?coffee (?:with|in|on)|grind with|work with|swear by)\b|^(?:finally |just "
    rf"|recently |and |also )*(?:got|have|own|using|bought|brewing (?:with|on))\b|\bgot (?:myself|ourselves)\b"
    rf"|\bmy (?=\w)|\bour (?=\w)"
    rf"|\bthere's an?\b|\b(?:at home|at work|at the office|in the office)\b"
)
BUDGET = re.compile(
    r"\b(?:my |our |on a )?budget(?: is|'s| of)?\b|\b(?:can|could|want to|would like to|like to|'d like to"
    r"|won't|don't like to"
    r"|don't want to|do not want to|never|usually|try to|refuse to|can't|cannot|wouldn't|not willing to"
    r"|willing to|happy to|prefer to)"
    r" (?:only |usually |ever )?(?:spend|pay|go (?:over|above|higher))\b|\bafford\b|\b(?:my"
    r"|our) (?:\w+ )?(?:limit|ceiling|max|maximum|cap)\b"
    r"|\b(?:i|we) (?:only |usually |normally |never )*(?:(?:try to |want to |have to |need to )?(?:stay"
    r"|keep it|keep) (?:under|below|within)|set aside"
    r"|put aside|spend|pay|allow myself|keep it (?:under|below))\b"
    r"|\b(?:anything|everything) (?:over|above|beyond|more than|under|below)\b.*\b(?:me|us|budget|expensive"
    r"|too much|question)\b"
    r"|\b(?:no more than|at most|up to|max(?:imum)?|tops|not more than|never more than)\b"
    r"(?=.*\b(?:a|an|per|each|every) (?:bag|month|week|kilo|order|drink|coffee|cup|day|time|year|pack)\b"
    r"|.*\b(?:for me|tops)\b)"
)
AMOUNT = re.compile(r"[€£$]? ?\b(\d{1,4}(?:[.,]\d{1,2})?) ?(?:€|£|\$|euros?|pounds?|quid|dollars?|bucks?)?(?!\w)")
SPELT = re.compile(
    r"\b((?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)(?:[ -](?:one|two|three|four|five|six|seven"
    r"|eight|nine))?"
    r"|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen)\b"
)
SHOW_ME = re.compile(r"^(?:please |can you |hi |so )*(?:show|find|recommend|suggest|give|get|list|search|look)\b")
DELIVERY = re.compile(
    r"\b(?:deliver\w*|home|best|suits?|receive|shipments?|parcels?|packages?|courier|postman|drop(?:ped|s)? off|bring"
    r"|nobody|no one|at work|(?:i'm|i am|we're|we are|be|always|only|usually|never|nobody's|someone's"
    r"|somebody's|am|are) (?:always |only |usually"
    r" |never |not )*(?:in|out|away|around)|works? (?:best|well|for me)|in on)\b"
)
WEEKDAY = re.compile(rf"\b({'|'.join(WEEKDAYS)})(s?)\b")
EACH_WEEK = re.compile(
    r"\b(?:always|never|every|any|as a rule|usually|normally|generally|in general|each|mornings|afternoons"
    r"|evenings|ideally"
    r"|on a|preferred|favourite|only)\b|\bdelivery day\b|\bbest day\b"
)
DAY_AGAINST = re.compile(
    r"\b(?:not|never|don't|no|can't|cannot|isn't|aren't|except|out|away|nobody|avoid|hopeless|bad|worst|won't"
    r"|impossible|at work"
    r"|useless|terrible|rather not|doesn't|anything but)\b"
)
NO_DELIVERY_DAY = re.compile(r"\b(?:this|next|coming|last) (?:\w+day)\b|\b(?:closed|open)\b")
CUPS = re.compile(
    r"\b(\d{1,2}|one|two|three|four|five|six|seven|eight|nine|ten)(?: or \w+| to \w+)? (?:\w+ )?(?:(?:cups?"
    r"|mugs?)(?: of \w+)?|coffees?"
    r"|espressos?|lattes?|flat whites?|cappuccinos?|americanos?|teas?|shots?) (?:(?:a|per|every|each) day|daily)\b"
)

DIET_OF = re.compile(
    r"(?:,? (?:here|household|family|diet|home|house|couple|kitchen)\b| for (?:me|us)\b| (?:since"
    r"|for) (?:\w+ )*(?:years?|decade|\d+|twenties|birth)\b)"
)
# "Can't stand mochas": who speaks is left out.
FIRST_LEFT_OUT = re.compile(
    r"^((?:(?:and|but|so|also|honestly|personally|sorry|tbh|btw|please note|fyi|well|yeah|yes|no|hi|hello|hey"
    r"|actually|by the way)[ :-]+)*)"
    r"(?=(?:can't|cant|cannot|couldn't) (?:\w+ )?(?:stand|bear|abide|stomach|have|drink|eat|tolerate|do"
    r"|digest|take|live|go|start|function|get enough|resist)\b"
    r"|(?:don't|dont|do not) (?:\w+ )?(?:like|drink|eat|enjoy|care for|touch|take|do|want any)\b"
    r"|never (?:liked|drink|eat|touch|have|drank|been|enjoyed|got)\b"
    r"|(?:really |absolutely |just )?(?:hate|loathe|detest|adore|love|prefer|avoid|dislike|enjoy|swear by"
    r"|live on)\b|won't (?:drink|touch|eat)\b"
    r"|(?:only|usually|normally|always|mostly|exclusively) (?:drink|have|take|get|buy|order|go for|eat|use)\b"
    r"|gave up\b|own\b|been\b"
    r"|allergic to|not (?:a|an|keen|into|fond)\b|am (?:a|an|not|allergic|vegan|vegetarian)\b)"
)
# A statement with a question right behind it: "I'm lactose intolerant what can I have".
THEN_ASKED = re.compile(
    r"(?i)^((?:(?:hi|hello|hey|so|ok|well)[ ,]+)*(?:i'm|im|i am|i have|i've got|i can't have|i don't (?:eat"
    r"|drink)|we're|my \w+ is)\b[^.?!,;]{4,60}?) "
    r"(?=(?:what|which|can (?:i|you|we)|could (?:i|you|we)|do you|is there|are there|any (?:suggestions?"
    r"|ideas?|recommendations?|tips))\b)"
)
LISTED = re.compile(r",| and | or |&|\+|/")
JOINING = re.compile(
    r"\b(?:and|or|nor|also|even|as for|about|the|any|your|that|those|a bit of|especially|milk|syrups?|too"
    r"|both|all|mine|of)\b|[?&+/:-]"
)
TAKEN_UP = re.compile(
    r"\b(?:it|that|them|those|that one|that stuff|the stuff|the taste)\b|^(?:yuck|yuk|disgusting|gross|vile"
    r"|revolting|horrible|awful|foul|eww?"
    r"|always|never|love|hate|heaven|delicious|no thanks|not (?:for me|my|a fan|keen))\b"
    r"|\b(?:my (?:\w+ )?(?:favou?rite|fave|go-?to|usual)|for me)\b"
)
# Not of the customer's taste, but of what went wrong, or of one cup.
COMPLAINT = re.compile(
    r"\b(?:never (?:got(?! on)|received|arrived?|came|comes|have (?:guessed|thought|known)|turned up|mind|saw"
    r"|seen|asked|ordered|heard)"
    r"|always (?:forget|late|closed|open|sold out|nice|wrong|out of|get (?:it|my \w+) wrong|pay|miss)|again"
    r"|you (?:always|never)"
    r"|(?:delivery|order|shop|app|driver|queue|staff|courier) (?:is |are )?(?:always|never)|only (?:wanted"
    r"|ordered|asked|got)"
    r"|why (?:is|are|do|does))\b"
)
THE_ONE_CUP = re.compile(
    r"\b(?:the last|my last|last time|yesterday|that last|this (?:is|was|latte|one|cup|bag)|the coffee (?:is"
    r"|was|tastes?)|back\b|earlier|(?:the|that) one i had)\b"
)
NOT_TASTE = re.compile(
    r"\b(?:like|love|enjoy|hate) (?:the (?:look|sound|idea|colour|name|packaging|design)|it (?:when|if|that)|that you"
    r"|to (?!drink|have|take))\b"
)
FOR_A_WHILE = re.compile(r"\b(?:this week|this month|until|these days|for a while|during|for now)\b")
LEFT_NAMED = re.compile(
    r"(?:no|nah|nope|thanks|thank you|no thanks|no thank you|honestly|ugh|well|yes|yeah|hmm|sorry|oh|nah thanks)"
)
PLAIN_SYRUP = re.compile(
    r"(?:^|\b(?:no|any|the|all|flavoured|like|love|hate|drink|take|have|of|with|in|stand|without|your|add"
    r"|want|never|put|use|avoid|up|bear) )syrups?\b"
)
BUYING = re.compile(
    r"\b(?:don't|dont|do not|never|no longer|haven't|sold|broke|broken|want|need|looking for|buy|return"
    r"|order\w*|sent|send|arrived?|faulty"
    r"|leak\w*|refund|missing|wrong|delivered|parcel|costs?|price|where|scratched|once|dreams?|used to"
    r"|warranty|status|mind|another|any|repair\w*|replace\w*)\b"
)
# "My colleague Ines doesn't": the name goes.
CALLED_BY_NAME = re.compile(
    r"^ (?!always|only|never|really|just|also|usually|hardly|is|has|can)\w+(?='s\b| (?:is|has|can|can't"
    r"|cannot|doesn't|never|always|only"
    r"|hates|loves|likes|prefers|drinks|takes|dislikes|swears|adores|avoids|won't|mustn't)\b)"
)
FIRST_SAID = re.compile(
    r"(?:(?:still|also|currently|strict|strictly|lifelong|fellow|yes|yep|fyi|btw|proud|a|type (?:1|2|one|two)"
    r"|i|we|just) )*"
)
# What no order says, though it may begin like one: "the mocha is my favourite", "a cortado every morning".
STATES = re.compile(
    r"\b(?:is|are|makes?(?= me\b)|tastes?|suits?|hits?|appeals?|puts?(?= me\b)|turns?(?= m)|i (?:never|always"
    r"|hate|love|can't))\b"
    r"|\bevery (?:single )?(?:day|morning|afternoon|evening|night|time)\b(?!.*\b(?:please|send|order)\b)"
)
WITHIN = re.compile(r"\b(?:in|with|for|to) (?:my|a|an|the|every|all my|your)? ?(?:\w+ )?$")
CANNOT = re.compile(
    r"(?:can't|cannot|cant|couldn't) (?:\w+ )?(?:stand|bear|abide|stomach|have|drink|eat|tolerate|do|digest"
    r"|take|live|go|start|function|get enough|resist|beat)\b"
)
CAN_DO_WITHOUT = re.compile(
    r"\bi (?:can't|cannot|cant|couldn't) (?:do|go|live|start (?:the|my) day|function|cope"
    r"|survive)(?: \w+){0,3}? without\b"
)
VERDICT = re.compile(
    r"(?:just |absolutely |simply |pure |not )*(?:yuck|yuk|disgusting|gross|vile|revolting|horrible|awful"
    r"|foul|heaven|delicious|for me|my|the worst|the best)\b"
)
ALLERGY_HERE = re.compile(
    r"^(?:(?:please|note|fyi|btw|severe|serious|bad|mild|strong|lifelong|hi|hello)[ :-]+)*[\w' ]+? (?:allergy"
    r"|allergies|intolerance|intolerant|allergic)(?: here| and [\w ]+)?$"
)
OVER = re.compile(
    r"\b(?:over(?! ice)|rather than|instead of|more than|better than|except(?: for)?|apart from"
    r"|as opposed to)\b|\bprefer\b[^,.]*?\bto\b"
)
BEING = re.compile(
    r"\b(?:i'm|im|i am|we're|we are|i've (?:been|gone|become|turned)|i (?:became|went|turned|keep|eat|follow|live"
    r"|only eat|eat|follow an?|follow|am on an?|'m on an?|observe|only have|strictly|suffer from"
    r"|was diagnosed with|(?:'ve|have) got|live with"
    r"|struggle with|get|take|am on|'m on|manage)|as an?|diagnosed|being|(?:has|have|got|must"
    r"|needs?)(?: all)? to be|strictly|since (?:the|my)|i'm a|due to my|because of my|with my|i have|went"
    r"|gone|turned|no longer|not)\b"
)
QUESTION = re.compile(
    r"^(?:(?:so|and|but|hi|hey|hello|ok|okay|also|or) )*(?:since when|got any|do|does|did|is|are|am|was|were"
    r"|can|could|would|will"
    r"|should|what|which|who|why|how|when|where|have you|has|any chance|isn't|aren't|don't (?:i|you|we)|shall"
    r"|may)\b"
)
SUPPOSED = re.compile(
    r"\b(?:if|suppose|supposing|imagine|what if|in case|unless|pretend|let's say|say i|were i|wish|might|maybe"
    r"|perhaps|possibly|could be|probably|thinking (?:of|about)|considering|would (?:be|like|love|have|prefer"
    r"|hate)|i'd (?:be|have|try|prefer|love|like)\b(?! never)|used to|someday|one day|planning to|going to try"
    r"|trying to decide|not sure|don't know (?:if|whether)|as if|whether|next year)\b"
)
WONT = re.compile(r"\b(?:i'd|i would) never\b")
SAID = re.compile(
    r"\b(?:said|says|say|told|tells|claims?|claimed|wrote|writes|reckons?|thinks?|asked|according to|heard|read"
    r"|reads|people|they|everyone|everybody|nobody(?!'s | is | at | home| in)|someone|somebody|some guy"
    r"|the (?:barista|doctor|label|box|bag"
    r"|advert|review|article|website|guy|lady|man|woman|girl))\b"
)
I_SAID = re.compile(r"\b(?:i|we) (?:said|say|told you|think|reckon|guess|already said|mean|always say|can say)\b")
NOW = re.compile(
    r"\b(?:today|tonight|this time|this once|just once|for once|just this|this morning|this afternoon"
    r"|this evening|this week|right now|for now|at the moment|for a change|just now|tomorrow|currently|until"
    r"|this one|with this order|in this one|on this one|just for|just had|these days only|only today|now and then"
    r"|in the mood|feel(?:ing)? like|i fancy|for this order|temporarily|while i|during)\b"
)
JOKE = re.compile(
    r"\b(?:oh (?:great|sure|yeah|yes|wonderful|brilliant|fantastic|joy|lovely|how)|yeah,? right"
    r"|sure,? (?:because|cos|cause)|as if|just what i (?:needed|wanted)|my favourite thing|don't we all"
    r"|(?:in )?my (?:\w+ )?dreams|dream(?:s|ing)? (?:of|about)|(?:love"
    r"|loving|enjoy|adore) (?:it when|how|when|waiting|paying|being|getting|that you|the way you|drinking cold"
    r"|burnt|my (?:lukewarm|cold|late|wrong))|who doesn't|clearly|obviously|because who"
    r"|so much fun|not!|kidding|joking|jk|lol no|haha|lol|of course i)\b|🙄|/s\b|🙃|\bsure\b.*\bnot$"
)
COMPLAINED = re.compile(
    r"\b(?:cold|burnt|stale|late|wrong|lukewarm|broken|soggy|watery|overpriced|waiting|queueing|again)\b"
)
GIFT = re.compile(
    r"\b(?:gift|present|for (?:his|her|their|my|our|a) (?:\w+'s )?(?:birthday|anniversary|wedding|wife|husband"
    r"|mum|mom|dad|friend|boss|sister|brother|son|daughter|partner|mother|father|kid|kids|colleague|neighbour"
    r"|girlfriend|boyfriend|teacher|grandma|nan|gran)|secret santa|surprise for)\b"
)
OTHER = re.compile(
    rf"\b(?:my|our|the|his|her|one of (?:my|our)) (?:\w+ )?({'|'.join(_PEOPLE)})(?:-in-law)?(?:'s)?\b"
    rf"|^(?:and |but |so )?({_KIN})(?='s\b| (?:is|has|can't|cannot|doesn't|hates?|loves?|likes?|prefers?|never|always"
    rf"|only|drinks?|takes?|won't|dislikes?|swears|adores|avoids|mustn't)\b)"
    rf"|\b(?:a|an) ({'|'.join(_PEOPLE)}) of (?:mine|ours)\b"
)
PRONOUN = re.compile(r"^(?:and |but |because |cos |as |since |so )*(?:she|he|they|it's|her|his|their)(?:'s|'re)?\b")
SPLIT = re.compile(
    r"[.!?;\n]+|,\s*(?:and |but |so |because |cos |as |since )?|(?<!nothing)(?<!anything)(?<!\ball)\s+(?:but"
    r"|because|cos|so|although|though|while"
    r"|whereas)\s+|\s+and\s+(?=(?:i|i'm|im|i've|we|my|she|he|they|also|please|can|could|what|do|never|always|not"
    r"|no longer|hate|love|don't)\b)|\s+[-–—]+\s+|[()]"
)
QUOTED = re.compile(r"\"[^\"]*\"|“[^”]*”|«[^»]*»|(?<!\w)'[^']{6,}'(?!\w)")
ORDERING = re.compile(
    r"^(?:(?:ok|okay|yes|so|hi|hello|hey|and|please|then|now|actually|no|oh) )*(?:can(?!'t)|could|may|i'll|ill"
    r"|i will|i'd like|id like|i want|i wanna|i need an?|i would like|give|get|make|order|let me|one|two|three|a"
    r"|an|the|add|change|swap|hold|remove|with|without|no|put)\b(?! (?:always|never|for me))"
)
NO_LONGER = re.compile(
    r"\b(?:not|no longer|don't|stopped being|isn't) .*\b(?:any ?more|any longer|now)\b|\bno longer\b"
    r"|\bused to be\b|\bstopped being\b"
)
NEGATED = re.compile(r"\b(?:not|isn't|aren't|ain't|never been|no longer|nor|neither|n't|without being|stopped being)\b")
# Catalogue entities that one can have a taste for, words among them that name no particular thing, and tastes that
# only count where nothing more particular is named.
TASTED = frozenset({"product", "milk", "syrup", "size", "temperature", "category", "fulfilment", "grind"})
NO_TASTE = frozenset({"none", "subscriptions", "gift_cards", "gear"})
GENERIC = re.compile(
    r"little|tiny|regular|drinks?|coffees?|hot drinks|cold drinks|beverages?|cups?|dairy|cow'?s? milk|teas?"
    r"|(?:dark|light"
    r"|medium) roasts?|home|ice"
)
WEAK = frozenset(
    {
        "coffee",
        "milk",
        "tea",
        "teas",
        "espresso",
        "chocolate",
        "cinnamon",
        "dark",
        "caffeine",
        "syrup",
        "syrups",
        "sugar",
    }
)
