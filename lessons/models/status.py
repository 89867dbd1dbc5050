"""The status field: changed by transitions alone, and by reading it again."""

from typing import Any

from django_fsm import FSMField, FSMFieldDescriptor


class _ReloadableDescriptor(FSMFieldDescriptor):
    """Protects the status of one instance from assignment, except while that instance is being reloaded."""

    def __set__(self, instance: Any, value: Any) -> None:
        if instance.__dict__.get("_reloading"):
            instance.__dict__[self.field.name] = value
        else:
            super().__set__(instance, value)


class StatusField(FSMField):
    descriptor_class = _ReloadableDescriptor
