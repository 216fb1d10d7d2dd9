"""The staff's addresses. Of allauth only what is named here: no sign-up, no reset by mail."""

from allauth.account import views as account
from allauth.mfa.base import views as factor
from allauth.mfa.recovery_codes import views as codes
from django.contrib import admin
from django.urls import URLPattern, URLResolver, path

from members.staff.access import freshly_proven, proven_or_first
from members.staff.board.views import acknowledge, board
from members.staff.books.closing import close_page
from members.staff.books.files import (
    candidates_csv,
    journal,
    pack_csv,
    pack_xlsx,
    payouts_csv,
    year_csv,
)
from members.staff.books.pages import book_list, chart_page, month_page, payouts_page, year_page
from members.staff.desk.doing import act
from members.staff.desk.find import find
from members.staff.desk.record import open_record, record, show_who
from members.staff.events.views import event_page, inbox_page, object_page, retry
from members.staff.exports import views as lists
from members.staff.factors import AddPasskey, ConfirmFactor, EnrolApp, ShowFactor, remove
from members.staff.letters.kinds import kind_html, kind_list, kind_page
from members.staff.letters.letter import hold, letter_html, letter_page, release
from members.staff.letters.mailbag import mailbag
from members.staff.letters.mailbag import retry as retry_letters
from members.staff.letters.suppressed import lift, suppressed
from members.staff.reading import of_one, overview
from members.staff.reports.pages import overview_page, report_csv, report_page, report_xlsx
from members.staff.reports.trustees import trustee_page
from members.staff.shield import let_go, shield_page
from members.staff.stalls import poster, stalls, switch
from members.staff.team import colleague, lock, team
from members.staff.today import today_page
from members.staff.views import demo_code, member_list

urlpatterns: list[URLPattern | URLResolver] = [
    path("", today_page, name="staff-today"),
    path("reports/", overview_page, name="staff-reports"),
    path("reports/trustees/", trustee_page, name="staff-trustees"),
    path("reports/<slug:which>/", report_page, name="staff-report"),
    path("reports/<slug:which>.csv", report_csv, name="staff-report-csv"),
    path("reports/<slug:which>.xlsx", report_xlsx, name="staff-report-xlsx"),
    path("members/", member_list, name="staff-members"),
    path("board/", board, name="staff-board"),
    path("board/acknowledge/<int:alarm_id>/", acknowledge, name="staff-board-acknowledge"),
    path("desk/", find, name="staff-desk"),
    path("desk/<uuid:supporter_id>/", record, name="staff-desk-record"),
    path("desk/<uuid:supporter_id>/open/", open_record, name="staff-desk-open"),
    path("desk/<uuid:supporter_id>/who/", show_who, name="staff-desk-who"),
    path("desk/<uuid:supporter_id>/<slug:act>/<uuid:about>/", act, name="staff-desk-act"),
    path("lists/", lists.shelf, name="staff-lists"),
    path("lists/new/<slug:subject>/", lists.ask, name="staff-list-new"),
    path("lists/<uuid:list_id>/", lists.one, name="staff-list"),
    path("lists/<uuid:list_id>/file/", lists.file, name="staff-list-file"),
    path("lists/<uuid:list_id>/stop/", lists.stop, name="staff-list-stop"),
    path("lists/<uuid:list_id>/answer/", lists.answer, name="staff-list-answer"),
    path("reading/", overview, name="staff-reading"),
    path("reading/<uuid:staff_id>/", of_one, name="staff-reading-one"),
    path("team/", team, name="staff-team"),
    path("team/lock/", lock, name="staff-lock"),
    path("team/<uuid:member_id>/", colleague, name="staff-colleague"),
    path("inbox/", inbox_page, name="staff-inbox"),
    path("inbox/retry/", retry, name="staff-inbox-retry"),
    path("inbox/look-up/", object_page, name="staff-object"),
    path("inbox/events/<str:event_id>/", event_page, name="staff-event"),
    path("letters/", mailbag, name="staff-letters"),
    path("letters/retry/", retry_letters, name="staff-letters-retry"),
    path("letters/kinds/", kind_list, name="staff-letter-kinds"),
    path("letters/kinds/<slug:kind>/", kind_page, name="staff-letter-kind"),
    path("letters/kinds/<slug:kind>/html/", kind_html, name="staff-letter-kind-html"),
    path("letters/suppressed/", suppressed, name="staff-suppressed"),
    path("letters/suppressed/<uuid:suppression_id>/", lift, name="staff-suppressed-lift"),
    path("letters/<uuid:letter_id>/", letter_page, name="staff-letter"),
    path("letters/<uuid:letter_id>/html/", letter_html, name="staff-letter-html"),
    path("letters/<uuid:letter_id>/hold/", hold, name="staff-letter-hold"),
    path("letters/<uuid:letter_id>/release/", release, name="staff-letter-release"),
    path("stalls/", stalls, name="staff-stalls"),
    path("stalls/<slug:slug>/switch/", switch, name="staff-stall-switch"),
    path("stalls/<slug:slug>/poster/", poster, name="staff-stall-poster"),
    path("shield/", shield_page, name="staff-shield"),
    path("shield/let-go/", let_go, name="staff-shield-let-go"),
    path("books/", book_list, name="staff-books"),
    path("books/accounts/", chart_page, name="staff-books-accounts"),
    path("books/year/<int:year>/", year_page, name="staff-books-year"),
    path("books/year/<int:year>/income.csv", year_csv, name="staff-books-year-csv"),
    path("books/year/<int:year>/scheme.csv", candidates_csv, name="staff-books-scheme"),
    path("books/<str:month>/", month_page, name="staff-books-month"),
    path("books/<str:month>/pack.csv", pack_csv, name="staff-books-csv"),
    path("books/<str:month>/pack.xlsx", pack_xlsx, name="staff-books-xlsx"),
    path("books/<str:month>/payouts/", payouts_page, name="staff-books-payouts"),
    path("books/<str:month>/payouts.csv", payouts_csv, name="staff-books-payouts-csv"),
    path("books/<str:month>/journal/<slug:layout>/", journal, name="staff-books-journal"),
    path("books/<str:month>/close/", close_page, name="staff-books-close"),
    path("admin/", admin.site.urls),
    path("sign-in/", account.login, name="account_login"),
    path("sign-out/", account.logout, name="account_logout"),
    path("closed/", account.account_inactive, name="account_inactive"),
    path("password/", account.password_change, name="account_change_password"),
    path("password/confirm/", account.reauthenticate, name="account_reauthenticate"),
    path("second-factor/", factor.index, name="mfa_index"),
    path("second-factor/code/", ShowFactor.as_view(), name="mfa_authenticate"),
    path("second-factor/confirm/", ConfirmFactor.as_view(), name="mfa_reauthenticate"),
    path("second-factor/enrol/", proven_or_first(EnrolApp.as_view()), name="mfa_activate_totp"),
    path("second-factor/passkey/", proven_or_first(AddPasskey.as_view()), name="mfa_add_webauthn"),
    path("second-factor/<int:factor_id>/remove/", remove, name="staff-factor-remove"),
    path(
        "second-factor/recovery/",
        freshly_proven(codes.view_recovery_codes),
        name="mfa_view_recovery_codes",
    ),
    path(
        "second-factor/recovery/new/",
        freshly_proven(codes.generate_recovery_codes),
        name="mfa_generate_recovery_codes",
    ),
    path(
        "second-factor/recovery/recovery-codes.txt",
        freshly_proven(codes.download_recovery_codes),
        name="mfa_download_recovery_codes",
    ),
    path("demo-code/", demo_code, name="staff-demo-code"),
]
