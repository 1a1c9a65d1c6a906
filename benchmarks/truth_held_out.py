"""Wordings held out: DO NOT READ THIS FILE if you write or improve the rules that find contradictions.

It measures whether rules hold for sentences that nobody wrote them from: `python -m benchmarks truth --held-out`. Whoever
has read it, or the sentences that `--held-out --missed` prints, must write new ones before the figure counts again. The
names and placeholders are those of truth_words.py; what says nothing of the tools is taken from there.
"""

from benchmarks import truth_words

QUESTIONS = truth_words.QUESTIONS
CHOICES = truth_words.CHOICES
COMPARED = truth_words.COMPARED
FILLERS = truth_words.FILLERS
REVIEWS = truth_words.REVIEWS

WORDINGS: dict[str, tuple[str, ...]] = {
    "context": (
        "Memory is generous here: {k} tokens stay in view on {t}.",
        "{t} looks back over {n} tokens and no more.",
        "We measured a usable window of {k} on {t}.",
        "The prompt limit of {t} lies at {n} tokens.",
        "{k} of context comes as standard with {t}.",
        "The {true_p} model {t} has a window of {k}.",
    ),
    "parameters": (
        "With {b} billion parameters, {t} is what the family calls its everyday size.",
        "{t} weighs in at {p}.",
        "Its makers settled on {b}B parameters for {t}.",
        "Count the parameters of {t} and you arrive at {b} billion.",
    ),
    "input": (
        "What you put into {t} is charged at {v} the million.",
        "{t} has an input rate of {v}/1M.",
        "A prompt of a million tokens to {t} is a matter of {v}.",
        "Tokens going in cost {v} per million on {t}.",
        "Input: {v} per million tokens, says the price list of {t}.",
    ),
    "output": (
        "What comes out of {t} is charged at {v} the million.",
        "{t} has an output rate of {v}/1M.",
        "Letting {t} write a million tokens costs {v}.",
        "Each million output tokens of {t} are {cents}, for a {true_k} window.",
        "Tokens coming out cost {v} per million on {t}.",
    ),
    "both prices": (
        "The price list of {t} reads {i} per million tokens in, {u} per million out.",
        "Its tokens are {i} per million going in and {u} per million coming out.",
        "{t}: {i} input and {u} output per million tokens.",
        "You will be billed {i} for each million tokens read by {t} and {u} for each million written.",
        "Input at {i} and output at {u} per 1M tokens is what {t} asks for.",
    ),
    "licence": (
        "{m} chose {l} for {t}.",
        "Lawyers will find {l} in the license file of {t}.",
        "{t} can be had under the terms of {l}.",
        "As for the license, {t} uses {l}.",
        "The model card of {t} names {l} as the license.",
        "It carries an {l} license.",
    ),
    "max output": (
        "After {n} tokens of answer {t} falls silent.",
        "{t} has an output ceiling of {n} tokens.",
        "Answers of {t} end at {n} tokens at the latest.",
        "The most {t} will write in one reply is {n} tokens.",
        "With {true_k} in and {n} out, {t} sets its limits in tokens.",
    ),
    "released": (
        "{t} first saw the light of day in {my}.",
        "{m} put {t} on sale on {d}.",
        "The public has had {t} since {d}.",
        "{t} is a {my} release.",
        "Out since {my}, {t} has shed its early bugs.",
    ),
    "checked": (
        "We went over the vendor's price page again on {d}.",
        "Data as of {d}.",
        "Verified: {d}.",
        "The last check of this page took place on {d}.",
    ),
    "per 1K": (
        "1K tokens of prompt are {vi} on {t}.",
        "{t} counts in thousands: {vi} for each thousand tokens in.",
        "With {t} you pay {vo} for a thousand tokens of completion.",
        "{t} quotes {vo}/1K for output.",
    ),
    "currencies": (
        "{t} sells a million output tokens for {v}, in other words {e}.",
        "Per million output tokens {t} takes {v} or the equivalent of {e}.",
        "The {v} that {t} asks for a million output tokens come to {e} in Europe's money.",
        "{v} = {e} is the output price of {t} per million tokens.",
    ),
    "words": (
        "{k} tokens, that is {w} words, is the most {t} can hold.",
        "{t} offers a window of {k} tokens, equal to {w} words or so.",
        "You get about {w} words into the {k} tokens of {t}.",
        "Roughly {w} words of text correspond to the {k} tokens that {t} reads.",
    ),
    "pair prices": (
        "{t} bills {ti} for a million tokens of input and {tu} for a million of output, where {o} bills {oi} and {ou}.",
        "Input per million: {ti} on {t}, {oi} on {o}. Output per million: {tu} on {t}, {ou} on {o}.",
        "{o} is at {oi} in and {ou} out for a million tokens; {t} is at {ti} in and {tu} out.",
        "Compare {ti} in and {tu} out per million tokens for {t} with {oi} in and {ou} out for {o}.",
    ),
    "times cheaper": (
        "{o} is priced at {nw} times the level of {t}.",
        "{t} gets by on {frac} of the cost of {o}.",
        "Tokens from {o} are {n}x the price of tokens from {t}.",
        "Expect to pay {n} times more with {o} than with {t}.",
    ),
    "percent cheaper": (
        "{t} comes in {p}% below {o} on price.",
        "The discount of {t} against {o} is {p}%.",
        "{t} shaves {p}% off what {o} costs.",
        "Per token you pay {p}% less to {t} than to {o}.",
    ),
    "half or double": (
        "{o} takes double what {t} takes.",
        "{t} comes at half of {o}'s rate.",
        "Two tokens from {t} cost what one from {o} does.",
        "The price of {o} is twice that of {t}.",
    ),
    "same price": (
        "{t} and {o} share one price list.",
        "Pay for {t} or pay for {o}: it is the same amount per token.",
        "Cost does not tell {t} and {o} apart.",
        "{t} and {o} are equally expensive.",
    ),
    "total times cheaper": (
        "With 100M tokens on the meter, {o} is {n} times the price of {t}.",
        "Over 100M tokens, {t} costs {frac} of {o}.",
        "At a volume of 100M tokens {o} costs {n}x what {t} costs.",
        "Between {t} and {o} lies a factor of {n} at 100M tokens.",
    ),
    "total percent cheaper": (
        "On 100M tokens {t} saves {p}% over {o}.",
        "With 100M tokens a month, {t} is {p} percent below {o}.",
        "The bill for 100M tokens falls by {p}% when you go from {o} to {t}.",
        "For a month of 100M tokens, choose {t} and pay {p}% less than with {o}.",
    ),
    "total half or double": (
        "100M tokens on {o} cost twice as much as on {t}.",
        "With 100M tokens a month, {t} is half as expensive as {o}.",
        "Double the bill: that is what {o} means next to {t} at 100M tokens.",
        "At a volume of 100M tokens {t} comes to half of {o}.",
    ),
    "total same": (
        "Whether {t} or {o}, 100M tokens cost the same.",
        "With 100M tokens a month, {t} and {o} end up at one figure.",
        "{t} and {o} are on a par in cost at 100M tokens.",
        "The bills of {t} and {o} for 100M tokens do not differ.",
    ),
    "saving": (
        "Per million tokens written, {t} leaves you {v} better off than {o}.",
        "On a million output tokens {t} is {v} below {o}.",
        "Going from {o} to {t} spares you {v} per million output tokens.",
        "You save {v} with {t} rather than {o} each time a million output tokens are written.",
    ),
    "one price": (
        "{t} comes at {v} per million tokens.",
        "A million tokens on {t} are {v}.",
        "Paying {v} per million tokens for {t} is fair.",
        "{t} handles it at {v}/M, whereas {o} wants {w}.",
    ),
    "total": (
        "With {V} tokens a month, {t} is a matter of {c}.",
        "{t} comes to {c} a month at {V} tokens.",
        "{c} is what {V} tokens a month cost on {t}.",
        "Send {V} tokens through {t} and you owe {c}.",
    ),
    "over time": (
        "Feed {t} {D} tokens day after day and a month of input costs {cm}.",
        "A month of {D} input tokens a day is {cm} with {t}.",
        "{D} input tokens a month mean {cy} a year on {t}.",
        "Per day, {D} input tokens on {t} amount to {cd}.",
    ),
    "undercuts": (
        "{t} comes in {v} below {o} at 100M tokens.",
        "At 100M tokens a month {o} is {v} dearer than {t}.",
        "With 100M tokens, taking {t} over {o} saves {v}.",
        "{o} costs {v} more than {t} once you reach 100M tokens.",
    ),
    "mean": (
        "Four reviewers, one mean: {v} for {t}.",
        "{t} comes to {v} when the four scores are averaged.",
        "The mean of the panel's scores for {t} is {v}.",
        "Averaged over the panel, {t} has {v} points.",
    ),
    "split": (
        "{S} of four on the panel say ship to {t}.",
        "For {t} the panel counts {x} ship against {y} skip.",
        "{R} of our four reviewers would leave {t} out.",
        "{t} convinced {s} of the four people on the panel.",
    ),
    "share": (
        "{p}% of our reviewers are for {t}.",
        "The panel is {p}% behind {t}.",
        "{t} leaves the panel with {p} percent ship.",
        "Reviewers voted {p}% in favour of {t}.",
    ),
    "community": (
        "The community is {p}% in favour of {t}.",
        "{p}% of community votes are for shipping {t}.",
        "Reader votes put {t} at {p}% ship.",
        "Asked about {t}, {p} percent of the community say ship.",
    ),
    "score": (
        "{test}: {v}/{max} for {t}.",
        "{t} takes {v} points out of {max} in {test}.",
        "Out of {max} points for {test}, {t} gets {v}.",
        "{v} of {max} is the result of {t} for {test}.",
    ),
    "wins": (
        "{t} is on top in {s} of the twelve tests.",
        "{S} of 12 tests end in favour of {t}.",
        "The score reads {x} tests won by {t}.",
        "{t} has the edge over {o} in {s} tests out of twelve.",
    ),
    "sweep": (
        "{t} is ahead of {o} in all twelve tests.",
        "{o} does not win a single test against {t}.",
        "Whatever the test, {t} does better than {o}.",
        "{t} outperforms {o} in all tests without exception.",
    ),
    "untested": (
        "Test results for {t} are not available yet.",
        "{t} has no benchmark scores.",
        "So far {t} has gone without a single test.",
        "We have not tested {t}.",
    ),
    "advice": (
        "Take home {t} rather than {o}.",
        "{t} is what we would put into production.",
        "In this match {t} comes first.",
        "All told, {t} is the stronger model.",
    ),
    "answer": (
        "Choose {t}.",
        "That would be {t}.",
        "{t} is the winner.",
        "{t} is stronger than {o}.",
    ),
}

NEAR_MISSES: dict[str, tuple[tuple[str, str], ...]] = {
    "batch": (
        ("Queued as a batch, input on {t} is {i2} per million tokens.", "input"),
        ("With answers due by tomorrow only, {t} asks {u2} per million output tokens.", "output"),
    ),
    "cached": (
        ("What {t} has read before costs {i10} per million tokens.", "input"),
        ("On a cache hit {t} bills {i10} per million input tokens.", "input"),
    ),
    "commitment": (
        ("Sign for a year and {t} is {u2} per million output tokens.", "output"),
        ("On prepaid volume {t} is down to {i2} per million input tokens.", "input"),
    ),
    "host": (
        ("Hosted by Brightrack, {t} runs to {u3} per million output tokens.", "output"),
        ("One cloud provider sells {t} at {i2} per million input tokens.", "input"),
    ),
    "negotiated": (
        ("A bank told us that it pays {u2} per million output tokens for {t} after talks.", "output"),
    ),
    "training": (("To train {t} on your own texts costs {u3} per million tokens.", "one price"),),
    "launch": (("When {t} came out, a million output tokens were {u3}.", "output"),),
    "past": (
        ("Through {past}, {t} had asked for {i3} per million input tokens.", "input"),
        ("The former output price of {t} was {u3} per million tokens.", "output"),
    ),
    "estimate": (
        ("We would not be surprised to see {t} at {u2} per million output tokens next year.", "output"),
        ("{m} plans to widen the window to {K2} tokens.", "context"),
    ),
    "predecessor": (
        ("Where the older {f} had {Kh} tokens of context, {t} has {k}.", "context"),
        ("Its forerunner came with a {lo} license.", "licence"),
    ),
    "up to": (("The same hardware runs models as large as {bp}B beside {t}.", "parameters"),),
    "rivals": (
        ("Others in the field manage {K2} tokens of context.", "context"),
        ("Bigger models with {bp}B parameters are slower than {t}.", "parameters"),
        ("Its competitors charge {u3} per million output tokens.", "output"),
    ),
    "negation": (
        ("{t} never had a window of {K2} tokens.", "context"),
        ("Contrary to rumour {t} is not under {lo}.", "licence"),
        ("Nobody pays {u3} per million output tokens for {t}.", "output"),
    ),
    "third tools": (
        ("For {third} you would pay {u3} per million output tokens.", "output"),
        ("{t} costs 35% less than {third}.", "percent cheaper"),
        ("The teacher from which {t} learned has {bp}B parameters.", "parameters"),
    ),
    "mixes": (("Half input, half output: {t} then costs {mix11} per million tokens.", "one price"),),
    "rounding": (("Engineers will note that the window of {t} is {binary} tokens.", "context"),),
    "past panel": (("On an earlier reading the panel's mean for {t} had been {mean_then}.", "mean"),),
    "dates": (
        ("{t} had been in closed testing since {before}.", "released"),
        ("{m} wants to replace {t} in {after}.", "released"),
    ),
    "currency": (("Consulting is billed apart, at €120 an hour or $900 a day.", "currencies"),),
    "words": (("A report of {toomany} words is too long for the {k} tokens of {t}.", "words"),),
    "limits": (("On the trial plan {t} sees {Kh} tokens and not its whole window.", "context"),),
    "half a licence": (
        ("The tokenizer of {t} is published under {lo}, the weights are another matter.", "licence"),
    ),
    "whole bills": (("Add monitoring and storage, and 100M tokens on {t} cost {tot5}.", "total"),),
    "not prices": (("{t} needs half the memory that it needed at first.", "half or double"),),
}

PAIR_NEAR_MISSES: dict[str, tuple[tuple[str, str], ...]] = {
    "conditions": (
        ("Where every answer is read aloud, take {o}.", "advice"),
        ("{o} is the better model for poets.", "advice"),
    ),
    "elsewhere": (
        ("On a rival site {o} is said to beat {t} in every test.", "sweep"),
        ("{t} has not been tested on Arabic yet.", "untested"),
    ),
    "third tools": (
        ("{third} is twice the price of {t}.", "half or double"),
        ("Against {third}, {t} loses every test.", "sweep"),
    ),
    "not prices": (
        ("{t} needs twice the memory of {o}.", "half or double"),
        ("{o} starts ten times faster than {t}.", "times cheaper"),
    ),
    "conditional prices": (
        (
            "With cached prompts the gap between {t} and {o} shrinks to a few cents per million tokens.",
            "saving",
        ),
        ("In its launch week {o} had cost {o3} per million output tokens.", "output"),
    ),
}
