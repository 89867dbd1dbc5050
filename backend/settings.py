"""Settings of all environments, read from the environment. `.env.template` explains each variable."""

import sys
from datetime import timedelta
from pathlib import Path

from django.utils.translation import gettext_lazy as _

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
TEMPLATE_SECRET_KEY = "change-me-to-fifty-random-characters"  # noqa: S105 - the one that production refuses

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
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "backend",
    "lessons",
    "backend.apps.SchoolAdminConfig",  # below ours, whose templates go before its own
]

MIDDLEWARE = [
    "backend.observability.RequestIdMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
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
# relay's hot index.
DATABASES = {
    "default": {
        **env.database("DATABASE_URL"),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            "connect_timeout": 3,
            "options": (
                "-c lock_timeout=2s -c statement_timeout=60s"
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
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/"

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
SECURE_REDIRECT_EXEMPT = [r"^livez$", r"^readyz$"]  # asked from inside, over plain HTTP
X_FRAME_OPTIONS = "DENY"

# --- REST ---------------------------------------------------------------------------------------
API_DOCS_PUBLIC = env.flag("API_DOCS_PUBLIC", True)
API_MAX_BODY_BYTES = 1_000_000
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "rest_framework_simplejwt.authentication.JWTAuthentication",
        "lessons.api.sessions.BrowserSession",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_PARSER_CLASSES": ["lessons.api.parsers.StrictJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "lessons.api.schema.Schema",
    "EXCEPTION_HANDLER": "drf_standardized_errors.handler.exception_handler",
}
DRF_STANDARDIZED_ERRORS = {
    "EXCEPTION_HANDLER_CLASS": "lessons.api.problems.ProblemHandler",
    "EXCEPTION_FORMATTER_CLASS": "lessons.api.problems.ProblemFormatter",
    "ENABLE_IN_DEBUG_FOR_UNHANDLED_EXCEPTIONS": True,
}
SIMPLE_JWT = {
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=15),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=7),
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Lesson Management System",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "DESCRIPTION": (
        "Lessons move through a life cycle, and everybody who must know is told, once. "
        "Get a token from `/api/v1/auth/token/` and press *Authorize*, or log in at `/accounts/login/`."
    ),
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": [
        "rest_framework.permissions.AllowAny" if API_DOCS_PUBLIC else "rest_framework.permissions.IsAuthenticated"
    ],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SWAGGER_UI_SETTINGS": {"persistAuthorization": True, "displayRequestDuration": True, "deepLinking": True},
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "ENUM_NAME_OVERRIDES": {
        "LessonStatus": "lessons.models.lesson.Status",
        "Transition": "lessons.models.lesson.TRANSITIONS",
        "EventName": "lessons.api.serializers.EVENT_NAMES",
        "DispatchState": "lessons.models.dispatch.DispatchState",
        "Role": "lessons.policies.Role",
        "Language": LANGUAGES,
    },
    "TAGS": [
        {"name": "auth", "description": "Tokens. A session from `/accounts/login/` works too."},
        {"name": "me", "description": "Who I am, how I am reached and in which language."},
        {"name": "lessons", "description": "Read, create and edit lessons, move them through their life."},
        {"name": "notifications", "description": "Who has been told what, and how far that has come."},
    ],
}

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
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# One try and one second: a request that wakes the relay never waits for a broker that is away.
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
# RabbitMQ says of each message that it has it, and is not waited for longer than Redis would be.
# Quorum queues keep what they have when a node dies.
_RABBITMQ_TRANSPORT = {
    "confirm_publish": True,
    "read_timeout": REDIS_TIMEOUT_SECONDS,
    "write_timeout": REDIS_TIMEOUT_SECONDS,
}
_IS_RABBITMQ = CELERY_BROKER_URL.startswith("amqp")
CELERY_BROKER_CONNECTION_TIMEOUT = REDIS_TIMEOUT_SECONDS
CELERY_BROKER_TRANSPORT_OPTIONS = {**_ONE_TRY, **(_RABBITMQ_TRANSPORT if _IS_RABBITMQ else _REDIS_TRANSPORT)}
CELERY_TASK_DEFAULT_QUEUE_TYPE = CELERY_TASK_CREATE_MISSING_QUEUE_TYPE = "quorum" if _IS_RABBITMQ else "classic"
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
CELERY_WORKER_MAX_TASKS_PER_CHILD = 1000
CELERY_TASK_SOFT_TIME_LIMIT = TIMING.soft_limit
CELERY_TASK_TIME_LIMIT = TIMING.hard_limit
CELERY_TASK_DEFAULT_QUEUE = "control"
CELERY_WORKER_SEND_TASK_EVENTS = CELERY_TASK_SEND_SENT_EVENT = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
# What nobody takes does not pile up without end: workers that return would do all of it first. But whether a call has
# expired, a worker asks its own clock. One that is ahead of beat's must not throw every call away.
_BEAT = {"expires": 2 * 3600, "ignore_result": True}
CELERY_BEAT_SCHEDULE = {
    "relay": {"task": "lessons.relay", "schedule": TIMING.tick, "options": _BEAT},
    "remind": {"task": "lessons.remind", "schedule": TIMING.minute, "options": _BEAT},
    "prune": {"task": "lessons.prune", "schedule": 60 * TIMING.minute, "options": _BEAT},
}

# --- Watching -----------------------------------------------------------------------------------
FLOWER_URL = env.text("FLOWER_URL", "/flower/").removesuffix("/")
SENTRY_DSN = env.url("SENTRY_DSN", "", ["http", "https"])
SENTRY_TRACES_SAMPLE_RATE = env.number("SENTRY_TRACES_SAMPLE_RATE", 0, 0, 1)
LOG_LEVEL = env.choice("LOG_LEVEL", "INFO", ["DEBUG", "INFO", "WARNING", "ERROR"])
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"request_id": {"()": "backend.observability.RequestIdFilter"}},
    "formatters": {
        "console": {"format": "{asctime} {levelname:<7} {name} [{request_id}] {message}", "style": "{"},
    },
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "filters": ["request_id"],
            "formatter": "console",
            "stream": sys.stderr,
        },
    },
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    "loggers": {"django.server": {"handlers": ["console"], "level": "INFO", "propagate": False}},
}
