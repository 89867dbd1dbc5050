"""What gunicorn serves: `gunicorn backend.wsgi:application`."""

import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

from lessons.wake import wake

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backend.settings")

application = get_wsgi_application()

# Now, so that nobody's first request waits for it: the views, and the way to the broker. The wake itself does no harm.
get_resolver().url_patterns  # noqa: B018
wake()
