"""Whether somebody may see Flower. nginx asks for each request to /flower/, and nobody else can."""

import base64

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe


@require_safe
@never_cache
def flower_access(request: HttpRequest) -> HttpResponse:
    """204 for staff, with what nginx is to tell Flower; 403 for other people, 401 for nobody.

    The header goes to nginx, which does not pass it on to the browser.
    """
    user = request.user
    if not user.is_authenticated:
        return HttpResponse(status=401)
    if not (user.is_active and user.is_staff):
        return HttpResponse(status=403)
    response = HttpResponse(status=204)
    if settings.FLOWER_BASIC_AUTH:
        credentials = base64.b64encode(settings.FLOWER_BASIC_AUTH.encode()).decode()
        response["X-Flower-Authorization"] = f"Basic {credentials}"
    return response
