"""The calls of P2 and P3 on Django's ORM."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import django
from django.conf import settings
from django.db import connection, connections, models, transaction

from benchmarks.database import MESSAGE, PROGRAM, SHORT_ANSWERS, SHORT_FORM
from benchmarks.host_service import (
    CONVERSATION,
    ENTRIES_OF_A_START,
    THERAPIST,
    UNIT,
    next_forenoon,
    require_fillable,
    require_writable,
)
from benchmarks.same_rules import Answers

if not settings.configured:
    settings.configure(USE_TZ=True, DEFAULT_AUTO_FIELD="django.db.models.BigAutoField")
    django.setup()


class Treatment(models.Model):
    """A treatment with its counts."""

    version = models.IntegerField(default=1)
    person = models.CharField(max_length=50, db_index=True)
    unit = models.CharField(max_length=50)
    therapist = models.CharField(max_length=50, db_index=True)
    program = models.CharField(max_length=50)
    phase = models.CharField(max_length=20)
    started_at = models.DateTimeField()
    access_until = models.DateTimeField()
    last_seen_at = models.DateTimeField(null=True)
    unread_forms = models.IntegerField(default=0)
    unread_messages = models.IntegerField(default=0)
    waiting_since = models.DateTimeField(null=True)

    class Meta:
        app_label = "benchmarks"


class Submission(models.Model):
    """A submission of a form, with its answers."""

    treatment = models.ForeignKey(Treatment, models.CASCADE)
    form = models.CharField(max_length=50)
    number = models.IntegerField()
    answers = models.JSONField()
    saved_at = models.DateTimeField()

    class Meta:
        app_label = "benchmarks"
        unique_together = (("treatment", "form", "number"),)


class Conversation(models.Model):
    """A conversation, with the number of its messages."""

    treatment = models.ForeignKey(Treatment, models.CASCADE)
    number = models.IntegerField()
    heading = models.CharField(max_length=100)
    messages = models.IntegerField()

    class Meta:
        app_label = "benchmarks"
        unique_together = (("treatment", "number"),)


class Message(models.Model):
    """A message."""

    conversation = models.ForeignKey(Conversation, models.CASCADE)
    number = models.IntegerField()
    author = models.CharField(max_length=20)
    text = models.TextField()
    sent_at = models.DateTimeField()

    class Meta:
        app_label = "benchmarks"


class Entry(models.Model):
    """An entry of the timeline."""

    treatment = models.ForeignKey(Treatment, models.CASCADE)
    seq = models.IntegerField()
    kind = models.CharField(max_length=50)
    at = models.DateTimeField()
    by = models.CharField(max_length=50)
    data = models.JSONField()

    class Meta:
        app_label = "benchmarks"
        unique_together = (("treatment", "seq"),)


class Access(models.Model):
    """A line of the access log."""

    at = models.DateTimeField()
    by = models.CharField(max_length=50)
    unit = models.CharField(max_length=50, db_index=True)
    action = models.CharField(max_length=50)
    treatment = models.BigIntegerField()
    person = models.CharField(max_length=50)
    granted = models.BooleanField()

    class Meta:
        app_label = "benchmarks"


class Notification(models.Model):
    """A notification that waits for its forenoon."""

    treatment = models.ForeignKey(Treatment, models.CASCADE)
    recipient = models.CharField(max_length=50)
    due_at = models.DateTimeField(db_index=True)
    status = models.CharField(max_length=20)

    class Meta:
        app_label = "benchmarks"


_MODELS = (Treatment, Submission, Conversation, Message, Entry, Access, Notification)


class DjangoHost:
    """The service on Django's ORM. A process has one at a time: it is Django's default database.

    Args:
        database: The database as Django's settings name it.
        create: Whether the tables are made.
    """

    def __init__(self, database: Mapping[str, Any], *, create: bool = True) -> None:
        connections.settings["default"] = connections.configure_settings({"default": dict(database)})["default"]
        connections["default"] = connections.create_connection("default")
        if create:
            with connection.schema_editor() as editor:
                for model in _MODELS:
                    editor.create_model(model)

    def close(self) -> None:
        connection.close()

    @transaction.atomic
    def start(self, number: str, at: datetime) -> int:
        treatment = Treatment.objects.create(
            person=number,
            unit=UNIT,
            therapist=THERAPIST,
            program=PROGRAM.key,
            phase="active",
            started_at=at,
            access_until=at.replace(year=at.year + 1),
        )
        Submission.objects.create(treatment=treatment, form=SHORT_FORM, number=1, answers=SHORT_ANSWERS, saved_at=at)
        conversation = Conversation.objects.create(treatment=treatment, number=CONVERSATION, heading="", messages=1)
        Message.objects.create(conversation=conversation, number=1, author="therapist", text=MESSAGE, sent_at=at)
        Entry.objects.bulk_create(
            Entry(treatment=treatment, seq=seq, kind="Started", at=at, by=THERAPIST, data={})
            for seq in range(1, ENTRIES_OF_A_START + 1)
        )
        return int(treatment.pk)

    @transaction.atomic
    def save_form(self, treatment: int, person: str, form: str, answers: Answers, at: datetime) -> None:
        found = Treatment.objects.select_for_update().get(pk=treatment)
        is_own = found.person == person
        require_fillable(
            is_own=is_own, phase=found.phase, access_until=found.access_until, form=form, answers=answers, at=at
        )
        number = Submission.objects.filter(treatment=found, form=form).count() + 1
        Submission.objects.create(treatment=found, form=form, number=number, answers=answers, saved_at=at)
        found.unread_forms += 1
        found.last_seen_at = at
        found.waiting_since = found.waiting_since or at
        _note(found, "FormSaved", "patient", "save-form", at, {"form": form, "number": number})

    @transaction.atomic
    def write(self, treatment: int, therapist: str, text: str, at: datetime) -> None:
        found = Treatment.objects.select_for_update().get(pk=treatment)
        is_own = found.unit == UNIT
        require_writable(is_own=is_own, phase=found.phase, access_until=found.access_until, text=text, at=at)
        conversation = Conversation.objects.get(treatment=found, number=CONVERSATION)
        conversation.messages += 1
        conversation.save(update_fields=["messages"])
        number = conversation.messages
        Message.objects.create(conversation=conversation, number=number, author="therapist", text=text, sent_at=at)
        Notification.objects.create(treatment=found, recipient=found.person, due_at=next_forenoon(at), status="pending")
        facts = {"conversation": CONVERSATION, "number": number}
        _note(found, "MessageSent", therapist, "write-message", at, facts)


def _note(treatment: Treatment, kind: str, by: str, action: str, at: datetime, data: Mapping[str, Any]) -> None:
    seq = ENTRIES_OF_A_START + treatment.version
    treatment.version += 1
    treatment.save(update_fields=["version", "unread_forms", "last_seen_at", "waiting_since"])
    Entry.objects.create(treatment=treatment, seq=seq, kind=kind, at=at, by=by, data=data)
    Access.objects.create(
        at=at,
        by=by,
        unit=treatment.unit,
        action=action,
        treatment=treatment.pk,
        person=treatment.person,
        granted=True,
    )
