"""Django's admin as a reading room: behind our gate, for those who may see members."""

from collections.abc import Iterable
from typing import Any

from django.contrib.admin import AdminSite, ModelAdmin
from django.db.models.base import ModelBase
from django.http import HttpRequest
from django.shortcuts import redirect

from members.roles import May, may
from members.staff.access import refused


class ReadingSite(AdminSite):
    site_title = "Staff"
    site_header = "The rows, to read"
    index_title = "Tables"
    site_url = "/staff/"
    enable_nav_sidebar = False

    def register(
        self,
        model_or_iterable: ModelBase | Iterable[ModelBase],
        admin_class: "type[ModelAdmin[Any]] | None" = None,
        **options: Any,
    ) -> None:
        """Take in what cannot write; leave out what other packages register for editing."""
        if getattr(admin_class, "only_reads", False):
            super().register(model_or_iterable, admin_class, **options)

    def has_permission(self, request: HttpRequest) -> bool:
        return may(request.user, May.TABLES)

    def login(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """Not a second way in: the gate has signed them in, so what is missing here is the role."""
        return redirect("admin:index") if self.has_permission(request) else refused(request)

    def logout(self, request: HttpRequest, extra_context: Any = None) -> Any:
        return redirect("account_logout")

    def password_change(self, request: HttpRequest, extra_context: Any = None) -> Any:
        return redirect("account_change_password")
