"""The labels of refusals and errors in English: what was not done, and why."""

from collections.abc import Mapping

REFUSALS: Mapping[str, Mapping[str, str]] = {
    "Reason": {
        "ALREADY_OPEN": (
            "The patient already has the program at the unit[, with {therapist}]."
            " Ask the therapist, or have the patient administrator change the therapist."
        ),
        "ALREADY_ENDED": "The enrolment has ended. It cannot be changed or opened again.",
        "SAME_THERAPIST": "The therapist already has the patient. Choose another therapist.",
        "ACCESS_IS_OVER": "The time of the program is over. The therapist can maintain or end it.",
        "DAYS_OUT_OF_RANGE": "Give a whole number of days[, at least {fewest} and at most {most}].",
        "NO_MODULES_CHOSEN": "Choose at least one module to keep available.",
        "SHORTENS_ACCESS": (
            "The patient would lose time[: the last day would be {last_day}][ instead of {present_last_day}]. "
            "Give more days, or confirm that the time is to be shorter."
        ),
        "ACCESS_WOULD_END": (
            "The patient has access without a last day. In maintenance it is for reading only[, until {last_day}]. "
            "Confirm that it is to be so."
        ),
        "NOT_IN_MAINTENANCE": "It is active already. Reload the page.",
        "FIRST_YEAR_OVER": (
            "The time of the program is over[: its last day was {last_day}]. It can be maintained or ended."
        ),
        "UNKNOWN_MODULE": "The program has no such module[ ({module})]. Choose one that it has.",
        "UNKNOWN_END_REASON": "Choose a reason from the list.",
        "MODULE_NOT_IN_MAINTENANCE": "The module was not chosen to be read in maintenance[: module {module}].",
        "READ_ONLY_IN_MAINTENANCE": "In maintenance it is possible to read, but not to do this.",
        "EARLIER_MODULES_FIRST": "Complete the earlier modules first[: {missing}].",
        "MODULE_NOT_OPENED": "Open the module before completing it[: module {module}].",
        "UNKNOWN_PAGE": "The page is not in the module[: page {page}][ of {pages}].",
        "PAGES_NOT_READ": "Read every page of the module first[. Unread: {missing}].",
        "MODULE_NOT_RELEASED": "The therapist has not released the module yet[: module {module}].",
        "NOT_RELEASED_BY_THERAPIST": "The modules of this program are not released one by one.",
        "MODULE_OPEN_FROM_START": "The module is open from the start[: module {module}].",
        "RELEASE_EARLIER_MODULES_FIRST": "Release the earlier modules first[: {missing}]. Or release it out of order.",
        "UNKNOWN_FORM": "The program has no such form.",
        "FORM_NOT_IN_MODULE": "The module does not have the form[: module {module}].",
        "INVALID_ANSWERS": "Some answers need to be corrected. Correct them and save again.",
        "NO_SUCH_SUBMISSION": "The form has not been filled in so many times[, but {saved}]. Reload the page.",
        "NO_SUCH_FLAG": "The event is handled already, or is handled in another way. Reload the page.",
        "UNKNOWN_CONVERSATION": "There is no such conversation. Reload the page.",
        "NO_SUCH_MESSAGE": "The conversation does not have so many messages. Reload the page.",
        "EMPTY_TEXT": "Write something. The text is empty.",
        "TEXT_TOO_LONG": (
            "The text is too long. Shorten it[ to at most {limit} character]."
            "|The text is too long. Shorten it[ to at most {limit} characters]."
        ),
        "ONLY_MESSAGES_TO_THE_PATIENT_NOTIFY": "Only a message to the patient can have a notification.",
        "NO_ADDRESS_IN_DIRECTORY": "The directory has no address. The unit's directory manager corrects it.",
        "NOT_ON_OFFER": "The unit does not offer that notification[: {flags}].",
        "NOT_APPROVED": "The purge is not approved. Approve it first, with the decision.",
        "DECISION_MISSING": "Name the decision that the purge rests on.",
        "ANOTHER_UNITS_PLAN": "The plan or the receipt is another unit's. Its data administrator can continue.",
        "RECEIPT_OF_ANOTHER_PLAN": "The receipt is not the plan's. Use the plan's own receipt, or make a new plan.",
        "RECEIPT_NOT_OURS": "The receipt was changed, or was made with another key. Make a new plan.",
        "KEY_OF_ANOTHER_CALL": "This form has been sent before with another content. Reload the page and try again.",
        "KEY_OF_PURGED_START": "This start was made before, and its record has been purged. Nothing was started again.",
        "THERAPIST_NOT_AT_UNIT": (
            "The staff directory does not know the therapist at the unit."
            " Choose another, or ask the unit's directory manager to correct it."
        ),
        "DIRECTORY_UNAVAILABLE": (
            "The staff directory does not answer, so no other therapist can be chosen now. Try again in a while."
        ),
        "VIEW_IS_OLD": "Something new has come since the page was shown[: {flags}]. Look at it, and decide again.",
        "NO_SUCH_VERSION": "The page does not belong to this enrolment. Reload it.",
        "ALREADY_WITHDRAWN": "The start was withdrawn. Start a new program instead.",
        "PATIENT_HAS_WRITTEN": "The patient has written in it. It cannot be withdrawn, but it can be ended.",
        "UNKNOWN_WITHDRAWAL_REASON": "Choose a reason to withdraw from the list.",
        "NO_DEAD_LETTER": "The notification was resolved or delivered already. Read the list again.",
    },
    "AnswerCode": {
        "REQUIRED": "The question needs an answer.",
        "NOT_ON_SCALE": "Choose a number on the scale[, from {lowest} to {highest}].",
        "NOT_AN_OPTION": "Choose one of the options.",
        "NOT_A_LIST_OF_OPTIONS": "Choose among the options.",
        "NOT_AMONG_OPTIONS": "Choose among the options, each at most once.",
        "NOTHING_CHOSEN": "Choose at least one option.",
        "NOT_A_NUMBER_WITHIN": "Give a number[ from {lowest} to {highest}].",
        "NOT_A_WHOLE_NUMBER_WITHIN": "Give a whole number[ from {lowest} to {highest}].",
        "NOT_A_TEXT": "Write the answer as text.",
        "TEXT_TOO_LONG": (
            "The answer is too long. Shorten it[ to at most {limit} character]."
            "|The answer is too long. Shorten it[ to at most {limit} characters]."
        ),
        "NOT_A_DATE": "Give a date as year-month-day, such as 2026-11-22.",
        "UNKNOWN_QUESTIONS": "Some answers are not for this form[: {count}]. Reload the page and fill it in again.",
    },
    "IdentityReason": {
        "NOT_A_NUMBER": "It is not a valid personal identity number. Check it.",
        "TOO_SHORT": "The number is too short. Write YYYYMMDDXXXX or YYMMDDXXXX.",
        "TOO_LONG": "The number is too long. Write YYYYMMDDXXXX or YYMMDDXXXX.",
        "WRONG_FORM": "The number has the wrong form. Write YYYYMMDDXXXX or YYMMDDXXXX.",
        "SIGN_CONTRADICTS_YEAR": "The sign and the year contradict each other. Write all twelve digits without a sign.",
        "NO_SUCH_DAY": "The day of birth is not in the calendar. Check year, month and day.",
        "BORN_IN_THE_FUTURE": "The day of birth is in the future. Check the year.",
        "BORN_TOO_LONG_AGO": "The day of birth is too long ago. Check the year.",
        "SERIAL_NEVER_GIVEN": "The last four digits are not in use. Check them.",
        "WRONG_CHECK_DIGIT": "The last digit does not fit the rest. Look for a mistyped one.",
        "SCHEME_NOT_ACCEPTED": "Numbers of that kind are not used here. Give a personal identity number.",
        "ANOTHER_SCHEME": "The number is of another kind than the one that was given.",
    },
    "ValueReason": {
        "TEXT_TOO_LONG": (
            "The text is too long. Shorten it[ to at most {limit} character]."
            "|The text is too long. Shorten it[ to at most {limit} characters]."
        ),
        "UNREADABLE_CHARACTER": "The text holds a character that cannot be saved. Remove it.",
        "HIDDEN_CHARACTER": "Write on one line, without line breaks and characters that are not shown.",
        "NUMBER_TOO_LARGE": "The number is too large[, at most {limit}].",
        "NOT_AN_HSA_ID": "It is not an HSA-id. Write SE, ten digits, a hyphen and the rest.",
        "HOLDS_IDENTITY_NUMBER": "The text must not hold a personal identity number. Remove it.",
    },
    "Error": {
        "NotPermitted": "You do not have permission to do this.[ Who has: {whom}.]",
        "NotFound": "It does not exist, or does not exist any more.",
        "InvalidValue": "The value cannot be accepted. Check it.",
        "InvalidProgram": "The content of the program is not usable.",
        "ConfigurationError": "The system is not set up correctly. Contact its administrators.",
        "Conflict": "Someone else changed it at the same time. Reload the page and try again.",
        "StorageError": "It could not be saved or read. Nothing was changed. Try again in a while.",
        "OutcomeUnknown": "It is not known whether the change was saved. Reload the page before you try again.",
        "AdapterError": "Another system gave a wrong answer. Nothing was changed. Try again in a while.",
        "DeliveryError": "Another system does not answer. Try again in a while.",
        "PainSchoolError": "Something went wrong. Try again in a while.",
    },
}
