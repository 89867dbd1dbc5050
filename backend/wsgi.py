"""What gunicorn serves: `gunicorn backend.wsgi:application`."""

import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backend.settings")

application = get_wsgi_application()
get_resolver().url_patterns  # noqa: B018 - loads the views now, so that nobody's first request waits for it
