from django.apps import AppConfig


class MembersConfig(AppConfig):
    name = "members"

    def ready(self) -> None:
        # Importing registers the vault's system check and the letters of members.
        from members import canary, digests, letters  # noqa: F401 - models must be loaded first
