"""The words by which a sentence says what its figures are of, and under which conditions they hold.

Data only: each entry is a list of words and phrases in lower case, parted by semicolons; "\\w*" is any ending.
"""

import re


def phrases(listed: str) -> list[str]:
    """Return the phrases of a list that semicolons part."""
    return [each for each in re.split(r";\s+", listed.strip()) if each]


def any_of(listed: str) -> re.Pattern[str]:
    """Return a pattern for any of the listed phrases as whole words."""
    return re.compile(rf"(?<![\w$€£])(?:{'|'.join(phrases(listed))})(?!\w)")


NUMBERS = {
    word: number
    for number, words in enumerate(
        [
            "zero",
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
            "thirteen",
            "fourteen",
            "fifteen",
            "sixteen",
            "seventeen",
            "eighteen",
            "nineteen",
            "twenty",
        ]
    )
    for word in words.split()
} | {"thirty": 30, "forty": 40, "fifty": 50, "hundred": 100}
PARTS = (
    {"half": 2, "halve": 2, "quarter": 4}
    | {
        word: number
        for number, word in enumerate(
            [
                "third",
                "fourth",
                "fifth",
                "sixth",
                "seventh",
                "eighth",
                "ninth",
                "tenth",
                "eleventh",
                "twelfth",
            ],
            3,
        )
    }
    | {"twentieth": 20, "hundredth": 100}
)
MULTIPLES = {
    "once": 1,
    "twice": 2,
    "double": 2,
    "twofold": 2,
    "thrice": 3,
    "triple": 3,
    "treble": 3,
    "quadruple": 4,
}
MONTHS = (
    "january|february|march|april|may|june|july|august|september|october|november|december|"
    "jan|feb|mar|apr|jun|jul|aug|sept|sep|oct|nov|dec"
)

# ── Conditions: what ties a statement to something else than this tool, here and now ───────────────────

FLAGS = {
    "negated": phrases(
        r"""
        (?:is|are|was|were|do|does|did|has|have|had|can|could|would|wo|ca|should)n't(?! (?:just|only|merely|simply));
        not (?!only|just|merely|simply|one more|least|to mention|even one)\w*; cannot(?! (?:exceed|go (?:beyond|over|past)|be longer|run)); never(?! (?:exceeds?|goes? (?:beyond|over|past)|longer|more)); no longer;
        nothing(?! but); nobody; no one; none; neither; nor; hardly; lacks?; lacking; far from;
        rather than being; instead of being; a myth; untrue; false
        """
    ),
    "past": phrases(
        r"""
        (?:started|opened|began|debuted|came in|launched|entered) at; came down; ran to; had cost; earlier (?:this|last) year;
        when (?:it|§+) (?:first )?(?:launched|came out|was new|started|arrived|appeared|opened); any ?more; not any longer;
        was; were; had; used to; until; formerly; previously; originally; initially; back then; at launch;
        at (?:its|the) (?:launch|start|release|debut); on launch day; launch (?:price|rate|pricing);
        (?:its|the) first (?:weeks|months|days|year);
        last (?:week|month|quarter|year|spring|summer|autumn|fall|winter); (?:weeks?|months?|years?) ago;
        before the (?:cut|change|drop|update|price); (?<!is )(?<!are )(?<!be )(?<!been )charged;
        introduced [^.]{0,40} at; once (?:cost|charged|was|asked|held); (?:up|down) from; a year before;
        in the past; in those days; then still
        """
    ),
    "future": phrases(
        r"""
        working on; is planned; are planned; considers?; considering;
        in the works; in the making; under way;
        will(?! (?:cost|set|pay|charge|run|find|need|get|bill)); shall; won't;
        (?:is|are) (?:expected|due|set|slated|rumou?red|said|supposed|going|about to|scheduled|likely|believed|thought|tipped);
        expected to; guess\w*; rumou?r\w*; promis(?:ed|es|ing); plan(?:s|ned|ning) (?:to|for|on); planned;
        (?:hopes?|intends?|aims?|wants) to; upcoming; forthcoming;
        (?:the |its )?next (?:version|release|model|generation|update|year|month|spring|summer|autumn|winter|quarter);
        next-gen\w*; successor; soon; forecast\w*; predict\w*; analysts; speculat\w*; roadmap; some day;
        one day; might; may (?:one day|soon|fall|drop|rise); announced; in talks
        """
    ),
    "supposed": phrases(
        r"""
        if(?! you| your| a team| one | we );
        if you (?:pay|commit|wait|book|reserve|prepay|sign|can wait|use (?:the )?batch); unless;
        provided(?: that)?; assuming; suppos\w+; ^\W*(?:should|were|had) ; should [^.]{0,40} ever; could;
        would have; as long as; only for; in theory; hypothetical\w*
        """
    ),
    "special": phrases(
        r"""
        nightly; re-?used; repeated; off-hours?; weekends?; after hours; an? [\w-]+ (?:\w+ )?(?:spends|pays|saved|reports); one (?:customer|client|user|reader|team) (?:spends|pays|saved|reports);
        async\w*; queues?; accounts?; report(?:s|ed)? paying; some (?:teams |people |customers )?pay; sign(?:s|ing)?(?: up)? for; for (?:a|one|two|three) years?; yearly (?:contract|plan|commitment|deal|agreement); free plan;
        batch(?= (?:api|mode|jobs?|queues?|prices?|pricing|rates?|process\w*|requests?|tier|endpoint|input|output|calls?|discount));
        (?:in|by|via|with|as a) batch(?:es)?; batched; batching; cach\w+; prefix hits?; prefix(?:es)?;
        repeat(?:ed|s|ing)? (?:a |the |your )?prompts?; off-peak; overnight; at night; quiet hours;
        if you can wait; wait a day; flex\w*; promo\w*; discount\w*; rebates?; coupons?; introductory;
        commit\w*; commitments?; reserv\w+; provisioned; dedicated; pre-?pa(?:y|id)\w*; (?:one|two|three)-year;
        annual(?:ly)? (?:contract|plan|deal); contracts?; enterprise; negotiat\w+; talked; haggl\w*;
        agreements?; resell\w+; resold; third[- ]part(?:y|ies); marketplaces?; aggregators?; partners?;
        (?:other|some|outside|external|cloud) (?:hosts?|providers?|clouds?); hosts?; hosting; fine-?tun\w+;
        train(?:ing|ed|s)?; tuning; distill\w*;
        (?:free|paid|trial|lower|upper|higher|top|priority|premium|usage|pro|first|second|volume) tiers?;
        tier(?:ed|s)?; on trial; trial (?:accounts?|keys?|period); web app; the app; chat app; beta; previews?;
        early access; priority; students?; academic\w*; non-?profits?; start-?ups? (?:pay|get);
        volume (?:price|prices|pricing|customers|discount|deal); subscri\w+; seats?; licen[cs]e fees?;
        taxes|tax; surcharge; long[- ]context (?:price|pricing|rate|requests?); extended;
        (?:audio|image|video|speech|embedding)s? (?:tokens?|input|output); plans?; locally; self-host\w*;
        electricity; hardware; with every (?:option|extra); large customers; staff; customer saved;
        customers? (?:who|that)
        """
    ),
    "earlier": phrases(
        r"""
        predecessors?;
        (?:previous|prior|earlier|older|former|preceding|last) (?:\w+ )?(?:models?|versions?|releases?|generations?|editions?|entr\w+|one|ones);
        (?:the |its )?first (?:[\w§.-]+ )?(?:models?|versions?|releases?|generations?|editions?);
        (?:versions?|models?|generation|release|one) before; ancestors?; forerunners?; what came before
        """
    ),
    "others": phrases(
        r"""
        rivals?; competitors?; competition; competing;
        other (?:\w+ )?(?:models?|tools?|vendors?|services?|providers?|labs?|systems?|options?); others;
        (?:frontier|larger|bigger|smaller|flagship|most|many|some|such|similar|comparable|mid-size|heavier) (?:\w+ )?(?:models?|tools?|vendors?|systems?);
        elsewhere; peers?; alternatives?; (?:followed|matched|rest of|than) the market; the industry; in this class; in its class; class models?;
        any model; connect(?:s|ed|ing)? to; works? (?:\w+ )?(?:with|beside|alongside)(?= (?:any|an?|models?|other|most|all|every|larger|up));
        (?:models?|systems?|tools?) (?:of )?up to;
        (?:as|just as|nearly as|almost as) (?:good|strong|capable|smart|sharp|fast) as;
        (?:matches|rivals|beats|outperforms|equals|like) an?;
        (?:distilled|derived|taught|learned|learnt) (?:from|by); based on; built (?:on|upon|from); base model;
        teacher; (?:fine-?)?tunes?; siblings?; competitive with; together with
        """
    ),
}
FLAG = re.compile(
    "|".join(rf"(?P<{name}>(?<![\w$€£])(?:{'|'.join(words)})(?!\w))" for name, words in FLAGS.items())
)

# ── What figures are of ────────────────────────────────────────────────────────────────────────────────

INPUT = any_of(
    r"""
    inputs?; prompt(?:s|ing)?; send(?:s|ing)?; sent; feed(?:s|ing)?; fed; read(?:s|ing)?(?! ?[~≈]?[$€£]);
    ingest\w*; given; submit\w*; incoming; upload\w*; receiv\w*; take in; takes in; going in; go in;
    goes in; put in; way in; the way in; in(?=\W*(?:$|[,/;.)]|\()| (?:and|vs|versus|against|plus|with|on|for|from|to|per|at|but|costs?|is|are|comes?|runs?|goes?) )
    """
)
OUTPUT = any_of(
    r"""
    outputs?; completions?; generat\w+; writ(?:e|es|ing|ten); produc(?:e|es|ed|ing); get back;
    gets? (?:you )?back; come back; comes back; coming back; sends? back; way out; going out; go out;
    goes out; repl(?:y|ies|ied); answers?(?! for); responses?; returns?; emit\w*; spits? out; hands? back;
    out(?=\W*(?:$|[,/;.)]|\()| (?:and|vs|versus|against|plus|with|on|for|from|to|per|at|but|costs?|is|are|comes?|runs?|goes?) )
    """
)
PRICE = any_of(
    r"""
    pric(?:e|es|ed|ing); pricier; costs?; costing; costlier; costly; charg\w+; bill(?:s|ed|ing)?;
    pay(?:s|ing)?; paid; rates?; fees?; spend\w*; (?:in)?expensive; cheap\w*; dear(?:er)?; invoices?;
    budget; asks?; wants?; money; dollars?; cents?; tariffs?; undercut\w*; sav(?:e|es|ed|ing|ings);
    afford\w*; economical; thrift\w*; pocket; outlay; expense; token for token; per token; buys?; spent;
    worth
    """
)
#: Comparisons of something else than money.
NOT_PRICE = any_of(
    r"""
    fast(?:er|est)?; quick(?:er|ly)?; slow(?:er|ly)?; speed; latency; throughput; mistakes?; errors?;
    downloads?; traffic; tickets?; users?; time to; same time; accura\w+; energy; memory; context; window;
    parameters?; shorter; longer; better; popular; to train; seats?; plans?
    """
)
CHEAPER = any_of(
    r"""
    cheaper; less; lower; below; under; beneath; undercut\w*; sav(?:e|es|ing|ings); keep; keeps; cuts?;
    cutting; off; reduc\w+; frees?; leaves?; lowers?; trims?; shaves?; knocks?; slashe?s?; shrinks?;
    drops?; falls?; fewer; discount; beats?
    """
)
DEARER = any_of(
    r"""
    more; dearer; pricier; costlier; higher; above; extra; steeper; premium; on top; over and above; adds?;
    rises?; climbs?; grows?
    """
)
SAME = any_of(
    r"""
    no more and no less; nothing between; share one price;
    the same; same (?:price|prices|bill|cost|rate|rates); identical(?:ly)?; equal(?:ly|s)?; level;
    no (?:price )?(?:difference|gap); no difference in (?:price|cost); (?:exactly|just|priced) (?:like|as);
    match(?:es)?; on (?:a )?par; alike; equally (?:priced|expensive|cheap);
    as (?:much|expensive|cheap) (?:per token )?as; as much (?:per token )?(?:as|on|to|for); costs? as much;
    ties?; tied; not (?:a cent|any) (?:more|less)
    """
)
NO_MORE = any_of(
    r"""
    no more (?:per token )?than; not more than; no dearer than; no pricier than; no more expensive than
    """
)
GAP = any_of(
    r"""
    gap; difference; spread; apart; between
    """
)

WINDOW = any_of(
    r"""
    space; capacity; scope;
    hand; give; forget\w*; lose(?:s)? track; history; room; remember; take; accept; read; hold; fit; swallow; process; handle; see; at most \w+ tokens of;
    context; window; at a time; at once; in one (?:go|request|prompt|pass|call|piece);
    in a single (?:request|prompt|call|pass|go); accepts?; accepted; takes?; holds?; remembers?;
    in (?:mind|view|memory|sight); memory; fits?; room for; swallows?; digests?; handles?; keeps?;
    prompts?; reads?; sees?; inputs?; request; processes?; supports?; considers?; oversees?; absorbs?;
    ingests?; loads?
    """
)
REPLY = any_of(
    r"""
    back(?: from)?; get back;
    outputs?; answers?; repl(?:y|ies); responses?; returns?; writ(?:es?|ing);
    generat(?:es?|ing|ion|ions|ed); produces?; completions?; emits?; per call; speaks?; talks?
    """
)
LIMIT = any_of(
    r"""
    cuts?(?: \w+){0,3} off; longer than; exceeds?; beyond; more than; ends? at;
    at (?:the )?most; no more than; not more than; max(?:imum|imally|es)?; limit\w*; cap(?:ped|s)?;
    longest; stops?; tops?; no (?:further|longer); ceiling; up to; run to; end(?:s|ed)? (?:at|after);
    cut(?:s)? off; length; as (?:much|many|long) as; size; per (?:call|response|answer|reply|request);
    in one (?:answer|reply|response|go|call); in a single (?:answer|reply|response|call)
    """
)
#: Counts of tokens that are no limit of the tool.
OTHER_COUNT = any_of(
    r"""
    (?:per|a|each|every) (?:minute|second|hour|day); rate limits?; per (?:minute|second); averages?;
    on average; typical\w*; usual(?:ly)?; norm; short; trillion; corpus; trained on; training;
    recommended?; ideal; comfortabl\w+; chunks?
    """
)
OF_PARAMETERS = any_of(
    r"""
    parameters?; params?; weights
    """
)
LICENSED = any_of(
    r"""
    chose; chosen; picked; uses?;
    licen[cs]\w*; under; weights; open; covers?; covered; terms; released; published; ships?; permissive
    """
)
#: Parts of a tool that may have a licence of their own.
PARTS_OF_TOOL = any_of(
    r"""
    scripts?; docs?; documentation; examples?; samples?; data(?:sets?)?; code; sdks?; client\w*;
    librar(?:y|ies); base model; based on; built on; plug-?ins?; kit; tooling; tokeni[sz]er; cookbook;
    paper; logo
    """
)
RELEASED = any_of(
    r"""
    releas(?:e|ed|es); launch(?:ed|es)?; c[ao]me out; comes out; published; available; availability;
    (?:went|goes|been) live; on sale; debut(?:s|ed)?; arriv(?:ed|al|es); appeared; introduced; unveiled;
    out since; been out; premiered; shipped; landed; dates? (?:from|back); opened to; in the world since;
    around since; born; on the market; went public; saw the light; rolled out; hit the; made public
    """
)
NOT_RELEASE = any_of(
    r"""
    previews?; beta; announc\w*; training data; knowledge; cut-?off; support; ends?; due; price\w*; next;
    teas\w+; demo\w*; shown; early access; deprecat\w*; retire\w*; update; predecessor; paper
    """
)
CHECKED = any_of(
    r"""
    went over; gone over; looked (?:over|through);
    verification; last checks?; confirmation;
    (?:re-?|double-?)?checked; verif(?:ied|y); confirmed; updated; reviewed;
    (?:current|correct|accurate|valid|true|right) as of; as of;
    (?:last|latest|most recent) (?:look|check|review|update|revision|edit|visit); up to date; refreshed;
    revised; audited; validated; re-?tested;
    last (?:looked|edited|touched|went|seen|read|compared|brought); compared with the vendor; checks?;
    snapshot
    """
)
NOT_CHECK = any_of(
    r"""
    first (?:looked|checked|tested|reviewed); beta; previews?; had; next (?:review|check|update|look);
    will
    """
)

# ── Panel, community and tests ─────────────────────────────────────────────────────────────────────────

REVIEWER = (
    r"(?:reviewers?|panel(?:l?ists?| members?)?|judges?|testers?|critics?|members of the panel|experts?)"
)
PANEL = any_of(
    rf"""
    {REVIEWER}; votes of the panel; scorecard
    """
)
COMMUNITY = any_of(
    r"""
    community; readers?; voters?; votes?; voted; crowd; public; audience; users
    """
)
#: A part of those who judge, or another time.
SOME_OF = any_of(
    r"""
    without; except; excluding; apart from; leaving out; alone; paying; long-time; new readers;
    among (?:developers|founders|students|subscribers|teams); still; last (?:week|month|year|quarter|time);
    then; would have; used to; before; earlier; half of the; first (?:week|month|day);
    (?:the )?(?:builder|skeptic|sceptic|futurist|founder)s?; highest; lowest; best; worst; category;
    of all tools; other tools
    """
)
SHIP = any_of(
    r"""
    ship(?:s|ped|ping)?; back(?:s|ed|ing)?; approv\w+; in favou?r; for it; recommend\w*; into production;
    yes; support\w*; behind; won over; wins? over; convinced; keep; adopt; use it; thumbs up; say go;
    sign off; green light; endorse\w*; persuad\w+; on (?:its|the) side; sided with
    """
)
SKIP = any_of(
    r"""
    skip(?:s|ped|ping)?; reject\w*; pass(?:ed)? on; turn(?:ed)? (?:it )?down; thumbs down; say no; said no;
    leave it; not ship; hold back; held back; stay(?:ed)? away; against it; would not; wouldn't;
    unconvinced
    """
)
MEAN = any_of(
    r"""
    averag(?:e|es|ed|ing); means?(?! that); on average; taken together
    """
)
TESTS = (
    r"(?:tests?|categor(?:y|ies)|bench\s?marks?|rows?|tasks?|dimensions?|rounds?|disciplines?|evaluations?|evals?|"
    r"contests?|columns?|events?|measures?|exercises?|areas)"
)
TEST = any_of(
    rf"""
    {TESTS}
    """
)
WINNING = any_of(
    r"""
    wins?; won; winning; takes?; took; beats?; beat; leads?; led; ahead; outscor(?:es?|ed);
    outperform(?:s|ed)?; (?:better|higher|best|top) (?:score|mark|result)s?; tops?; topped; go(?:es)? to;
    went to; dominat(?:es?|ed); first; on top; outdo(?:es)?; outdid; prevail\w*; victor(?:y|ies|ious);
    bests; bested; sweeps?; swept; edges?; edged; claims?; claimed; defeat(?:s|ed)?; get past; gets past;
    got past; surpass(?:es|ed)?; superior; stronger; better; collects?; scores higher; does better;
    did better; belongs? to; comes? first; over
    """
)
LOSING = any_of(
    r"""
    loses?; lost; trails?; trailed; (?:falls?|fell|is|are|comes?|came|lags?) behind; beaten; worse; lower;
    second; outscored by; lags?
    """
)
NO_TEST = any_of(
    rf"""
    (?:\w*n't|not|never|fails? to|cannot)(?: \w+)? (?:win|take|lead in|get|claim|come out ahead in|be ahead in) (?:an?|one|any)(?: single)?(?: of the)? {TESTS};
    no (?:single )?{TESTS}; none of (?:the |these |its |our )?(?:\w+ )?{TESTS};
    not (?:a|one)(?: single)? {TESTS}; in none
    """
)
EVERY_TEST = any_of(
    rf"""
    (?:every|each|all)(?: one)?(?: of)?(?: the| these| our| its)?(?: single| last| tested| measured| listed| other)?(?: \w+)?(?: of the)? {TESTS};
    across the board; clean sweep; (?:swept|sweeps|sweep of) the (?:table|board|tests|field);
    (?:every|each)(?: single)? (?:one of the )?{TESTS}; wherever we tested; everywhere;
    from (?:the )?first to (?:the )?last; without exception; start to finish; the whole table;
    the entire table; top to bottom
    """
)
#: Tests that are not those of the page, and skills that are no whole.
OTHER_TESTS = any_of(
    r"""
    private; older; another; other(?:wise)?; elsewhere; external; internal; their own; response times?;
    race; speed; latency; last year; earlier; previous; first appeared; not in (?:this|the|our) table;
    vendor'?s?; trial; when this page; at first; used to; until; public leaderboards?
    """
)
UNTESTED = any_of(
    r"""
    (?:not|\w+n't|never)(?: \w+)? been (?:through|part of|put through|included in)(?: \w+){0,2} (?:tests?|benchmarks?|evaluation);
    (?:results?|scores?|marks?|benchmarks?|figures)(?: \S+){0,4} (?:not (?:yet )?(?:available|in|out|there|known)|unavailable); \w+n't(?: yet)?(?: been)?(?: yet)? (?:tested|benchmarked|scored|graded|evaluated|measured); no (?:test|benchmark|bench) (?:results?|scores?|data);
    untested; ungraded; unbenchmarked; unscored;
    (?:not|n't|never)(?: yet)?(?: been)?(?: yet)? (?:tested|benchmarked|scored|graded|evaluated|measured|run|put);
    (?:no|without(?: any)?)(?: \w+){0,2} (?:results?|scores?|marks?|tests|benchmarks?|numbers|figures|data)(?! between);
    (?:nobody|no one|we have not|we haven't|nobody here)(?: \w+){0,3} (?:tested|benchmarked|scored|run|ran|put);
    (?:yet|still) to (?:be )?(?:test|tested|benchmark|benchmarked|score|scored|run|put|undergo|face|see|sit);
    (?:waits?|waiting|awaits?|awaiting)(?: \w+){0,3} (?:tests?|bench\s?marks?|scores?|results?|run);
    (?:results?|scores?|tests?|marks?|benchmarks?)(?: \w+){0,3} (?:missing|outstanding|pending|absent|to come);
    (?:missing|lacks?|lacking)(?: \w+){0,2} (?:results?|scores?|benchmarks?);
    no (?:\w+ )?(?:score|result|benchmark)s? (?:exist|yet|so far)
    """
)
#: What follows "untested" where a part only is untested.
PART_UNTESTED = re.compile(
    r"\s*(?:yet |so far )?(?:on|for|in|with|at|against)\s+(?!§|the (?:tests|table|benchmarks)|our |any |all |now|this (?:page|point|time))"
)
BETTER = any_of(
    r"""
    wins(?=[.!]?$);
    (?:the )?(?:better|best|stronger|superior|smarter|safer|right|wiser|clear|obvious|overall|natural|sensible)(?: (?:overall|all-round|sensible|all-around))?(?: (?:model|one|tool|choice|option|pick|buy|bet|pair|winner|favou?rite|answer|of the (?:two|pair)))+;
    (?:is|remains|proves|looks) (?:clearly |simply |overall |still |just |plainly )*(?:the )?(?:better|stronger|winner|superior)(?= than|\W|$);
    the (?:one|model|tool) (?:to (?:get|have|choose|take|pick|buy|use|beat|go (?:for|with))|(?:that )?(?:we|i)(?:'d| would)? (?:would )?(?:pick|choose|take|recommend|get|use|go));
    our (?:pick|choice|recommendation|winner|favou?rite|advice|vote);
    (?:we|i)(?:'d| would| do| clearly| still)* (?:recommend|choose|pick|take|prefer|go (?:for|with)|favou?r|vote for|side with|reach for);
    should be (?:your|the|everyone's) (?:default|choice|pick|first choice|model); your default;
    wins? (?:this |the |our )?(?:comparison|match|duel|contest|race|match-?up|overall|hands down|outright);
    comes? out (?:on top|ahead|the winner|as the winner)(?! in| of); on top;
    ^\W*(?:take|go (?:for|with)|choose|pick|get|buy|use)(?= §); the answer is; is the answer;
    is (?:clearly |simply |well |just )?ahead(?: of)?; beats? (?:it|the other); has no case left;
    deserves (?:the nod|your money); gets (?:the nod|our vote|our pick);
    (?:nod|crown|vote|verdict|prize) goes to
    """
)
#: An opinion under a condition, of one respect or of some people only, is none of the whole.
CONDITION = any_of(
    r"""
    if; when; where; whenever; unless; until; while; depending; once; otherwise; although; though; isn't;
    aren't; not(?! §); never; whether; may; might; could; provided; were; some; a few; only; as long as;
    except; should you; in terms of;
    for(?! (?:every|all|everyone|most|good|any|nearly|almost|now|us|me|you|§|\$)); at(?! all| §);
    on(?! top| balance| the whole| points| §| every| all| each);
    in(?! every| all| each| this| our| the end| short| fact| general| any| the comparison); with(?! §);
    on price; nobody; neither; than any; was; used to; will; even if; had
    """
)
