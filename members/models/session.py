"""A browser in which a supporter is signed in."""

from django.db import models
from django.utils import timezone

from billing.ids import new_id
from billing.models.rules import one_of
from members.models.supporter import Supporter


class Program(models.TextChoices):
    """What one reads pages with, as coarsely as it is recognised by its owner. Brands: as is."""

    FIREFOX = "firefox", "Firefox"
    EDGE = "edge", "Edge"
    SAMSUNG = "samsung", "Samsung Internet"
    OPERA = "opera", "Opera"
    CHROME = "chrome", "Chrome"
    SAFARI = "safari", "Safari"
    OTHER = "other", "A browser"


class System(models.TextChoices):
    ANDROID = "android", "Android"
    IPHONE = "iphone", "iPhone"
    IPAD = "ipad", "iPad"
    WINDOWS = "windows", "Windows"
    MAC = "mac", "Mac"
    CHROMEBOOK = "chromebook", "Chromebook"
    LINUX = "linux", "Linux"
    OTHER = "other", "Something else"


class Browser(models.Model):
    """One browser that is signed in: the session holds the id of this row, and dies with it.

    Of the browser it keeps two words of a list, and the day, not the hour, when it was last used:
    enough for its owner to know it by, too little to follow anybody. No network address.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    supporter = models.ForeignKey(Supporter, on_delete=models.CASCADE, related_name="browsers")
    program = models.CharField(max_length=16, choices=Program, default=Program.OTHER)
    system = models.CharField(max_length=16, choices=System, default=System.OTHER)
    began_at = models.DateTimeField(default=timezone.now)
    last_seen_on = models.DateField()

    class Meta:
        constraints = [
            one_of("browser", "program", Program),
            one_of("browser", "system", System),
        ]
        indexes = [models.Index(fields=["began_at"], name="browser_by_age")]

    def __str__(self) -> str:
        return str(self.id)
