"""The addresses of the portal. No address holds an identity number."""

from django.urls import URLPattern, URLResolver, include, path, register_converter

from digital_painschool import EnrolmentId, PlanId

from . import (
    door,
    office,
    operator_page,
    patient_forms,
    patient_messages,
    patient_pages,
    staff_answers,
    staff_lists,
    staff_messages,
    staff_patient,
    staff_profile,
    staff_withdrawal,
)

Pages = list[URLPattern | URLResolver]


class EnrolmentConverter:
    """An enrolment's id in an address. A desk checks it, and answers an unknown one with `NotFound`."""

    regex = "[0-9a-zA-Z-]+"

    def to_python(self, value: str) -> EnrolmentId:
        """Return the id."""
        return EnrolmentId(value)

    def to_url(self, value: EnrolmentId) -> str:
        """Return the id as it stands in an address."""
        return value


class PlanConverter(EnrolmentConverter):
    """A plan's id in an address."""

    def to_python(self, value: str) -> PlanId:  # type: ignore[override]
        """Return the id."""
        return PlanId(value)


class KeyConverter:
    """A key of a program's file, such as a form's, in an address: a full stop may be in it, which no slug has."""

    regex = "[0-9a-zA-Z][0-9a-zA-Z._-]*"

    def to_python(self, value: str) -> str:
        """Return the key."""
        return value

    def to_url(self, value: str) -> str:
        """Return the key as it stands in an address."""
        return value


register_converter(EnrolmentConverter, "enrolment")
register_converter(KeyConverter, "key")
register_converter(PlanConverter, "plan")

staff_patient_pages: Pages = [
    path("", staff_patient.handle, name="handle"),
    path("gor/<slug:step>", staff_patient.small_step, name="small-step"),
    path("vidmakthall", staff_patient.maintain, name="maintain"),
    path("avsluta", staff_patient.end, name="end"),
    path("dra-tillbaka", staff_patient.withdraw, name="withdraw"),
    path("byt-behandlare", staff_patient.hand_over, name="hand-over"),
    path("modul/<int:number>", staff_patient.module, name="module"),
    path("formular/<key:form>", staff_answers.answers, name="answers"),
    path("tidslinje", staff_answers.timeline, name="timeline"),
    path("meddelande", staff_messages.conversations, name="conversations"),
    path("meddelande/ny", staff_messages.new_conversation, name="new-conversation"),
    path("meddelande/<int:number>", staff_messages.conversation, name="conversation"),
    path("meddelande/<int:number>/rubrik", staff_messages.heading, name="heading"),
]

staff_pages: Pages = [
    path("", staff_lists.mine, name="mine"),
    path("logga-in", door.staff_sign_in, name="staff-sign-in"),
    path("logga-ut", door.staff_sign_out, name="staff-sign-out"),
    path("enheten", staff_lists.unit, name="unit"),
    path("starta", staff_lists.start, name="start"),
    path("dra-tillbaka", staff_withdrawal.find, name="find-withdrawable"),
    path("dra-tillbaka/<enrolment:enrolment_id>", staff_withdrawal.withdraw, name="withdraw-start"),
    path("patient/<enrolment:enrolment_id>/", include(staff_patient_pages)),
    path("min-profil", staff_profile.profile, name="profile"),
    path("gallring", office.retention, name="retention"),
    path("gallring/export", office.export, name="export"),
    path("gallring/ladda-ner", office.download, name="download"),
    path("gallring/plan", office.make_plan, name="make-plan"),
    path("gallring/plan/<plan:plan_id>", office.plan, name="plan"),
    path("gallring/plan/<plan:plan_id>/gallra", office.purge, name="purge"),
    path("logg", office.access_log, name="access-log"),
    path("inte-framme", operator_page.dead_letters, name="dead-letters"),
    path("inte-framme/<enrolment:enrolment_id>", operator_page.resolve, name="resolve"),
]

patient_program_pages: Pages = [
    path("", patient_pages.program, name="my-program"),
    path("modul/<int:number>/sida/<int:page>", patient_pages.page, name="my-page"),
    path("modul/<int:number>/klar", patient_pages.complete, name="complete"),
    path("modul/<int:number>/formular/<key:form>", patient_forms.fill_in, name="my-form"),
    path("modul/<int:number>/formular/<key:form>/svar", patient_forms.answers, name="my-answers"),
    path("modul/<int:number>/formular/<key:form>/slang", patient_forms.discard, name="discard"),
    path("meddelande", patient_messages.conversations, name="my-conversations"),
    path("meddelande/ny", patient_messages.new_conversation, name="my-new-conversation"),
    path("meddelande/<int:number>", patient_messages.conversation, name="my-conversation"),
]

own_pages: Pages = [
    path("", patient_pages.programs, name="my-programs"),
    path("logga-in", door.patient_sign_in, name="patient-sign-in"),
    path("logga-ut", door.patient_sign_out, name="patient-sign-out"),
    path("moment/<enrolment:enrolment_id>/", include(patient_program_pages)),
]

urlpatterns = [
    path("", door.first_page, name="first-page"),
    path("portal.css", door.styles, name="styles"),
    path("personal/", include(staff_pages)),
    path("patient/", include(own_pages)),
]

handler400 = f"{__package__}.middleware.bad_request"
handler404 = f"{__package__}.middleware.no_such_page"
