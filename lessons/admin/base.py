"""What all screens share: rights by role, the reader's own time zone, one stylesheet."""

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, cast

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import SimpleTemplateResponse
from django.utils import timezone

from lessons import policies
from lessons.admin import markup
from lessons.admin.paginator import CappedPaginator
from lessons.policies import Role

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
    TabularInline = admin.TabularInline[Any, Any]
else:
    ModelAdmin, TabularInline = admin.ModelAdmin, admin.TabularInline

View = TypeVar("View", bound=Callable[..., HttpResponse])


def in_readers_time_zone(view: View) -> View:
    """Moments are shown, and typed in, by the clock of whoever is logged in."""

    @wraps(view)
    def shown(self: ModelAdmin, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        with timezone.override(request.user.time_zone):  # type: ignore[union-attr] # nobody anonymous comes here
            response = view(self, request, *args, **kwargs)
            # Rendered here: Django would do it after the block.
            return response.render() if isinstance(response, SimpleTemplateResponse) else response

    return cast(View, shown)


def by_readers_clock(view: View) -> View:
    """The same for a view that is a function, and renders its page itself."""

    @wraps(view)
    def shown(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        with timezone.override(request.user.time_zone):  # type: ignore[union-attr] # nobody anonymous comes here
            return view(request, *args, **kwargs)

    return cast(View, shown)


def is_staff_role(request: HttpRequest) -> bool:
    """Managers and administrators. The login page asks this of nobody in particular, too."""
    return request.user.is_active and policies.sees_everything(request.user)


def is_administrator(request: HttpRequest) -> bool:
    return is_staff_role(request) and request.user.role == Role.ADMIN  # type: ignore[union-attr]


class SchoolAdmin(ModelAdmin):
    """Managers and administrators look; a screen that lets anybody do more says so. Nothing is ever deleted."""

    list_select_related: ClassVar[tuple[str, ...]] = ()
    list_per_page = 50
    paginator = CappedPaginator
    sortable_by: ClassVar[Any] = ()  # by what an index has in order, or not at all
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    empty_value_display = "–"

    changeform_view = in_readers_time_zone(admin.ModelAdmin.changeform_view)
    history_view = in_readers_time_zone(admin.ModelAdmin.history_view)

    @in_readers_time_zone
    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(request, {"subtitle": markup.whose_clock(), **(extra_context or {})})

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """The page shows at least what its row in the list shows: the same joins serve both."""
        rows = super().get_queryset(request)
        return rows.select_related(*self.list_select_related) if self.list_select_related else rows

    def has_module_permission(self, request: HttpRequest) -> bool:
        return is_staff_role(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_staff_role(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ReadOnlyInline(TabularInline):
    """Rows that belong to the page's object, to be looked at."""

    template = "admin/lessons/rows.html"
    extra = 0
    can_delete = False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_staff_role(request)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
