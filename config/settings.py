"""All settings, read once from the environment by typed readers that fail loudly.

A secret NAME may be given as NAME_FILE, the path of a file that holds it. ENV_FILE names a file of
NAME=value lines (default: .env beside manage.py, if there is one); the environment wins over it.
The README has the table of all variables. Production differs from the demo by environment only.
"""

from email.utils import formataddr, parseaddr
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from celery.schedules import crontab

from config.logs import logging_config

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = BASE_DIR / "var"

env = environ.FileAwareEnv()
env.read_env(env.path("ENV_FILE", default=str(BASE_DIR / ".env")))  # a missing file reads as empty

# The service
DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY")
SITE_URL = env.str("SITE_URL", default="http://127.0.0.1:8000").rstrip("/")
# The demo answers to both names of this machine, whichever a newcomer types.
_NAMES_OF_THE_DEMO = ["localhost", "127.0.0.1"] if DEBUG else []
ALLOWED_HOSTS = _NAMES_OF_THE_DEMO + env.list(
    "ALLOWED_HOSTS", default=[urlsplit(SITE_URL).hostname]
)
CSRF_TRUSTED_ORIGINS = [SITE_URL]
TRUSTED_PROXY = env.bool("TRUSTED_PROXY", default=False)

# The vault: keys newest first, base64 of 32 bytes each
VAULT_KEYS = env.list("VAULT_KEYS")
VAULT_LOOKUP_KEY = env.str("VAULT_LOOKUP_KEY")

# Stripe
STRIPE_API_KEY = env.str("STRIPE_API_KEY", default="")
STRIPE_WEBHOOK_SECRETS = env.list("STRIPE_WEBHOOK_SECRETS", default=[])
STRIPE_API_BASE = env.str("STRIPE_API_BASE", default="")
STRIPE_LIVEMODE = STRIPE_API_KEY.startswith(("sk_live_", "rk_live_"))
# Where a form of ours may lead the browser: Checkout, the customer portal, the page of an invoice.
STRIPE_PAGE_ORIGINS = env.list(
    "STRIPE_PAGE_ORIGINS",
    default=[
        "https://checkout.stripe.com",
        "https://billing.stripe.com",
        "https://invoice.stripe.com",
    ],
)
# Who takes direct debits, as Stripe's dashboard names us (Settings, Payment methods).
SEPA_CREDITOR_ID = env.str("SEPA_CREDITOR_ID", default="")
STRIPE_STATEMENT_DESCRIPTOR = env.str("STRIPE_STATEMENT_DESCRIPTOR", default="GCN SUPPORT")
STRIPE_STATEMENT_PREFIX = env.str("STRIPE_STATEMENT_PREFIX", default="GCN")
STRIPE_STATEMENT_SUFFIX = env.str("STRIPE_STATEMENT_SUFFIX", default="GIFT")
# Stripe refuses the terms box unless a terms URL is set in its dashboard (public details).
STRIPE_TERMS_CONSENT = env.bool("STRIPE_TERMS_CONSENT", default=False)

# What Stripe's price list takes of a card payment (DOMAIN 8), until enough was paid to measure it;
# and what is offered on the join page. All for sentences on pages: the books take Stripe's figures.
FEE_CARD_PER_MILLE = env.int("FEE_CARD_PER_MILLE", default=15)
FEE_CARD_CENTS = env.int("FEE_CARD_CENTS", default=25)
FEE_BILLING_PER_MILLE = env.int("FEE_BILLING_PER_MILLE", default=0)
PRESETS_CENTS = {
    "year": env.list("PRESETS_YEAR_CENTS", cast=int, default=[2388]),
    "month": env.list("PRESETS_MONTH_CENTS", cast=int, default=[499, 299, 199]),
    "once": env.list("PRESETS_ONCE_CENTS", cast=int, default=[500, 1000, 2500]),
}

# How patient we are
GRACE_DAYS = env.int("GRACE_DAYS", default=14)
PAUSE_DAYS = env.int("PAUSE_DAYS", default=92)
DISPUTE_ENDS_MEMBERSHIP = env.bool("DISPUTE_ENDS_MEMBERSHIP", default=True)
REFUND_FRAUD_WARNINGS = env.bool("REFUND_FRAUD_WARNINGS", default=True)
CHARGE_REFUND_CEILING_CENTS = env.int("CHARGE_REFUND_CEILING_CENTS", default=2500)
STAFF_REFUND_CEILING_CENTS = env.int("STAFF_REFUND_CEILING_CENTS", default=5000)
CHARGE_REFUNDS_PER_DAY = env.int("CHARGE_REFUNDS_PER_DAY", default=5)
REMINDER_DAYS = env.int("REMINDER_DAYS", default=21)
SEPA_NOTICE_DAYS = env.int("SEPA_NOTICE_DAYS", default=14)
LEASE_SECONDS = env.int("LEASE_SECONDS", default=300)
SWEEP_SECONDS = env.int("SWEEP_SECONDS", default=60)
EVENT_ATTEMPTS = env.int("EVENT_ATTEMPTS", default=8)
LETTER_ATTEMPTS = env.int("LETTER_ATTEMPTS", default=8)
LETTERS_PER_MINUTE = env.int("LETTERS_PER_MINUTE", default=0)  # 0: as fast as the server takes them
ALARM_MINUTES = env.int("ALARM_MINUTES", default=10)
ALARMS_PER_HOUR = env.int("ALARMS_PER_HOUR", default=6)
CHECKOUT_MINUTES = env.int("CHECKOUT_MINUTES", default=60)

# The shield: two numbers each, from which the public forms are PRESSED, and in a STORM
SHIELD_THRESHOLDS = {
    # Payment pages in an hour that outnumber the paid ones
    "unpaid": env.list("SHIELD_UNPAID", cast=int, default=[60, 200]),
    # In ten minutes: payments that banks refused, forms that no hand sent, links to sign in that
    # were asked for, askings beyond a limit
    "refused": env.list("SHIELD_REFUSED", cast=int, default=[10, 40]),
    "hasty": env.list("SHIELD_HASTY", cast=int, default=[10, 60]),
    "sign_ins": env.list("SHIELD_SIGN_INS", cast=int, default=[150, 1000]),
    "limited": env.list("SHIELD_LIMITED", cast=int, default=[60, 500]),
}
SHIELD_CHECKOUTS_PER_PAYMENT = env.int("SHIELD_CHECKOUTS_PER_PAYMENT", default=5)
SHIELD_QUIET_MINUTES = env.int("SHIELD_QUIET_MINUTES", default=15)
SHIELD_PROOF_SUMS = env.int("SHIELD_PROOF_SUMS", default=20_000)

# The books: account codes and the columns of journals; empty is billing/accounts/chart.toml
BOOKS_FILE = env.str("BOOKS_FILE", default="")

# The charity: the defaults are GCN's; what is empty is left out, never a placeholder
CHARITY = {
    "legal_name": env.str("CHARITY_LEGAL_NAME", default="National LGBT Federation CLG"),
    "trading_name": env.str("CHARITY_TRADING_NAME", default="GCN"),
    "rcn": env.str("CHARITY_RCN", default="20034580"),
    "chy": env.str("CHARITY_CHY", default=""),
    "cro": env.str("CHARITY_CRO", default=""),
    "office": env.str("CHARITY_OFFICE", default=""),
    "support_email": env.str("CHARITY_SUPPORT_EMAIL", default=""),
    "website": env.str("CHARITY_WEBSITE", default="https://gcn.ie"),
}
# Who serves these pages and who carries our letters: the privacy notice names them.
HOSTED_BY = env.str("HOSTED_BY", default="")
MAIL_CARRIED_BY = env.str("MAIL_CARRIED_BY", default="")
# Words that must not show where others may look (DESIGN 11): bank lines, subjects, file names.
# The second line is Irish, whose words change their first letters.
INDISCREET_WORDS = env.list(
    "INDISCREET_WORDS",
    default=[
        *("gay", "lgbt", "queer", "pride", "lesbian", "bisexual", "trans", "homo"),
        *("aerach", "leispiach", "éghnéasach", "rasinscneach", "bród", "bhród", "ladt"),
    ],
)

# The news site: whose scripts may ask for the meter's figures and about a badge, and what the goal
# meter goes towards (members, or euros a month; 0 is no meter)
NEWS_ORIGINS = [each.rstrip("/") for each in env.list("NEWS_ORIGINS", default=[])]
METER_GOAL_MEMBERS = env.int("METER_GOAL_MEMBERS", default=0)
METER_GOAL_EUROS = env.int("METER_GOAL_EUROS", default=0)
BADGE_DAYS = env.int("BADGE_DAYS", default=90)

INSTALLED_APPS = [
    "config.apps.ConfigConfig",
    "members",
    "billing",
    "members.staff.apps.StaffAdminConfig",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "csp",
    "anymail",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "config.headers.ShutDoors",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    # Before all that reads a cookie.
    "members.embed.bare.Bare",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "members.languages.PageLanguage",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "members.staff.gate.StaffGate",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
AUTH_USER_MODEL = "members.StaffMember"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# The charity's own words for its papers, in place of ours: see the README.
PAPERS_DIR = env.str("PAPERS_DIR", default="")

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [PAPERS_DIR] if PAPERS_DIR else [],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "config.context.charity",
            ],
        },
    },
]

# Data
_database: dict[str, Any] = env.db_url(
    "DATABASE_URL", default=f"sqlite:///{VAR_DIR / 'meitheal.sqlite3'}"
)
if _database["ENGINE"].endswith("sqlite3"):
    # IMMEDIATE takes the write lock at BEGIN: two writers queue instead of failing half-way.
    _database["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        # Recursive: without it REPLACE deletes a row past the triggers that keep it.
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; "
        "PRAGMA recursive_triggers=ON;",
    }
else:
    _database["OPTIONS"] = {
        "pool": {"min_size": 1, "max_size": env.int("DATABASE_POOL", default=10), "timeout": 10}
    }
# A connection that died with a restart of the database is not handed out again.
_database["CONN_HEALTH_CHECKS"] = True
DATABASES = {"default": _database}

REDIS_URL = env.str("REDIS_URL", default="")
CACHES = {
    "default": {"BACKEND": "config.cache.ForgivingRedisCache", "LOCATION": REDIS_URL}
    if REDIS_URL.startswith(("redis://", "rediss://", "unix://"))
    else {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        # The shield counts in it: what a small cache drops would be an attack forgotten.
        "OPTIONS": {"MAX_ENTRIES": 20_000},
    }
}

# Celery: the broker is only the doorbell, the rows are the queue
CELERY_BROKER_URL = env.str("CELERY_BROKER_URL", default=REDIS_URL or "memory://")
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BROKER_CONNECTION_TIMEOUT = 2
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = (
    {"polling_interval": 0.05}
    if CELERY_BROKER_URL == "memory://"
    else {
        "socket_connect_timeout": 2,
        "socket_timeout": 2,
        # A dead broker must not hold up an answer to Stripe: one try, then the sweeper's turn.
        "max_retries": 1,
        "interval_start": 0,
        "interval_step": 0,
    }
)
CELERY_WORKER_HIJACK_ROOT_LOGGER = False  # Celery's own format would print arguments and words
CELERY_WORKER_PREFETCH_MULTIPLIER = 4
CELERY_TIMEZONE = "Europe/Dublin"
CELERY_BEAT_SCHEDULE = {
    "pulse": {"task": "config.health.pulse", "schedule": 15, "options": {"expires": 60}},
    "sweep": {"task": "billing.tasks.sweep", "schedule": SWEEP_SECONDS, "options": {"expires": 60}},
    "people": {
        "task": "members.tasks.look_after_people",
        "schedule": SWEEP_SECONDS,
        "options": {"expires": 60},
    },
    "watch": {
        "task": "members.tasks.watch_the_doors",
        "schedule": min(30, SWEEP_SECONDS),
        "options": {"expires": 60},
    },
    "look-out": {
        "task": "members.tasks.look_out",
        "schedule": SWEEP_SECONDS,
        "options": {"expires": 60},
    },
    "remind": {"task": "billing.tasks.plan_reminders", "schedule": crontab(minute="7")},
    "gather": {"task": "billing.tasks.gather_receipts", "schedule": crontab(minute="12")},
    "digest": {"task": "members.tasks.plan_digests", "schedule": crontab(minute="17")},
    "grace": {"task": "billing.tasks.end_graces", "schedule": crontab(minute="37")},
    "backfill": {"task": "billing.tasks.backfill", "schedule": crontab(minute="*/10")},
    "balance": {"task": "billing.tasks.balance_books", "schedule": crontab(hour="3", minute="50")},
    "tidy": {"task": "members.tasks.tidy", "schedule": crontab(hour="4", minute="10")},
    "reconcile": {"task": "billing.tasks.reconcile", "schedule": crontab(hour="3", minute="20")},
    "rollups": {"task": "billing.tasks.prove_rollups", "schedule": crontab(hour="4", minute="30")},
}
if LETTERS_PER_MINUTE:
    # Letters over the pace wait for room, which comes in the midst of a minute.
    CELERY_BEAT_SCHEDULE["letters"] = {
        "task": "billing.tasks.deliver_letters",
        "schedule": min(10, SWEEP_SECONDS),
        "options": {"expires": 10},
    }

# Mail
if env.str("EMAIL_URL", default="").startswith("anymail://"):
    EMAIL_BACKEND = f"anymail.backends.{urlsplit(env.str('EMAIL_URL')).hostname}.EmailBackend"
elif env.str("EMAIL_URL", default=""):
    vars().update(env.email_url("EMAIL_URL"))
elif DEBUG:
    EMAIL_BACKEND = "config.mailbox.EmailBackend"
EMAIL_TIMEOUT = 30
# What a mail service wants to be told, each under the name that anymail documents for it; and who
# may tell us of letters that came back.
ANYMAIL = {
    name.removeprefix("ANYMAIL_"): env.str(name)
    for name in {each.removesuffix("_FILE") for each in env.ENVIRON if each.startswith("ANYMAIL_")}
}
ANYMAIL["WEBHOOK_SECRET"] = env.list("ANYMAIL_WEBHOOK_SECRET", default=[])
MAIL_EVENTS_FROM = env.list("MAIL_EVENTS_FROM", default=[])
MAILBOX_DIR = env.path("MAILBOX_DIR", default=str(VAR_DIR / "mailbox"))
DEFAULT_FROM_EMAIL = env.str(
    "DEFAULT_FROM_EMAIL",
    default=f"{CHARITY['trading_name']} <{CHARITY['support_email'] or 'webmaster@localhost'}>",
)

# Whom a letter comes from that must not be noticed: an address which tells nothing is best.
DISCREET_FROM_EMAIL = env.str(
    "DISCREET_FROM_EMAIL", default=formataddr(("Support", parseaddr(DEFAULT_FROM_EMAIL)[1]))
)

# Pages
LANGUAGE_CODE = "en-ie"
# Pages and letters are whole in each of these: tests/unit/test_translations.py.
LANGUAGES = [("en", "English"), ("ga", "Gaeilge")]
LETTER_LANGUAGES = LANGUAGES
LANGUAGE_COOKIE_NAME = "language"
LANGUAGE_COOKIE_AGE = 60 * 60 * 24 * 365
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_SECURE = not DEBUG
# Where "Leave this page" leads: a page that anybody may have been reading. Empty: no such link.
EXIT_URL = env.str("EXIT_URL", default="https://www.rte.ie/weather/")
TIME_ZONE = "Europe/Dublin"
USE_TZ = True
STATIC_URL = "/static/"
# Hashed, compressed files from STATIC_ROOT; without them, straight from the source folders.
STATIC_MANIFEST = env.bool("STATIC_MANIFEST", default=not DEBUG)
STATIC_ROOT = env.path("STATIC_ROOT", default=str(BASE_DIR / "staticfiles"))
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if STATIC_MANIFEST
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = not STATIC_MANIFEST

# Security
SESSION_ENGINE = "config.sessions"
FILE_UPLOAD_HANDLERS: list[str] = []  # no form of ours takes a file
CSRF_COOKIE_AGE = None
SESSION_COOKIE_AGE = 60 * 60 * 24 * 14
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if not DEBUG:
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
    SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=True)
    SECURE_REDIRECT_EXEMPT = [r"^healthz$"]
    SECURE_HSTS_SECONDS = 60 * 60 * 24 * 365
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
if TRUSTED_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "style-src": ["'self'"],
        "script-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'", *STRIPE_PAGE_ORIGINS],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'none'"],
    }
}

LOGGING = logging_config(debug=DEBUG)

# Staff sign-in
# Password, then a code. The gate (members/staff/gate.py) asks for both before every staff page.
AUTHENTICATION_BACKENDS = ["members.staff.accounts.StaffBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
STAFF_SESSION_SECONDS = env.int("STAFF_SESSION_SECONDS", default=60 * 60 * 12)
STAFF_IDLE_SECONDS = env.int("STAFF_IDLE_SECONDS", default=60 * 60)
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "staff-today"
ACCOUNT_ADAPTER = "members.staff.accounts.StaffAccounts"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
# The cookie is shared with supporters, so its age stays theirs; the gate counts the staff's hours.
ACCOUNT_SESSION_REMEMBER = True
ALLAUTH_TRUSTED_PROXY_COUNT = 1 if TRUSTED_PROXY else 0
MFA_ADAPTER = "members.staff.accounts.StaffFactors"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_TOTP_ISSUER = f"{CHARITY['trading_name']} staff"
# A passkey comes after the password, never in its place. It is made for the host of this origin and
# taken from its pages alone. Browsers make none for a number: the demo has them at its other name.
MFA_PASSKEY_LOGIN_ENABLED = False
PASSKEY_ORIGIN = "{0.scheme}://{0.netloc}".format(urlsplit(SITE_URL.lower()))
if DEBUG:
    PASSKEY_ORIGIN = PASSKEY_ORIGIN.replace("127.0.0.1", "localhost")
# By PIN, finger or face each time: a key left in an unlocked computer is no second factor.
MFA_WEBAUTHN_USER_VERIFICATION = "required"
