from django.apps import AppConfig


class MembersConfig(AppConfig):
    name = "members"

    def ready(self) -> None:
        # Importing registers the vault's check, the letters of members, and the ear for bounces.
        from members import alarm_letters, bounces, canary, digests, exports, letters  # noqa: F401 - models first
