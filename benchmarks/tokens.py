"""`python -m benchmarks.tokens`: an access token for each teacher, as JSON: {id: token}."""

import json

import django

django.setup()

from rest_framework_simplejwt.tokens import AccessToken

from lessons.models import User
from lessons.policies import Role

if __name__ == "__main__":
    teachers = User.objects.filter(role__in=[Role.TEACHER, Role.MANAGER])
    print(json.dumps({teacher.pk: str(AccessToken.for_user(teacher)) for teacher in teachers}))
