"""Bugs in the other adapters."""

from proofs.seeded_bugs.bug import Bug, Catcher

_IN_MEMORY = "tests/adapters/memory/test_memory.py"
_LDAP = "tests/adapters/ldap_directory"

BUGS = (
    Bug(
        name="a-line-break-in-the-directory-is-an-address",
        harm="whoever writes the directory could add recipients to a mail of the school",
        module="adapters.ldap_directory.entries",
        old="is_email(text) and text.isascii()",
        new='"@" in text and text.isascii()',
        caught_by=Catcher(f"{_LDAP}/test_entries.py::test_what_is_no_address_counts_as_none"),
    ),
    Bug(
        name="what-is-left-of-a-text-is-a-number",
        harm="a message about a patient's treatment would go to a stranger's telephone",
        module="adapters.phone_numbers",
        old="_E164.fullmatch(text)",
        new="_E164.match(text)",
        caught_by=Catcher(f"{_LDAP}/test_entries.py::test_what_is_no_number_counts_as_none"),
    ),
    Bug(
        name="whichever-address-comes-first",
        harm="a message would go to one address of a person, and the next one to another",
        module="adapters.ldap_directory.entries",
        old="return tuple(sorted(self._texts.reveal().get(attribute.lower(), ())))",
        new="return tuple(self._texts.reveal().get(attribute.lower(), ()))",
        caught_by=Catcher(f"{_LDAP}/test_entries.py::test_of_several_addresses_it_is_always_the_same"),
    ),
    Bug(
        name="a-directorys-password-in-the-settings",
        harm="whoever may read the settings file could read the region's directory",
        module="adapters.ldap_directory.options",
        old="satisfies(lambda password: is_reference(password.reveal()))",
        new="satisfies(lambda password: password.reveal())",
        caught_by=Catcher(f"{_LDAP}/test_options.py::test_a_wrong_option_is_named_and_not_repeated"),
    ),
    Bug(
        name="an-hsa-id-keeps-its-letters",
        harm="a therapist would see no patient, and a unit's own policy would be passed over",
        module="domain.people",
        old="text.upper()",
        new="text",
        caught_by=Catcher("tests/domain/test_people.py::test_an_hsa_id_is_one_in_small_letters_and_in_capitals"),
    ),
    Bug(
        name="a-mask-shows-what-is-within",
        harm="a traceback or a test report would show numbers, answers and messages",
        module="domain.masking",
        old='        return "****"',
        new="        return repr(self._within)",
        caught_by=Catcher("tests/domain/test_masking.py::test_no_printer_shows_what_is_a_persons"),
    ),
    Bug(
        name="a-label-shows-whatever-it-is-given",
        harm="a portal would show an identity number, masked or not, in the middle of a sentence",
        module="labels.lookup",
        old='if isinstance(fact, tuple) else sorted(fact)))\n    return ""\n',
        new="if isinstance(fact, tuple) else sorted(fact)))\n    return str(fact)\n",
        caught_by=Catcher("tests/labels/test_labels.py::test_a_person_is_in_no_label", "test_a_person_is_in_no_label"),
    ),
    Bug(
        name="a-number-in-another-countrys-signs",
        harm="a patient would read a limit of half as five, or of ten thousand as ten",
        module="labels.lookup",
        old='str.maketrans(",.", "\\N{NO-BREAK SPACE},")',
        new='str.maketrans("", "")',
        caught_by=Catcher(
            "tests/labels/test_labels.py::test_a_number_is_written_with_the_signs_of_the_language",
            "test_a_number_is_written_with_the_signs_of_the_language",
        ),
    ),
    Bug(
        name="a-child-is-born-too-long-ago",
        harm="a therapist who mistypes the year would be told to look at the wrong century",
        module="adapters.swedish_identity",
        old="        return IdentityReason.BORN_IN_THE_FUTURE",
        new="        return IdentityReason.BORN_TOO_LONG_AGO",
        caught_by=Catcher(
            "tests/adapters/test_swedish_identity.py::test_a_refusal_says_what_to_do_and_never_the_number"
        ),
    ),
    Bug(
        name="staff-are-written-to-in-swedish-alone",
        harm="a unit that chose English would have its staff notified in Swedish",
        module="adapters.file_messenger",
        old="template.text_in(self.language or language)",
        new="template.text",
        caught_by=Catcher(
            "tests/adapters/test_files.py::TestFileSmsMessenger::test_a_notice_arrives_as_it_was_given",
            "test_a_notice_arrives_as_it_was_given",
        ),
    ),
    Bug(
        name="the-inbox-forgets-its-keys",
        harm="a patient would get a notice again after each crash",
        module="adapters.memory.inbox",
        old="            if notice.key in self._delivered:\n                return Delivered.DUPLICATE\n",
        new="",
        caught_by=Catcher(f"{_IN_MEMORY}::TestMemoryInbox::test_a_key_is_sent_once_whatever_the_number_of_attempts"),
    ),
    Bug(
        name="the-messenger-forgets-its-keys",
        harm="a therapist would get a message again after each crash",
        module="adapters.memory.messenger",
        old="            if key in self._sent:\n                return Delivered.DUPLICATE\n",
        new="",
        caught_by=Catcher(
            f"{_IN_MEMORY}::TestMemoryMessenger::test_a_key_is_sent_once_whatever_the_number_of_attempts"
        ),
    ),
    Bug(
        name="a-file-for-every-attempt",
        harm="a therapist would get a message again after each crash",
        module="adapters.file_messenger",
        old="                os.link(partial.name, file)\n",
        new="                os.replace(partial.name, file)\n",
        caught_by=Catcher(
            "tests/adapters/test_files.py::TestFileMessenger::test_a_key_is_sent_once_whatever_the_number_of_attempts"
        ),
    ),
    Bug(
        name="the-inbox-forgets-everybody",
        harm="the purge of one patient would empty another's inbox",
        module="adapters.sql.inbox",
        old='_FORGET = delete(notices).where(any_of(notices.c.key, "keys"))',
        new='_FORGET = delete(notices).where(any_of(notices.c.key, "keys") | True)',
        caught_by=Catcher(
            "tests/adapters/sql/test_storage.py::TestSqliteInbox::test_what_is_forgotten_is_gone_and_nothing_else"
        ),
    ),
    Bug(
        name="reserve-numbers-are-reachable",
        harm="a message would wait for somebody who is never told",
        module="adapters.memory.inbox",
        old="            return Reachability(reachable=False)",
        new="            return Reachability(reachable=True)",
        caught_by=Catcher(f"{_IN_MEMORY}::TestMemoryInbox::test_reach_tells_who_cannot_be_reached"),
    ),
    Bug(
        name="half-of-the-check-digits",
        harm="a mistyped number would open another person's treatment",
        module="domain.identity_shape",
        old="codes[-2::-2].translate(_TWICE))) % 10 == 0",
        new="codes[-2::-2].translate(_TWICE))) % 5 == 0",
        caught_by=Catcher(
            "tests/adapters/test_swedish_identity.py::test_every_wrong_check_digit_is_found", "check digit"
        ),
    ),
    Bug(
        name="the-wrong-century",
        harm="a child's number would be read as a centenarian's",
        module="adapters.swedish_identity",
        old='- _CENTURY if sign == "+" else today',
        new='if sign == "+" else today',
        caught_by=Catcher(
            "tests/adapters/test_swedish_identity.py::TestSwedishIdentity::test_every_accepted_spelling_gives_the_one_person"
        ),
    ),
    Bug(
        name="the-number-in-the-error",
        harm="an identity number would end up in a log",
        module="adapters.swedish_identity",
        old='raise InvalidIdentity(f"no identity number',
        new='raise InvalidIdentity(f"{typed} is no identity number',
        caught_by=Catcher(
            "tests/adapters/test_swedish_identity.py::TestSwedishIdentity::test_a_number_with_a_wrong_character_is_not_repaired"
        ),
    ),
    Bug(
        name="inner-blanks-are-mended",
        harm="what is no number would be made one",
        module="adapters.swedish_identity",
        old="        typed = text.strip(_BLANKS)",
        new="        typed = text.replace(' ', '')",
        caught_by=Catcher(
            "tests/adapters/test_swedish_identity.py::TestSwedishIdentity::test_a_blank_within_a_number_is_refused"
        ),
    ),
    Bug(
        name="the-directory-forgets-the-case",
        harm="staff whose id has other letters would be mixed up",
        module="adapters.memory.directory",
        old="        return self._entries.get(HsaId(hsa_id))",
        new="        return self._entries.get(HsaId(hsa_id)) or next(iter(self._entries.values()), None)",
        caught_by=Catcher(f"{_IN_MEMORY}::TestMemoryDirectory::test_it_gives_nothing_for_one_that_it_does_not_know"),
    ),
    Bug(
        name="a-path-is-looked-up-anew",
        harm="another database's patients would be shown after a change of the working folder",
        module="adapters.paths",
        old='            return Path(folder or "", Path(text).expanduser()).absolute()\n',
        new='            return Path(folder or "", Path(text).expanduser())\n',
        caught_by=Catcher("tests/adapters/test_paths.py::test_each_connection_is_to_the_same_file"),
    ),
    Bug(
        name="a-secret-hangs-on-its-error",
        harm="a password would be in the log of whoever logs errors with what came before",
        module="serialization.text_files",
        old="    except UnicodeDecodeError as error:\n        start = error.start\n",
        new='    except UnicodeDecodeError:\n        raise InvalidValue("not UTF-8, Windows-1252 perhaps") from None\n',
        caught_by=Catcher(
            "tests/serialization/test_text_files.py",
            "test_another_encoding_is_named_and_nothing_is_shown",
        ),
    ),
    Bug(
        name="half-past-nine-is-nine",
        harm="collected notifications would go at another time than the unit has written",
        module="bootstrap.settings_toml",
        old="    if isinstance(value, str) and (match := _TIME.fullmatch(value)):\n",
        new=(
            "    if isinstance(value, str):\n        return time.fromisoformat(value)\n"
            "    if match := _TIME.fullmatch(str(value)):\n"
        ),
        caught_by=Catcher(
            "tests/serialization/test_text_files.py",
            "test_half_past_nine_is_half_past_nine",
        ),
    ),
)
