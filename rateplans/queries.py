"""Questions about plans, rates, taxes and terms."""

from datetime import datetime
from uuid import UUID

from django.db.models import Case, F, IntegerField, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Length, Lower
from django.shortcuts import get_object_or_404

from billing_portal.kernel import phone
from billing_portal.tenancy.models import ExchangeRate
from rateplans.models import BillingTerms, PlanVersion, RateImport, RatePlan, StoredRate, Tax

LAST_FIRST = (F("valid_from").desc(nulls_last=True), "-number")
LONGEST = 15
FAR = 100


def visible_plans() -> QuerySet[RatePlan]:
    """The reseller's plans in their order, those a parent shares among them; the first is preselected for a new customer. Withdrawn ones are left out."""
    return all_plans().filter(withdrawn=False)


def all_plans() -> QuerySet[RatePlan]:
    """The same with plans that a parent took back."""
    return RatePlan.objects.order_by("position", Lower("name"))


def plans_to_choose(held: RatePlan | None) -> QuerySet[RatePlan]:
    """The plans a customer can be put on, the one it is on among them whatever became of it."""
    return all_plans().filter(Q(withdrawn=False) | Q(pk=held.pk if held else None))


def plans_to_inherit() -> QuerySet[RatePlan]:
    """The plans another can inherit from."""
    return visible_plans()


def plan_or_404(plan: UUID) -> RatePlan:
    return get_object_or_404(RatePlan, pk=plan)


def plan_named(name: str) -> RatePlan | None:
    """The plan of this name, whatever its case."""
    return RatePlan.objects.filter(name__iexact=name.strip()).first()


def valid_at(at: datetime) -> Q:
    """The versions that had begun by then; the first of a plan holds for all earlier time."""
    return Q(valid_from=None) | Q(valid_from__lte=at)


def version_at(plan: RatePlan, at: datetime) -> PlanVersion | None:
    """The version in force at a moment (semantics 18); None while the plan has no rates."""
    return versions(plan).filter(valid_at(at)).first()


def versions(plan: RatePlan) -> QuerySet[PlanVersion]:
    """The plan's versions, the one valid last first; of those that begin at the same moment the newest counts."""
    return plan.versions.order_by(*LAST_FIRST)


def version_or_404(plan: RatePlan, number: int) -> PlanVersion:
    return get_object_or_404(PlanVersion, plan=plan, number=number)


def import_or_404(plan: RatePlan, rate_import: UUID) -> RateImport:
    """The upload without the bytes of its file, which may be many."""
    return get_object_or_404(RateImport.objects.defer("content"), pk=rate_import, plan=plan)


def large_upload(plan: RatePlan) -> RateImport | None:
    """The file that a worker reads, has read or applies, without its bytes: the latest upload, unless it was small or is applied."""
    latest = plan.imports.defer("content", "found").annotate(is_read=Q(found__isnull=False)).order_by("-created_at").first()
    is_large = latest is not None and (latest.is_read or latest.state in {RateImport.State.READING, RateImport.State.APPLYING})
    return latest if is_large and latest is not None and latest.state != RateImport.State.APPLIED else None


def plans_with_version(at: datetime) -> QuerySet[RatePlan]:
    """The plans with number, beginning and count of rates of the version in force."""
    current = PlanVersion.objects.filter(valid_at(at), plan=OuterRef("pk")).order_by(*LAST_FIRST)
    return (
        all_plans()
        .select_related("source")
        .annotate(
            version_number=Subquery(current.values("number")[:1]),
            version_since=Subquery(current.values("valid_from")[:1]),
            rate_count=Subquery(current.values("rate_count")[:1]),
        )
    )


def digits_of(term: str) -> str:
    """The digits of a search for a number or prefix, empty when it is a search for words."""
    digits = phone.bare(term)
    return digits if digits.isascii() and digits.isdigit() else ""


def rates(version: PlanVersion, term: str = "") -> QuerySet[StoredRate]:
    """The rates that fit a search. A number finds its prefixes, the longest (the one that counts) first, then the prefixes below it; words find destinations.

    Ordered by `nearness`, then prefix.
    """
    digits = digits_of(term)
    if not digits:
        found = version.rates.filter(destination__icontains=term) if term else version.rates.all()
        return found.annotate(nearness=Value(0)).order_by("nearness", "prefix")
    around = Q(prefix__in=_prefixes(digits))
    nearness = Case(When(around, then=FAR - Length("prefix")), default=Value(FAR), output_field=IntegerField())
    return version.rates.filter(around | Q(prefix__startswith=digits)).annotate(nearness=nearness).order_by("nearness", "prefix")


def longest_prefix(version: PlanVersion, term: str) -> str:
    """The prefix that prices calls to this number, empty when none does or the term is no number."""
    found = version.rates.filter(prefix__in=_prefixes(digits_of(term))).order_by(Length("prefix").desc()).first()
    return found.prefix if found else ""


def _prefixes(digits: str) -> list[str]:
    return [digits[:length] for length in range(1, min(len(digits), LONGEST) + 1)]


def taxes() -> QuerySet[Tax]:
    return Tax.objects.order_by(Lower("name"))


def tax_or_404(tax: UUID) -> Tax:
    return get_object_or_404(Tax, pk=tax)


def billing_terms() -> BillingTerms:
    """The reseller's terms; those of the model's defaults until they are saved once."""
    return BillingTerms.objects.first() or BillingTerms()


def latest_exchange_rates() -> list[ExchangeRate]:
    """The platform's newest rate of each currency, by currency."""
    return list(ExchangeRate.objects.order_by("currency", "-day").distinct("currency"))
