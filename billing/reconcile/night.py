"""One run: section after section, page after page, its place kept after each page."""

from collections.abc import Callable, Iterator
from typing import Any, Final

import structlog
from django.utils import timezone

from billing import handlers, jobs, outlook, walks
from billing.cause import Cause
from billing.handlers import Handler
from billing.models import Walk
from billing.reconcile import promises, waiting
from billing.reconcile.place import Place
from billing.reconcile.report import Report
from billing.reconcile.rollcall import ROLLS, added
from billing.reconcile.sections import SECTIONS, Section
from billing.stripe_api import NotFound, Unavailable

log = structlog.get_logger(__name__)

NAME: Final = "reconcile"
# Comparing only has a place of its own, so that it never goes on where a healing run stopped.
COMPARING: Final = "compare"
_ROLL_CALL: Final = "roll call"
_TOLD_EVERY: Final = 20
_ASKED_ABOUT: Final = 25
Tell = Callable[[str], None]


def run(
    *, apply: bool, quiet: bool = False, nightly: bool = False, tell: Tell | None = None
) -> Report:
    """Compare everything with Stripe; with `apply`, heal what differs and look again.

    `quiet` heals without letters, for imports. A difference that could not be healed is an error
    of the report, not an exception. A run that was cut short is gone on with; while another is at
    work nothing is done and the report is `busy`. `nightly` says that nobody watches: the sweeper
    then goes on with what was cut short. `tell` is given lines of progress. Raises
    stripe_api.Unavailable when Stripe cannot be read; the place it came to is kept.
    """
    with jobs.noted(NAME if apply else COMPARING) as run:
        report = _alone(apply=apply, quiet=quiet, nightly=nightly, tell=tell)
        run.count(seen=report.seen, found=report.found, healed=report.healed, left=report.remaining)
        run.left = report.remaining
        if report.busy:
            run.skip()
        return report


def _alone(*, apply: bool, quiet: bool, nightly: bool, tell: Tell | None) -> Report:
    try:
        with walks.alone(NAME if apply else COMPARING) as walk:
            if walk is None:
                return Report(busy=True)
            return _Night(walk, apply=apply, quiet=quiet, nightly=nightly, tell=tell).run()
    except walks.TakenOver:
        # We were silent for longer than our lease, and somebody goes on from our last page.
        log.warning("reconcile was taken over")
        return Report(busy=True)


def stranded() -> bool:
    """Whether a run of the clock's was cut short and waits for somebody to go on with it."""
    kept = Walk.objects.filter(name=NAME).values_list("place", flat=True).first() or {}
    return bool(kept.get("nightly")) and walks.stranded(NAME, now=timezone.now())


class _Night:
    """One pass over Stripe's lists, with what it has found so far."""

    def __init__(
        self, walk: Walk, *, apply: bool, quiet: bool, nightly: bool, tell: Tell | None
    ) -> None:
        self.walk, self.apply = walk, apply
        self.place = Place.found(walk.place, quiet=quiet, nightly=nightly)
        self.report = self.place.report
        self.cause = Cause.reconcile(quiet=self.place.quiet)
        self._told = tell

    def run(self) -> Report:
        if self.report.resumed:
            self._tell(f"goes on where a run was cut short, {self.report.seen} objects in")
        for section in SECTIONS:
            if section.name not in self.place.done:
                self._read(section)
        self._roll_call()
        self._waiting()
        self._promises()
        self.walk.place = {}
        self._figures()
        log.info(
            "reconciled",
            seen=self.report.seen,
            differences=self.report.found,
            healed=self.report.healed,
            remaining=self.report.remaining,
            applied=self.apply,
        )
        return self.report

    # Stripe's lists ---------------------------------------------------------------------------
    def _read(self, section: Section) -> None:
        before = self.report.seen, self.report.found
        self._call(section)
        for number, page in enumerate(self._pages(section), start=1):
            self._hear(section, page)
            self._mend(section, page)
            for what in section.worries(page):
                self.report.differs(what)
                self.report.stays(what)
            self.report.seen += len(page)
            if page:
                self.place.after = page[-1].id
            self._keep()
            if number % _TOLD_EVERY == 0:
                self._tell(f"{section.name}: {self.report.seen - before[0]} so far")
        self.place.finish(section.name)
        self._keep()
        seen, found = self.report.seen - before[0], self.report.found - before[1]
        log.info("section reconciled", section=section.name, seen=seen, differences=found)
        self._tell(f"{section.name}: {seen} looked at, {found} differ")

    def _pages(self, section: Section) -> Iterator[list[Any]]:
        """The pages from our place on; all of them, if Stripe forgot the object we stopped at."""
        pages = section.pages(after=self.place.after)
        while True:
            try:
                page = next(pages, None)
            except NotFound:
                if not self.place.after:
                    raise
                self.place.after = ""
                self.place.answered.pop(section.name, None)
                pages = section.pages()
                continue
            if page is None:
                return
            yield page

    def _mend(self, section: Section, page: list[Any]) -> None:
        """Heal what differs on a page; then ask for the page again, and see that it has come."""
        kind, handler = section.kind, section.handler
        mended = [
            each
            for each in section.suspects(page)
            if self._differs(kind, handler, each.id) and self._heal(kind, handler, each.id, each)
        ]
        if not mended:
            return
        fresh = self._again(section)
        listed = [fresh[each.id] for each in mended if each.id in fresh]
        doubtful = {each.id for each in section.suspects(listed)}
        for each in mended:
            if each.id in doubtful or each.id not in fresh:
                self._prove(kind, handler, each.id, each)
            else:
                self.report.healed += 1

    def _again(self, section: Section) -> dict[str, Any]:
        """The page that we are at, asked for anew, by id; new objects may have pushed some off."""
        try:
            return {each.id: each for each in next(section.pages(after=self.place.after), [])}
        except NotFound:
            return {}

    def _differs(self, kind: str, handler: Handler, stripe_id: str) -> bool:
        """Whether an object that looks different is so, looked at alone; noted if it is.

        Of a history that is taken in only the first few are: the rest is healed unasked.
        """
        what = f"{kind} {stripe_id}"
        if self.apply and self.report.found >= _ASKED_ABOUT:
            self.report.differs(what)
            return True
        ahead = outlook.ahead(handler, stripe_id)
        if ahead.differs:
            self.report.differs(f"{what}: {ahead}")
        return ahead.differs

    def _heal(self, kind: str, handler: Handler, stripe_id: str, snapshot: Any = None) -> bool:
        """Do what its event would have done, if asked to; whether that went without an error."""
        if not self.apply:
            self._stays(f"{kind} {stripe_id}", snapshot)
            return False
        try:
            handler(stripe_id, self.cause)
        except Unavailable:
            raise
        except Exception as error:  # noqa: BLE001 - one odd object must not stop the night's run
            self._stays(f"{kind} {stripe_id}", snapshot, why=type(error).__name__)
            return False
        return True

    def _prove(self, kind: str, handler: Handler, stripe_id: str, snapshot: Any = None) -> None:
        """Look once more at one object that was healed; if it differs still, it resisted."""
        left = outlook.ahead(handler, stripe_id)
        if left.differs:
            self._stays(f"{kind} {stripe_id}", snapshot, why=str(left))
        else:
            self.report.healed += 1

    def _stays(self, what: str, snapshot: Any, *, why: str = "") -> None:
        if why:
            self.report.resists(what, why)
            log.error("difference remains", what=what, why=why)
        else:
            self.report.stays(what)
        if ref := getattr(snapshot, "ref", ""):
            self.place.named.append(ref)

    # Our own rows -----------------------------------------------------------------------------
    def _call(self, section: Section) -> None:
        """Take stock before Stripe is asked; a run that goes on has done so."""
        roll = ROLLS.get(section.name)
        if roll is not None and section.name not in self.place.called:
            self.place.called[section.name] = roll.called(self.place.begun)

    def _hear(self, section: Section, page: list[Any]) -> None:
        roll = ROLLS.get(section.name)
        if roll is not None:
            answered = roll.answered([each.id for each in page], self.place.begun)
            self.place.answered[section.name] = added(self.place.heard(section.name), answered)

    def _roll_call(self) -> None:
        """Name what we hold for live or paid and Stripe does not know: a person has to look."""
        if _ROLL_CALL in self.place.done:
            return
        pages = {each.name: each.pages for each in SECTIONS}
        for name, roll in ROLLS.items():
            if tuple(self.place.called[name]) == self.place.heard(name):
                continue
            for stripe_id in roll.missing(pages[name], self.place.begun):
                what = f"{roll.kind} {stripe_id} is not at Stripe"
                self.report.differs(what)
                self.report.stays(what)
        self.place.finish(_ROLL_CALL)

    def _waiting(self) -> None:
        """Settle the rows that wait for a checkout; what was paid has been found above."""
        lonely = []
        for row in waiting.rows():
            self.report.seen += 1
            session_id = waiting.session_of(row)
            if session_id:
                self._checkout(session_id)
            if waiting.is_over(row, now=timezone.now()) and waiting.still(row):
                lonely.append(row)
            self._keep()
        named = waiting.named_at_stripe(lonely) | set(self.place.named)
        for row in lonely:
            if str(row.pk) not in named:
                self._close(row)
        self._tell("checkouts: done")

    def _checkout(self, session_id: str) -> None:
        how = ("checkout", handlers.take_checkout, session_id)
        if self._differs(*how) and self._heal(*how):
            self._prove(*how)

    def _close(self, row: waiting.Row) -> None:
        what = f"{row._meta.verbose_name} {row.pk} waits for nothing"
        self.report.differs(what)
        if not self.apply:
            self.report.stays(what)
            return
        waiting.close(row, cause=self.cause)
        if waiting.still(row):
            self.report.resists(what, "it was not closed")
        else:
            self.report.healed += 1

    def _promises(self) -> None:
        """Name what was promised and refused: the same here and there, and for a person to mend."""
        for what in promises.unkept():
            self.report.differs(what)
            self.report.stays(what)

    # Its place --------------------------------------------------------------------------------
    def _keep(self) -> None:
        self.walk.place = self.place.kept()
        self._figures()
        walks.save(self.walk)

    def _figures(self) -> None:
        self.walk.seen, self.walk.healed = self.report.seen, self.report.healed
        self.walk.remaining = self.report.remaining

    def _tell(self, line: str) -> None:
        if self._told is not None:
            self._told(line)
