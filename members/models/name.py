"""The index of names: each word of a name as a keyed hash, so that nobody can read it."""

import unicodedata
from typing import Final
from uuid import UUID

from django.db import models, transaction

from members import vault

# One letter would find a tenth of all, and tells nothing.
LEAST: Final = 2
# A name has at most a hundred characters; more words than this are no name.
MOST: Final = 12


def words(name: str) -> list[str]:
    """The words of a name as they are compared: no accents, no case, no punctuation, each once.

    "Zoë O'Shea-Byrne" is zoe, oshea, byrne.
    """
    bare = name.replace("'", "").replace("\u2019", "")  # O'Neill is one word, however typed
    apart = unicodedata.normalize("NFKD", bare)
    kept = "".join(sign for sign in apart if not unicodedata.combining(sign)).casefold()
    split = "".join(sign if sign.isalnum() else " " for sign in kept).split()
    return list(dict.fromkeys(word for word in split if len(word) >= LEAST))[:MOST]


class NameToken(models.Model):
    """One word of one supporter's name, as a keyed hash. Written with the name, in its save."""

    id = models.BigAutoField(primary_key=True)
    supporter = models.ForeignKey(
        "members.Supporter", on_delete=models.CASCADE, related_name="name_tokens"
    )
    token_hash = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["token_hash", "supporter"], name="one_token_per_word_of_a_name"
            )
        ]

    def __str__(self) -> str:
        return str(self.pk)


def hashes(name: str) -> list[str]:
    """The keyed hashes of a name's words."""
    return [vault.word_hash(word) for word in words(name)]


def index(supporter_id: UUID, name: str, *, fresh: bool = False) -> None:
    """Make the index say what the supporter is called now; part of the caller's transaction.

    A `fresh` row has no words in it yet: whoever joins waits for one statement, not for three.
    """
    wanted = set(hashes(name))
    with transaction.atomic():
        if not fresh:
            rows = NameToken.objects.filter(supporter=supporter_id)
            rows.exclude(token_hash__in=wanted).delete()
        NameToken.objects.bulk_create(
            [NameToken(supporter_id=supporter_id, token_hash=each) for each in wanted],
            ignore_conflicts=True,
        )
