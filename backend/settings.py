"""Settings of all environments, read from the environment. `.env.template` explains each variable."""

import sys
from datetime import timedelta
from pathlib import Path

from django.utils.translation import gettext_lazy as _

from backend import openapi
from backend.addresses import for_kombu
from backend.environment import Environment, SettingRefused
from backend.timing import Timing
from lessons.notifications.channels import REGISTRY  # reads no setting while it is imported

BASE_DIR = Path(__file__).resolve().parent.parent

# --- Where we are -------------------------------------------------------------------------------
# services.env is there while the embedded services run; tests read no file at all.
_first = Environment()
_files = [Path(_first.text("DEMO_DIR", str(BASE_DIR / ".demo"))) / "services.env", BASE_DIR / ".env"]
env = Environment([] if _first.text("ENVIRONMENT", "") == "test" else _files)

ENVIRONMENT = env.choice("ENVIRONMENT", "development", ["development", "test", "production"])
IS_PRODUCTION = ENVIRONMENT == "production"
TEMPLATE_PASSWORD = "lessons"  # noqa: S105 - of PostgreSQL, Redis and RabbitMQ in the quick start
TEMPLATE_SECRET_KEY = "change-me-to-fifty-random-characters"  # noqa: S105 - the one that production refuses

TEMPLATE_GATEWAY = "//gateway:802"

SECRET_KEY_MIN_LENGTH = 50

SECRET_KEY = env.text("SECRET_KEY", hint="fifty random characters")
DEBUG = env.flag("DEBUG", False)
if IS_PRODUCTION and DEBUG:
    raise SettingRefused("DEBUG", "is true: it should be false where ENVIRONMENT=production")
if IS_PRODUCTION and (SECRET_KEY == TEMPLATE_SECRET_KEY or len(SECRET_KEY) < SECRET_KEY_MIN_LENGTH):
    raise SettingRefused(
        "SECRET_KEY", "is the template's or too short: it should be fifty random characters of your own"
    )

ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", [] if IS_PRODUCTION else ["localhost", "127.0.0.1", "[::1]"])
if IS_PRODUCTION and not ALLOWED_HOSTS:
    raise SettingRefused("ALLOWED_HOSTS", "is not set: it should be the site's host names, separated by commas")
CSRF_TRUSTED_ORIGINS = env.words("CSRF_TRUSTED_ORIGINS")

# --- Application --------------------------------------------------------------------------------
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django_fsm",
    "rest_framework",
    "rest_framework_simplejwt.token_blacklist",
    "axes",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "backend",
    "lessons",
    "backend.apps.SchoolAdminConfig",  # below ours, whose templates go before its own
]

MIDDLEWARE = [
    "backend.inside.AskedFromInside",
    "backend.proxies.TrustedProxies",
    "backend.observability.RequestIdMiddleware",
    "backend.metrics.web.RequestMetrics",
    "django.middleware.security.SecurityMiddleware",
    "backend.content_security.ContentSecurityPolicy",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "backend.urls"
WSGI_APPLICATION = "backend.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# --- Time ---------------------------------------------------------------------------------------
TIME_SCALE = env.number("TIME_SCALE", 1, 0.001, 1)
if IS_PRODUCTION and TIME_SCALE != 1:
    raise SettingRefused("TIME_SCALE", f"is {TIME_SCALE:g}: it should be 1 (or unset) where ENVIRONMENT=production")
TIMING = Timing.scaled(TIME_SCALE)

# --- Data ---------------------------------------------------------------------------------------
# A connection that waits for a lock gives up after 2 s (the API answers 409 `concurrent_change`);
# one that idles inside a transaction, as a frozen worker's does, would keep its locks, and dead rows alive under the
# relay's hot index. To start processes that help takes longer than any statement of ours: ten milliseconds.
DATABASES = {
    "default": {
        **env.database("DATABASE_URL"),
        "ENGINE": "backend.postgres",
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            "connect_timeout": 3,
            "options": (
                "-c lock_timeout=2s -c statement_timeout=60s -c max_parallel_workers_per_gather=0"
                f" -c idle_in_transaction_session_timeout={1000 * TIMING.hard_limit:.0f}"
            ),
        },
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_SCHEMES = ["redis", "rediss", "unix"]
REDIS_URL = env.url("REDIS_URL", None, REDIS_SCHEMES)
REDIS_TIMEOUT_SECONDS = 1.0
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": env.url("CACHE_URL", REDIS_URL, REDIS_SCHEMES),
        "KEY_PREFIX": "cache",
        "OPTIONS": {"socket_timeout": REDIS_TIMEOUT_SECONDS, "socket_connect_timeout": REDIS_TIMEOUT_SECONDS},
    }
}

# --- People -------------------------------------------------------------------------------------
AUTH_USER_MODEL = "lessons.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/"

# Failed logins of the last quarter of an hour, whichever door they were at: the site's, the admin's or the API's.
LOGIN_FAILURES_WINDOW = timedelta(minutes=15)
LOGIN_FAILURES_PER_ACCOUNT, LOGIN_FAILURES_PER_ADDRESS = 10, 100
AXES_HANDLER = "backend.logins.LoginGuard"
AXES_CLIENT_IP_CALLABLE = "backend.logins.address_of"
AXES_LOCKOUT_CALLABLE = "backend.logins.refuse"
AXES_LOCKOUT_PARAMETERS = ["username", "ip_address"]
AXES_COOLOFF_TIME = LOGIN_FAILURES_WINDOW
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = AXES_ENABLE_ADMIN = AXES_VERBOSE = False

LANGUAGE_CODE = env.choice("LANGUAGE_CODE", "en", ["en", "ru"])
LANGUAGES = [("en", _("English")), ("ru", _("Russian"))]
LOCALE_PATHS = [BASE_DIR / "lessons" / "locale"]  # one catalogue for all of the project
TIME_ZONE = env.zone("TIME_ZONE", "UTC")
USE_I18N = True
USE_TZ = True

# --- Files --------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles" if IS_PRODUCTION else None  # elsewhere they are served from where they are
WHITENOISE_USE_FINDERS = not IS_PRODUCTION
if IS_PRODUCTION:
    STORAGES = {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
    }

# --- Browsers -----------------------------------------------------------------------------------
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = IS_PRODUCTION
SESSION_COOKIE_HTTPONLY = True
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if IS_PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = IS_PRODUCTION
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if IS_PRODUCTION else None
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# Nothing from elsewhere, nothing inline. No other origin may read answers: there are no CORS headers at all.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}

# --- Proxies ------------------------------------------------------------------------------------
# Whose X-Forwarded-* headers are believed: nginx's, which overwrites what the client said.
TRUSTED_PROXIES = env.networks("TRUSTED_PROXIES")

# --- REST ---------------------------------------------------------------------------------------
API_DOCS_PUBLIC = env.flag("API_DOCS_PUBLIC", True)
API_MAX_BODY_BYTES = 1_000_000
API_REQUESTS_PER_MINUTE = int(env.number("API_REQUESTS_PER_MINUTE", 1200, 0, 1_000_000))  # of one user; 0: no limit
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "lessons.api.tokens.BearerToken",
        "lessons.api.sessions.BrowserSession",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_THROTTLE_CLASSES": ["lessons.api.throttles.PerUser"],
    "DEFAULT_PARSER_CLASSES": ["lessons.api.parsers.StrictJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_METADATA_CLASS": None,  # the description tells what OPTIONS would
    "DEFAULT_SCHEMA_CLASS": "lessons.api.schema.Schema",
    "EXCEPTION_HANDLER": "drf_standardized_errors.handler.exception_handler",
    "NUM_PROXIES": 0,  # REMOTE_ADDR is the client's: backend.proxies has seen to it
}
DRF_STANDARDIZED_ERRORS = {
    "EXCEPTION_HANDLER_CLASS": "lessons.api.problems.ProblemHandler",
    "EXCEPTION_FORMATTER_CLASS": "lessons.api.problems.ProblemFormatter",
    "ENABLE_IN_DEBUG_FOR_UNHANDLED_EXCEPTIONS": True,
}
SIMPLE_JWT = {
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=15),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=7),
    "ROTATE_REFRESH_TOKENS": True,
    "BLACKLIST_AFTER_ROTATION": True,
    "CHECK_REVOKE_TOKEN": True,  # a new password ends all tokens
}
SPECTACULAR_SETTINGS = openapi.described(
    introduction=(BASE_DIR / "docs" / "openapi-introduction.md").read_text(),
    is_public=API_DOCS_PUBLIC,
    languages=LANGUAGES,
)

# --- Lessons ------------------------------------------------------------------------------------
# 0: a lesson may be started at any time; otherwise not earlier than this before its start_time.
LESSON_START_WINDOW_MINUTES = env.number("LESSON_START_WINDOW_MINUTES", 0, 0, 24 * 60)
# How long before its start everybody is reminded of a lesson.
REMINDER_OFFSETS = env.spans("REMINDER_OFFSETS", [timedelta(hours=24), timedelta(hours=1)])
# How long after its time the teacher of a lesson that was not started, or not completed, is told so.
OVERDUE_AFTER_MINUTES = env.number("OVERDUE_AFTER_MINUTES", 10, 0, 12 * 60)

# --- Notifications ------------------------------------------------------------------------------
NOTIFICATION_CHANNELS = env.words("NOTIFICATION_CHANNELS", list(REGISTRY), allowed=list(REGISTRY))
if IS_PRODUCTION and "email" in NOTIFICATION_CHANNELS:
    env.text("EMAIL_URL", hint="the SMTP server's address, or take email out of NOTIFICATION_CHANNELS")
_smtp = env.email("EMAIL_URL", "smtp://127.0.0.1:8026")
EMAIL_HOST, EMAIL_PORT = _smtp["EMAIL_HOST"], _smtp["EMAIL_PORT"]
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _smtp["EMAIL_HOST_USER"], _smtp["EMAIL_HOST_PASSWORD"]
EMAIL_USE_TLS, EMAIL_USE_SSL = _smtp["EMAIL_USE_TLS"], _smtp["EMAIL_USE_SSL"]
DEFAULT_FROM_EMAIL = env.sender("DEFAULT_FROM_EMAIL", "Lesson Management System <lessons@school.example>")
SMS_GATEWAY_URL = env.url("SMS_GATEWAY_URL", "http://127.0.0.1:8025", ["http", "https"])
SMS_GATEWAY_TOKEN = env.text("SMS_GATEWAY_TOKEN", "")
for _name, _channel in (("EMAIL_URL", "email"), ("SMS_GATEWAY_URL", "sms")):
    if IS_PRODUCTION and _channel in NOTIFICATION_CHANNELS and TEMPLATE_GATEWAY in env.text(_name, ""):
        raise SettingRefused(_name, "is the template's: it should be the address of a real provider")
if IS_PRODUCTION and "sms" in NOTIFICATION_CHANNELS and not SMS_GATEWAY_TOKEN:
    raise SettingRefused(
        "SMS_GATEWAY_TOKEN",
        "is not set: it should be the SMS provider's secret, or take sms out of NOTIFICATION_CHANNELS",
    )

EMAIL_TIMEOUT = TIMING.provider_timeout

# --- Retention ----------------------------------------------------------------------------------
# Days. Of a finished lesson, deliveries are kept this long after everybody was told, or longer where one of them
# died. Events and dispatches stay for ever.
RETENTION_DAYS = env.number("RETENTION_DAYS", 90, 1, 36_500)
RETENTION_DEAD_DAYS = env.number("RETENTION_DEAD_DAYS", 365, 1, 36_500)
RETENTION_RUN_DAYS = env.number("RETENTION_RUN_DAYS", 30, 1, 36_500)

# --- Celery -------------------------------------------------------------------------------------
# Celery also reads these two variables itself, so they have to be in kombu's form.
_KOMBU_SCHEMES = ["redis", "rediss", "redis+socket"]
CELERY_BROKER_URL = env.url("CELERY_BROKER_URL", for_kombu(REDIS_URL), [*_KOMBU_SCHEMES, "amqp", "amqps"])
CELERY_RESULT_BACKEND = env.url("CELERY_RESULT_BACKEND", for_kombu(REDIS_URL), _KOMBU_SCHEMES)
if IS_PRODUCTION:
    _servers = {"DATABASE_URL": (str(DATABASES["default"]["HOST"]), str(DATABASES["default"]["PASSWORD"] or ""))}
    for _name in ("REDIS_URL", "CACHE_URL", "CELERY_BROKER_URL", "CELERY_RESULT_BACKEND"):
        _servers[_name] = env.server(_name)
    for _name, (_host, _password) in _servers.items():
        _is_local = not _host or _host.startswith("/")  # a socket, whose directory says who may enter
        if not _is_local and _password in ("", TEMPLATE_PASSWORD):
            raise SettingRefused(_name, "has no password or the template's: it should have one of its own")
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# One try and one second: a wake, or a launch, gives up on a broker that is away, and the next tick finds the work.
_ONE_TRY = {"max_retries": 1, "interval_start": 0, "interval_step": 0, "interval_max": 0}
_REDIS_TRANSPORT = {
    "visibility_timeout": TIMING.visibility,
    # A worker of several queues takes them in the order in which it was given them. In turn, each task of a quick
    # channel would wait for one of a slow one, and lose its launch lease over that.
    "queue_order_strategy": "priority",
    "socket_timeout": REDIS_TIMEOUT_SECONDS,
    "socket_connect_timeout": REDIS_TIMEOUT_SECONDS,
    "socket_keepalive": True,
}
# RabbitMQ says of each message that it has it. One that falls silent is waited for three times, for its word, for the
# goodbye of the channel and for that of the connection: less than three seconds in all.
# Quorum queues keep what they have when a node dies.
_RABBITMQ_TIMEOUT_SECONDS = 0.8
_RABBITMQ_TRANSPORT = {
    "confirm_publish": True,
    "read_timeout": _RABBITMQ_TIMEOUT_SECONDS,
    "write_timeout": _RABBITMQ_TIMEOUT_SECONDS,
}
_IS_RABBITMQ = CELERY_BROKER_URL.startswith("amqp")
CELERY_BROKER_CONNECTION_TIMEOUT = REDIS_TIMEOUT_SECONDS
CELERY_BROKER_TRANSPORT_OPTIONS = {**_ONE_TRY, **(_RABBITMQ_TRANSPORT if _IS_RABBITMQ else _REDIS_TRANSPORT)}
CELERY_TASK_DEFAULT_QUEUE_TYPE = CELERY_TASK_CREATE_MISSING_QUEUE_TYPE = "quorum" if _IS_RABBITMQ else "classic"
# There the broker itself keeps a retry until its time has come, which it only does behind topics. A worker would keep
# it in one of its slots, for an hour if its clock, or the sender's, is an hour wrong.
CELERY_TASK_DEFAULT_EXCHANGE_TYPE = "topic" if _IS_RABBITMQ else "direct"
CELERY_TASK_CREATE_MISSING_QUEUE_EXCHANGE_TYPE = "topic" if _IS_RABBITMQ else None
SHORTEST_COUNTDOWN_SECONDS = 1 if _IS_RABBITMQ else 0  # it keeps a retry for whole seconds
CELERY_TASK_PUBLISH_RETRY = not _IS_RABBITMQ  # there a second try opens a connection anew: seven more time-outs
CELERY_TASK_PUBLISH_RETRY_POLICY = _ONE_TRY
CELERY_RESULT_BACKEND_TRANSPORT_OPTIONS = {"retry_policy": _ONE_TRY}  # or a chord's launch hangs for 20 to 40 s
CELERY_REDIS_SOCKET_TIMEOUT = CELERY_REDIS_SOCKET_CONNECT_TIMEOUT = REDIS_TIMEOUT_SECONDS
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_SERIALIZER = CELERY_RESULT_SERIALIZER = "json"
CELERY_RESULT_EXPIRES = 3600
# A task is acknowledged when it is done, so that a killed worker's task comes back.
CELERY_TASK_ACKS_LATE = CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# What leaks is given back. Seldom: a worker's processes come to it all at once, and nobody is told for two seconds.
CELERY_WORKER_MAX_TASKS_PER_CHILD = 20_000
# Celery would open a connection to the database for each task: 10 ms and more. backend.celery looks after them.
CELERY_DB_REUSE_MAX = sys.maxsize
CELERY_TASK_SOFT_TIME_LIMIT = TIMING.soft_limit
CELERY_TASK_TIME_LIMIT = TIMING.hard_limit
CELERY_TASK_DEFAULT_QUEUE = "control"
# Workers tell Flower what they do. That a task was sent would be told by whoever sends it: a quarter of what a request
# spends on waking the relay. The consumer tells it after the task has begun (ADR 11).
CELERY_WORKER_SEND_TASK_EVENTS = True
CELERY_WORKER_CONSUMER = "backend.consumer:Consumer"
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
# What nobody takes does not pile up without end: workers that return would do all of it first. But whether a call has
# expired, a worker asks its own clock. One that is ahead of beat's must not throw every call away.
# Beat keeps one connection for ever, and only a second try opens it anew where RabbitMQ has hung up.
_BEAT = {"expires": 2 * 3600, "ignore_result": True, "retry": True}
CELERY_BEAT_SCHEDULE = {
    "relay": {"task": "lessons.relay", "schedule": TIMING.tick, "options": _BEAT},
    "remind": {"task": "lessons.remind", "schedule": TIMING.minute, "options": _BEAT},
    "prune": {"task": "lessons.prune", "schedule": 60 * TIMING.minute, "options": _BEAT},
}

# --- Watching -----------------------------------------------------------------------------------
# What nginx tells Flower on behalf of staff; Flower itself reads the same variable.
FLOWER_BASIC_AUTH = env.text("FLOWER_BASIC_AUTH", "")
if IS_PRODUCTION and not FLOWER_BASIC_AUTH.partition(":")[2]:
    raise SettingRefused("FLOWER_BASIC_AUTH", "is not set: it should be name:password, for Flower behind nginx")
METRICS_TOKEN = env.text("METRICS_TOKEN", "")
# Workers and beat touch this file while they live; a container's health check looks at its age.
HEARTBEAT_FILE = env.text("HEARTBEAT_FILE", "")
FLOWER_URL = env.text("FLOWER_URL", "/flower/").removesuffix("/")
SENTRY_DSN = env.url("SENTRY_DSN", "", ["http", "https"])
SENTRY_TRACES_SAMPLE_RATE = env.number("SENTRY_TRACES_SAMPLE_RATE", 0, 0, 1)
LOG_LEVEL = env.choice("LOG_LEVEL", "INFO", ["DEBUG", "INFO", "WARNING", "ERROR"])
LOG_FORMAT = env.choice("LOG_FORMAT", "json" if IS_PRODUCTION else "console", ["console", "json"])
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"chosen": {"()": "backend.observability.logs.formatter", "kind": LOG_FORMAT}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "chosen", "stream": sys.stderr}},
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    "loggers": {"django.server": {"handlers": ["stderr"], "level": "INFO", "propagate": False}},
}
