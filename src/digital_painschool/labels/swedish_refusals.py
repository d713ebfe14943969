"""The labels of refusals and errors in Swedish: what was not done, and why."""

from collections.abc import Mapping

REFUSALS: Mapping[str, Mapping[str, str]] = {
    "Reason": {
        "ALREADY_OPEN": (
            "Patienten har redan momentet på enheten[, hos {therapist}]."
            " Fråga behandlaren, eller be invånaradministratören byta behandlare."
        ),
        "ALREADY_ENDED": "Momentet är avslutat. Det kan inte ändras eller öppnas igen.",
        "SAME_THERAPIST": "Behandlaren har redan patienten. Välj en annan behandlare.",
        "ACCESS_IS_OVER": "Tiden för momentet är slut. Behandlaren kan vidmakthålla eller avsluta det.",
        "DAYS_OUT_OF_RANGE": "Ange ett helt antal dagar[, minst {fewest} och högst {most}].",
        "NO_MODULES_CHOSEN": "Välj minst en modul som ska vara tillgänglig.",
        "SHORTENS_ACCESS": (
            "Patienten skulle förlora tid[: sista dagen skulle bli {last_day}][ i stället för {present_last_day}]. "
            "Ange fler dagar, eller bekräfta att tiden ska bli kortare."
        ),
        "ACCESS_WOULD_END": (
            "Patienten har nu tillgång utan slutdatum. Med vidmakthåll blir det bara läsning[, till {last_day}]."
            " Bekräfta att det ska bli så."
        ),
        "NOT_IN_MAINTENANCE": "Momentet är redan aktivt. Ladda om sidan.",
        "FIRST_YEAR_OVER": (
            "Tiden för momentet är slut[: sista dagen var {last_day}]. Det går att vidmakthålla eller avsluta det."
        ),
        "UNKNOWN_MODULE": "Modulen finns inte i momentet[: modul {module}]. Välj en som finns.",
        "UNKNOWN_END_REASON": "Välj en avslutningsorsak i listan.",
        "MODULE_NOT_IN_MAINTENANCE": "Modulen är inte vald för vidmakthållande och kan inte läsas[: modul {module}].",
        "READ_ONLY_IN_MAINTENANCE": ("Momentet är i vidmakthållande. Det går att läsa, men inte att göra det här."),
        "EARLIER_MODULES_FIRST": "Gör klart de tidigare modulerna först[: {missing}].",
        "MODULE_NOT_OPENED": "Öppna modulen innan den markeras som klar[: modul {module}].",
        "UNKNOWN_PAGE": "Sidan finns inte i modulen[: sida {page}][ av {pages}].",
        "PAGES_NOT_READ": "Läs alla sidor i modulen först[. Antal olästa: {missing}].",
        "MODULE_NOT_RELEASED": "Behandlaren har inte aktiverat modulen än[: modul {module}].",
        "NOT_RELEASED_BY_THERAPIST": "Modulerna i det här momentet aktiveras inte en och en.",
        "MODULE_OPEN_FROM_START": "Modulen är öppen från start[: modul {module}].",
        "RELEASE_EARLIER_MODULES_FIRST": "Aktivera de tidigare modulerna först[: {missing}]. Eller aktivera i förtid.",
        "UNKNOWN_FORM": "Formuläret finns inte i momentet.",
        "FORM_NOT_IN_MODULE": "Modulen har inte formuläret[: modul {module}].",
        "INVALID_ANSWERS": "Några svar behöver rättas. Rätta dem och spara igen.",
        "NO_SUCH_SUBMISSION": "Formuläret har inte fyllts i så många gånger[, utan {saved}]. Ladda om sidan.",
        "NO_SUCH_FLAG": "Händelsen är redan hanterad, eller hanteras på ett annat sätt. Ladda om sidan.",
        "UNKNOWN_CONVERSATION": "Konversationen finns inte. Ladda om sidan.",
        "NO_SUCH_MESSAGE": "Så många meddelanden finns inte i konversationen. Ladda om sidan.",
        "EMPTY_TEXT": "Skriv något. Texten är tom.",
        "TEXT_TOO_LONG": "Texten är för lång. Korta den[ till högst {limit} tecken].",
        "ONLY_MESSAGES_TO_THE_PATIENT_NOTIFY": "Bara ett meddelande till patienten kan aviseras.",
        "NO_ADDRESS_IN_DIRECTORY": "Adress saknas i katalogen. Enhetens katalogansvariga rättar det.",
        "NOT_ON_OFFER": "Enheten erbjuder inte den notifieringen[: {flags}].",
        "NOT_APPROVED": "Gallringen är inte godkänd. Godkänn den först, med gallringsbeslutet.",
        "DECISION_MISSING": "Ange gallringsbeslutet som gallringen grundas på.",
        "ANOTHER_UNITS_PLAN": "Planen eller kvittot är en annan enhets. Dess dataadministratör kan fortsätta.",
        "RECEIPT_OF_ANOTHER_PLAN": "Kvittot hör inte till planen. Använd planens eget kvitto, eller gör en ny plan.",
        "RECEIPT_NOT_OURS": "Kvittot är ändrat, eller gjort med en annan nyckel. Gör en ny plan.",
        "KEY_OF_ANOTHER_CALL": "Formuläret har redan skickats med ett annat innehåll. Ladda om sidan och försök igen.",
        "KEY_OF_PURGED_START": "Den här starten gjordes tidigare och är gallrad. Inget har startats på nytt.",
        "THERAPIST_NOT_AT_UNIT": (
            "Behandlaren finns inte på enheten enligt personalkatalogen."
            " Välj en annan, eller be enhetens katalogansvariga rätta det."
        ),
        "DIRECTORY_UNAVAILABLE": (
            "Personalkatalogen svarar inte, så det går inte att välja någon annan behandlare just nu."
            " Försök igen om en stund."
        ),
        "VIEW_IS_OLD": "Något nytt har kommit sedan sidan visades[: {flags}]. Titta på det och bestäm dig igen.",
        "NO_SUCH_VERSION": "Sidan hör inte till det här momentet. Ladda om den.",
        "ALREADY_WITHDRAWN": "Starten är tillbakadragen. Starta ett nytt moment i stället.",
        "PATIENT_HAS_WRITTEN": "Patienten har skrivit i momentet. Det kan inte dras tillbaka, men det kan avslutas.",
        "UNKNOWN_WITHDRAWAL_REASON": "Välj en orsak i listan.",
        "NO_DEAD_LETTER": "Aviseringen är redan hanterad eller har gått fram. Läs om listan.",
    },
    "AnswerCode": {
        "REQUIRED": "Frågan behöver ett svar.",
        "NOT_ON_SCALE": "Välj ett tal på skalan[, från {lowest} till {highest}].",
        "NOT_AN_OPTION": "Välj ett av alternativen.",
        "NOT_A_LIST_OF_OPTIONS": "Välj bland alternativen.",
        "NOT_AMONG_OPTIONS": "Välj bland alternativen, vart och ett högst en gång.",
        "NOTHING_CHOSEN": "Välj minst ett alternativ.",
        "NOT_A_NUMBER_WITHIN": "Ange ett tal[ från {lowest} till {highest}].",
        "NOT_A_WHOLE_NUMBER_WITHIN": "Ange ett heltal[ från {lowest} till {highest}].",
        "NOT_A_TEXT": "Skriv svaret som text.",
        "TEXT_TOO_LONG": "Svaret är för långt. Korta det[ till högst {limit} tecken].",
        "NOT_A_DATE": "Ange ett datum som år-månad-dag, till exempel 2026-11-22.",
        "UNKNOWN_QUESTIONS": "Några svar hör inte till formuläret[: {count}]. Ladda om sidan och fyll i igen.",
    },
    "IdentityReason": {
        "NOT_A_NUMBER": "Det är inget giltigt personnummer. Kontrollera det.",
        "TOO_SHORT": "Numret är för kort. Skriv ÅÅÅÅMMDDXXXX eller ÅÅMMDDXXXX.",
        "TOO_LONG": "Numret är för långt. Skriv ÅÅÅÅMMDDXXXX eller ÅÅMMDDXXXX.",
        "WRONG_FORM": "Numret har fel form. Skriv ÅÅÅÅMMDDXXXX eller ÅÅMMDDXXXX.",
        "SIGN_CONTRADICTS_YEAR": "Tecknet och årtalet säger emot varandra. Skriv alla tolv siffror utan tecken.",
        "NO_SUCH_DAY": "Födelsedagen finns inte i kalendern. Kontrollera år, månad och dag.",
        "BORN_IN_THE_FUTURE": "Födelsedagen ligger i framtiden. Kontrollera året.",
        "BORN_TOO_LONG_AGO": "Födelsedagen ligger för långt tillbaka. Kontrollera året.",
        "SERIAL_NEVER_GIVEN": "De fyra sista siffrorna används inte. Kontrollera dem.",
        "WRONG_CHECK_DIGIT": "Den sista siffran stämmer inte med resten. Kontrollera om något är felskrivet.",
        "SCHEME_NOT_ACCEPTED": "Den sortens nummer används inte här. Ange ett personnummer.",
        "ANOTHER_SCHEME": "Numret är av en annan sort än den som angavs.",
    },
    "ValueReason": {
        "TEXT_TOO_LONG": "Texten är för lång. Korta den[ till högst {limit} tecken].",
        "UNREADABLE_CHARACTER": "Texten innehåller ett tecken som inte kan sparas. Ta bort det.",
        "HIDDEN_CHARACTER": "Skriv på en rad, utan radbrytningar och tecken som inte syns.",
        "NUMBER_TOO_LARGE": "Talet är för stort[, högst {limit}].",
        "NOT_AN_HSA_ID": "Det är inget HSA-id. Skriv SE, tio siffror, bindestreck och resten.",
        "HOLDS_IDENTITY_NUMBER": "Texten får inte innehålla ett personnummer. Ta bort det.",
    },
    "Error": {
        "NotPermitted": "Du har inte behörighet till det här.[ Det har: {whom}.]",
        "NotFound": "Det finns inte, eller finns inte längre.",
        "InvalidValue": "Uppgiften kan inte tas emot. Kontrollera den.",
        "InvalidProgram": "Momentets innehåll är inte användbart.",
        "ConfigurationError": "Systemet är inte rätt inställt. Kontakta förvaltningen.",
        "Conflict": "Någon annan ändrade samtidigt. Ladda om sidan och försök igen.",
        "StorageError": "Det gick inte att spara eller läsa. Inget är ändrat. Försök igen om en stund.",
        "OutcomeUnknown": "Det är oklart om ändringen sparades. Ladda om sidan innan du försöker igen.",
        "AdapterError": "Ett annat system svarade fel. Inget är ändrat. Försök igen om en stund.",
        "DeliveryError": "Ett annat system svarar inte. Försök igen om en stund.",
        "PainSchoolError": "Något gick fel. Försök igen om en stund.",
    },
}
