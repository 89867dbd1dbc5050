"""The people of the demo. Their passwords are in the README, so production never has them."""

import zlib
from dataclasses import dataclass

from django.conf import settings
from django.core.management.base import CommandError

from lessons.models import User
from lessons.policies import Role

PASSWORD = "demo-pass-1"  # noqa: S105 - public on purpose


@dataclass(frozen=True)
class Account:
    username: str
    role: Role
    full_name: str
    language: str = "en"
    time_zone: str = "UTC"
    password: str = PASSWORD


STAFF = [
    Account("root", Role.ADMIN, "Rosa Root", password="root"),  # noqa: S106 - public on purpose
    Account("manager_1", Role.MANAGER, "Maria Manager"),
]
TEACHERS = [
    Account(f"teacher_{n}", Role.TEACHER, name)
    for n, name in enumerate(("Alice Adams", "Anna Arnold", "Arthur Abel", "Agnes Allen", "Albert Ash"), start=1)
]
STUDENT_NAMES = ("Bob Brown", "Вера Волкова", "Carol Clark", "Дмитрий Дуров", "Emil Ericson")


def student_accounts(number: int) -> list[Account]:
    """student_1 … student_`number`; every second one reads Russian and lives by Moscow's clock."""
    accounts = []
    for n in range(1, number + 1):
        name = STUDENT_NAMES[n - 1] if n <= len(STUDENT_NAMES) else f"Student {n}"
        language, zone = ("en", "Europe/London") if n % 2 else ("ru", "Europe/Moscow")
        accounts.append(Account(f"student_{n}", Role.STUDENT, name, language, zone))
    return accounts


def refuse_production() -> None:
    if settings.IS_PRODUCTION:
        raise CommandError("ENVIRONMENT is production: demo accounts have public passwords and are never made there.")


def ensure(account: Account) -> User:
    """The account's user, made where it is missing; one that is there is left as it is."""
    user = User.objects.filter(username=account.username).first()
    if user is None:
        user = User(
            username=account.username,
            role=account.role,
            full_name=account.full_name,
            language=account.language,
            time_zone=account.time_zone,
            email=f"{account.username}@school.example",
            phone=f"+7900{zlib.crc32(account.username.encode()) % 10**7:07d}",
        )
        user.set_password(account.password)
        user.save()
    return user
