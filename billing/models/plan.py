"""What can be chosen on the join page."""

from django.db import models

from billing.ids import new_id
from billing.models.rules import one_of, positive


class Interval(models.TextChoices):
    MONTH = "month", "every month"
    YEAR = "year", "every year"
    ONCE = "once", "once"


class BenefitClass(models.TextChoices):
    """What the supporter gets in return: drives receipt wording and tax relief (DOMAIN 0.1)."""

    NONE = "none", "No benefit: a donation"
    TOKEN = "token", "Token benefit"
    MATERIAL = "material", "Material benefit"


class Plan(models.Model):
    """A way to support: how often, at least how much, and for what in return. Amounts in cents."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    slug = models.SlugField(max_length=32, unique=True)
    name = models.CharField(max_length=64)
    interval = models.CharField(max_length=8, choices=Interval)
    currency = models.CharField(max_length=3, default="eur")
    least_cents = models.PositiveIntegerField()
    suggested_cents = models.PositiveIntegerField()
    benefit_class = models.CharField(max_length=16, choices=BenefitClass, default=BenefitClass.NONE)
    benefits = models.CharField(max_length=200, blank=True)
    active = models.BooleanField(default=True)
    position = models.PositiveSmallIntegerField(default=0)
    stripe_product_id = models.CharField(max_length=255, blank=True)

    class Meta:
        ordering = ["position"]
        constraints = [
            one_of("plan", "interval", Interval),
            one_of("plan", "benefit_class", BenefitClass),
            positive("plan", "least_cents"),
            models.CheckConstraint(
                name="plan_suggests_enough",
                condition=models.Q(suggested_cents__gte=models.F("least_cents")),
            ),
        ]

    def __str__(self) -> str:
        return self.slug

    @property
    def recurring(self) -> bool:
        return self.interval != Interval.ONCE
