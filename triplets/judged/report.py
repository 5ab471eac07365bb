"""What judgements have taught, in words: the weights before and after, and who agrees how often with the judges."""

from core.rows import Rows, text
from core.tables import DESCRIPTORS
from triplets.judged.agreement import Estimate
from triplets.judged.judgements import Judgements
from triplets.judged.learned import Learned, rounded


def console(judgements: Judgements, learned: Learned, counts: dict[str, int]) -> str:
    """What the command prints; `counts` are the judgements of `all` and of each category."""
    return "\n".join(
        [_told(judgements), "", _weights(learned, counts), _agreement(learned, counts), _verdict(learned.gain)]
    )


def _told(judgements: Judgements) -> str:
    queries = len(set(judgements.query))
    line = f"{len(judgements):,} judgements about {queries:,} queries; people who judged: {judgements.people:,}"
    if judgements.repeated:
        line += f"; {judgements.repeated:,} rows repeat another in everything and do not count"
    if judgements.unanswered:
        line += f"; {judgements.unanswered:,} rows are not answered yet"
    return line + "."


def _weights(learned: Learned, counts: dict[str, int]) -> str:
    """The weights before and after, with the interval in which the learnt one lies with a probability of 95 %."""
    rows: Rows = [["weights of", "judgements", *(f"{name}: before, after" for name in DESCRIPTORS)]]
    for group in learned.shares:
        posterior = learned.learnt.overall if group == "all" else learned.learnt.categories.get(group)
        before = learned.before(group)
        if posterior is None:
            own = group in learned.present.category_weights
            cells = [f"{before[name]:.3f}, kept" if own else "as all" for name in DESCRIPTORS]
        else:
            low, high = posterior.interval()
            cells = [
                f"{before[name]:.3f}, {after:.3f} ({low[at]:.2f} to {high[at]:.2f})"
                for at, (name, after) in enumerate(rounded(posterior.weights).items())
            ]
        rows.append([group, f"{counts[group]:,}", *cells])
    return text(rows)


def _agreement(learned: Learned, counts: dict[str, int]) -> str:
    """How often each system orders a and b as judged."""
    rows: Rows = [["agreement, 95 % interval", "judgements", "learnt, held out", "present", *DESCRIPTORS]]
    rows += [
        [group, f"{counts[group]:,}", *(_percent(estimate) for estimate in systems.values())]
        for group, systems in learned.shares.items()
    ]
    return text(rows)


def _percent(estimate: Estimate) -> str:
    return f"{estimate.value:.0%} ({estimate.low:.0%} to {estimate.high:.0%})"


def _verdict(gain: Estimate) -> str:
    points = f"{100 * gain.value:+.1f} percentage points, 95 % interval {100 * gain.low:+.1f} to {100 * gain.high:+.1f}"
    if gain.low > 0:
        return f"The learnt weights agree with the judges more often than the present ones: {points}."
    if gain.high < 0:
        return f"The learnt weights agree with the judges LESS often than the present ones: {points}. Keep those."
    return (
        f"The learnt weights are NOT shown to agree with the judges better than the present ones: {points}."
        " Judge more pairs, or keep the present weights."
    )
