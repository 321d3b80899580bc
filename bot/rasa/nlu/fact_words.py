"""The words by which customers tell of themselves, and those that make what they say no fact.

Values are what memory stores; `_` names are patterns over a clause in lower case with straight quotes.
"""

import re

DIETS = {
    "vegan": "vegan", "vegans": "vegan", "plant based": "vegan", "plant-based": "vegan", "vegetarian": "vegetarian",
    "vegetarians": "vegetarian",
    "veggie": "vegetarian", "pescatarian": "pescatarian", "halal": "halal", "kosher": "kosher", "keto": "keto",
    "low carb": "low_carb",
    "gluten free": "gluten_free", "gluten-free": "gluten_free", "dairy free": "dairy_free", "dairy-free": "dairy_free",
    "sugar free": "sugar_free", "sugar-free": "sugar_free",
}  # fmt: skip
HEALTH = {
    "pregnant": "pregnant", "expecting": "pregnant", "breastfeeding": "breastfeeding", "diabetic": "diabetes",
    "diabetes": "diabetes",
    "high blood pressure": "high_blood_pressure", "acid reflux": "acid_reflux", "heart condition": "heart_condition",
}  # fmt: skip
ALLERGENS = {
    "nuts": "nuts", "nut": "nuts", "tree nuts": "nuts", "peanuts": "peanuts", "peanut": "peanuts",
    "almonds": "almond", "almond": "almond", "hazelnuts": "hazelnut",
    "hazelnut": "hazelnut", "soy": "soy", "soya": "soy", "milk": "milk", "cow's milk": "milk", "cows milk": "milk",
    "dairy": "milk", "lactose": "lactose",
    "gluten": "gluten", "wheat": "gluten", "eggs": "eggs", "egg": "eggs", "coconut": "coconut", "oats": "oat",
    "oat": "oat", "cinnamon": "cinnamon", "sesame": "sesame",
    "caffeine": "caffeine", "walnuts": "walnut", "cashews": "cashew", "cashew": "cashew", "chocolate": "chocolate",
}  # fmt: skip
GEAR = {
    "v60": "v60", "v 60": "v60", "chemex": "chemex", "aeropress": "aeropress", "aero press": "aeropress",
    "french press": "french_press", "cafetiere": "french_press",
    "moka pot": "moka_pot", "moka": "moka_pot", "bialetti": "moka_pot", "espresso machine": "espresso_machine",
    "portafilter": "espresso_machine",
    "gaggia": "espresso_machine", "gaggia classic": "espresso_machine", "delonghi": "espresso_machine",
    "rancilio": "espresso_machine", "sage": "espresso_machine",
    "bean to cup machine": "automatic_machine", "jura": "automatic_machine",
    "automatic machine": "automatic_machine", "nespresso": "capsule_machine",
    "capsule machine": "capsule_machine", "filter machine": "drip_machine", "drip machine": "drip_machine",
    "coffee maker": "drip_machine",
    "grinder": "grinder", "hand grinder": "grinder", "burr grinder": "grinder", "kettle": "kettle",
    "gooseneck kettle": "kettle", "scale": "scale", "milk frother": "milk_frother",
    "frother": "milk_frother", "coffee machine": "coffee_machine", "dripper": "dripper", "percolator": "percolator",
    "ibrik": "ibrik", "cezve": "ibrik",
}  # fmt: skip
TASTES = {
    "dark roast": "dark_roast", "dark roasts": "dark_roast", "light roast": "light_roast",
    "light roasts": "light_roast", "medium roast": "medium_roast",
    "medium roasts": "medium_roast", "dark": "dark_roast", "single origin": "single_origin",
    "single origins": "single_origin", "blends": "blend",
    "fruity": "fruity", "floral": "floral", "chocolatey": "chocolate", "chocolaty": "chocolate",
    "chocolate": "chocolate", "nutty": "nutty", "smoky": "smoky",
    "strong": "strong", "weak": "mild", "mild": "mild", "bitter": "bitter", "sour": "acidic", "acidic": "acidic",
    "acidity": "acidic", "sweet": "sweet",
    "extra hot": "extra_hot", "too hot": "extra_hot", "lukewarm": "lukewarm", "short": "short", "creamy": "creamy",
    "foam": "foam", "foamy": "foam",
    "whipped cream": "whipped_cream", "sugar": "sugar", "sweetener": "sweetener", "honey": "honey", "decaf": "decaf",
    "caffeine": "caffeine", "dairy": "dairy", "milk": "milk",
    "cow's milk": "dairy", "cows milk": "dairy", "animal products": "animal_products", "syrup": "syrup",
    "syrups": "syrup", "cream": "cream", "cinnamon": "cinnamon", "instant": "instant_coffee",
    "instant coffee": "instant_coffee", "milky drinks": "milky", "milky": "milky", "sweet drinks": "sweet",
    "iced drinks": "iced", "cold drinks": "iced", "hot drinks": "hot",
    "strong coffee": "strong", "plant milk": "plant_milk", "plant milks": "plant_milk", "alcohol": "alcohol",
    "new beans": "novelty", "new things": "novelty", "something new": "novelty",
    "trying new": "novelty", "organic": "organic", "fair trade": "fair_trade", "fairtrade": "fair_trade",
    "paper cups": "paper_cup", "plastic": "plastic", "black": "black",
    "kenyan": "kenya", "kenyan coffees": "kenya", "ethiopian coffees": "ethiopia", "nuts": "nuts",
    "peanuts": "peanuts", "gluten": "gluten", "eggs": "eggs", "tea": "tea", "teas": "tea", "coffee": "coffee",
}  # fmt: skip
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_PEOPLE_LIST = """
    wife husband partner girlfriend boyfriend fiance fiancee mum mom mother dad father sister brother son
    daughter kid kids child children baby friend boss colleague neighbour neighbor flatmate roommate grandma
    grandmother grandpa grandfather aunt uncle cousin niece nephew guest guests team teacher mate nan gran
    granny
"""
_PEOPLE = _PEOPLE_LIST.split()

_I = r"(?:i|we|me)"
_ADVERBS = (
    r"(?:really|just|also|actually|honestly|quite|absolutely|simply|truly|so|still|generally|mostly|usually|normally"
    r"|kind of|kinda|sort of|personally|totally|much|very|only ever|rather|now|all)"
)
_ADV = rf"(?:{_ADVERBS} )*"
LIKE = re.compile(
    rf"\b{_I}(?:'m|'ve| am| have| are|'re)? {_ADV}(?:love|loved|like|adore|enjoy|prefer|fond of|into|mad about"
    rf"|crazy about|obsessed with|addicted to|(?:a )?(?:big |huge |massive )?(?:fan|lover) of|more of an?"
    rf"|partial to|can't get enough of|cant get enough of|could drink|can't live without|cant live without"
    rf"|switched to|gone over to|moved to|become an?|enjoying)\b"
    rf"|^(?:a )?(?:big|huge|massive) fan of\b|^(?:love|loving|prefer|adore)\b|\b(?:is|are) (?:my"
    rf"|our) (?:favou?rites?|thing|go-?to|number one|jam)\b|\bmy (?:all time )?favou?rites?\b|\b(?:is"
    rf"|are) the best\b|^{_ADV}(?:i )?(?:drink|have|take|get|order|go for|grab) (?:an? |the )?(?=.*\b(?:every"
    rf"|each|most) (?:day|morning|week|time|evening)|.*\b(?:usually|normally)\b)"
    rf"|\b{_I} (?:usually|normally|mostly|mainly|generally|tend to) (?:drink|have|take|get|order|go for|buy|use"
    rf"|brew)\b|\b(?:mostly|usually|normally|mainly) {_I} (?:drink|have|take|get|order|go for|buy)\b"
    rf"|\b{_I} drink\b|\b{_I} keep coming back to\b|\bwon (?:me|us) over\b|\bmy usual\b|\bthe way {_I} like\b"
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
    rf"|cant stand)\b|\bturns? me off\b|\bcut(?:ting)? (?:down|back) on\b"
)
MUST = re.compile(
    rf"\b{_I} {_ADV}always (?:\w+ )?|\balways (?:have|take|drink|order|get|want|use|go for|choose|buy|pick)\b"
    rf"|\bfor me (?:it's )?always\b|\b{_I} {_ADV}(?:only|exclusively) (?:ever )?(?:drink|have|take|eat|buy|order"
    rf"|use|get|do)\b|\b{_I} (?:must|need to|have to) (?:always )?have\b|\b(?:has|have|got) to be\b|\bmust be\b"
    rf"|\b{_I} (?:take|drink|have|like) (?:my|our) (?:coffee|coffees|tea|espresso|latte|flat white)\b"
    rf"|\bonly drinks?\b|\bnothing but\b|\balways\b"
)
NEVER = re.compile(
    rf"\b{_I}(?:'d|'ll| would| will)? {_ADV}never (?:take|drink|have|eat|put|use|want|touch|add|order|get|do"
    rf"|buy)\b|\b{_I} {_ADV}(?:don't|dont|do not|no longer) {_ADV}(?:drink|eat|take|do|have|touch|use|consume"
    rf"|tolerate)\b|\b{_I} {_ADV}(?:can't|cant|cannot|can not|mustn't|must not|shouldn't|may not"
    rf"|am not allowed(?: to)?|'m not allowed(?: to)?) {_ADV}(?:have|drink|eat|tolerate|take|digest|handle)\b"
    rf"|\b{_I} (?:avoid|steer clear of)\b|\b{_I}(?:'ve|'m| have| am)? (?:quit|quitting|gave up|given up|giving up"
    rf"|stopped (?:drinking|taking|eating|having|using)|cut out|dropped|off)\b|\b(?:i'm|im|i am) off\b"
    rf"|\bupsets? my stomach\b|\bmakes? me (?:sick|ill|jittery)\b|\bgives? me (?:cramps|headaches?|hives|a rash"
    rf"|heartburn)\b|\b(?:is|are) a no[- ]go\b|\bno (?:\w+ ){{1,2}}for me(?: ever)?\b|\b(?:don't"
    rf"|doesn't) agree with me\b|\bnever (?:any )?(?:with )?\b|\b{_I} stay away from\b"
)
ALLERGY = re.compile(
    r"\b(?:al+[ei]r?gic to|al+[ei]rgic (?:against|with)|allergy to|allergies to|intolerant to|intolerance to"
    r"|anaphylactic to|react (?:badly )?to)\b"
)
ALLERGY_OF = re.compile(r"\b([a-z']+)[ -](?:allergy|allergies|intolerance|intolerant)\b")
OWNS = re.compile(
    rf"\b{_I}(?:'ve| have)?(?: {_ADVERBS})?(?: just| recently)? ?(?:have|own|use|got|bought|brew (?:with|on|using"
    rf"|in)|make (?:my|our) coffee (?:with|in|on)|grind with|work with|swear by)\b|\bmy (?=\w)|\bour (?=\w)"
    rf"|\bthere's an?\b|\b(?:at home|at work|at the office|in the office)\b"
)
BUDGET = re.compile(
    r"\b(?:my |our )?budget(?: is|'s| of)?\b|\b(?:can|could|want to|would like to|like to|'d like to"
    r"|don't want to|do not want to|never|usually|try to) (?:only )?(?:spend|pay)\b|\b(?:no more than|at most"
    r"|up to|max(?:imum)?)\b"
)
DELIVERY = re.compile(r"\b(?:deliver\w*|home|in|best|suits?|receive|shipments?|parcels?|courier)\b")
WEEKDAY = re.compile(rf"\b({'|'.join(WEEKDAYS)})(s?)\b")
CUPS = re.compile(
    r"\b(\d{1,2}|one|two|three|four|five|six|seven|eight) (?:cups?|coffees?|espressos?|lattes?) (?:a|per|every"
    r"|each) day\b"
)

BEING = re.compile(
    r"\b(?:i'm|im|i am|we're|we are|i've (?:been|gone|become|turned)|i (?:became|went|turned|keep|eat|follow|live"
    r"|only eat)|as an?|being|i have|went|gone|turned|no longer|not)\b"
)
QUESTION = re.compile(
    r"^(?:(?:so|and|but|hi|hey|hello|ok|okay|also|or) )*(?:do|does|did|is|are|am|was|were|can|could|would|will"
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
    r"|reads|people|they|everyone|everybody|nobody|someone|somebody|some guy|the (?:barista|doctor|label|box|bag"
    r"|advert|review|article|website|guy|lady|man|woman|girl))\b"
)
I_SAID = re.compile(r"\b(?:i|we) (?:said|say|told you|think|reckon|guess|already said|mean|always say|can say)\b")
NOW = re.compile(
    r"\b(?:today|tonight|this time|this once|just once|for once|just this|this morning|this afternoon"
    r"|this evening|this week|right now|for now|at the moment|for a change|just now|tomorrow|currently|until"
    r"|this one|with this order|in this one|on this one|just for|these days only|only today|now and then"
    r"|in the mood|feel(?:ing)? like|i fancy|for this order|temporarily|while i|during)\b"
)
JOKE = re.compile(
    r"\b(?:oh (?:great|sure|yeah|yes|wonderful|brilliant|fantastic|joy|lovely|how)|yeah,? right"
    r"|sure,? (?:because|cos|cause)|as if|just what i (?:needed|wanted)|my favourite thing|don't we all|(?:love"
    r"|loving|enjoy|adore) (?:it when|how|when|waiting|paying|being|getting|that you|the way you|drinking cold"
    r"|burnt|my (?:lukewarm|cold|late|wrong))|who doesn't|clearly|obviously|totally|because (?:i|who)"
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
OTHER = re.compile(rf"\b(?:my|our|the|his|her) (?:\w+ )?({'|'.join(_PEOPLE)})(?:'s)?\b")
PRONOUN = re.compile(r"^(?:and |but |because |cos |as |since |so )*(?:she|he|they|it's|her|his|their)(?:'s|'re)?\b")
SPLIT = re.compile(
    r"[.!?;\n]+|,\s*(?:and |but |so |because |cos |as |since )?|\s+(?:but|because|cos|so|although|though|while"
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
GENERIC = re.compile(
    r"drinks?|coffees?|hot drinks|cold drinks|beverages?|cups?|dairy|cow'?s? milk|teas?|(?:dark|light"
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
