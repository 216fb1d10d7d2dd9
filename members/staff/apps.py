from django.contrib.admin.apps import AdminConfig


class StaffAdminConfig(AdminConfig):
    """Django's admin, with our site in place of the one that can write."""

    default_site = "members.staff.admin_site.ReadingSite"
