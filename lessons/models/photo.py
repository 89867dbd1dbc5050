"""A person's portrait: small, made anew from what was uploaded, and in backups like everything else."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from lessons.models.user import User


class Photo(models.Model):
    """A table of its own: people are read with every request, their photos hardly ever."""

    user = models.OneToOneField(User, models.CASCADE, primary_key=True, related_name="portrait")
    content = models.BinaryField(_("content"))  # JPEG
    digest = models.CharField(_("digest"), max_length=64)
    uploaded_at = models.DateTimeField(_("uploaded at"), db_default=Now())

    class Meta:
        verbose_name = _("photo")
        verbose_name_plural = _("photos")

    def __str__(self) -> str:
        return f"{self.user_id} {self.digest[:8]}"
