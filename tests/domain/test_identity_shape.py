"""An identity number in a text is seen in any spelling, and a plain reference is taken for none."""

# ruff: noqa: E501 - spellings are compared more easily beside each other

import pytest

from digital_painschool.domain.identity_shape import contains_identity_number

NUMBERS = (
    # The usual spellings, alone and in company.
    *("8507099805", "198507099805", "850709-9805", "19850709-9805", "850709+9805", "850769-9805", "850760-9805"),
    *("850709-9806", "19850709-0000", "nr:850709-9805", "p850709-9805", "pnr8507099805x", "RS198507099805", "id_850709-9805_"),
    *("(850709-9805)", "[850709-9805]", "<850709-9805>", '"850709-9805"', "RS 1 (19850709-9805), 2037", "RS 1 om\t850709-9805."),
    # Blanks, signs and points.
    *("850709 9805", "19850709 9805", "850709 - 9805", "850709--9805", "8 5 0 7 0 9 9 8 0 5", "19 85 07 09 98 05", "850709 98 05"),
    *("850709.9805", "850709/9805", "850709:9805", "850709_9805", "850709,9805", "850709;9805", "850709*9805", "850709=9805"),
    *("850709·9805", "850709…9805", "850709 (9805)", '"850709"-"9805"', "850709'9805", "850709#9805", "850709§9805"),
    *("1985-07-09-9805", "1985-07-09 9805", "85-07-09-9805", "1985.07.09.9805", "85/07/09-9805", "1985 07 09 9805"),
    *("850709\n9805", "8507\r\n09-9805", "850709\N{LINE SEPARATOR}9805", "850709\N{NO-BREAK SPACE}9805", "8507\N{EM SPACE}099805"),
    # Dashes, digits and what cannot be seen.
    *("850709\N{EN DASH}9805", "850709\N{EM DASH}9805", "850709\N{MINUS SIGN}9805", "850709\N{NON-BREAKING HYPHEN}9805"),
    *("850709\N{ZERO WIDTH SPACE}-9805", "850709-98\N{SOFT HYPHEN}05", "\N{WORD JOINER}".join("8507099805"), "85\N{ZERO WIDTH JOINER}07099805"),
    *("850709\N{COMBINING ENCLOSING CIRCLE}9805", "".join(chr(0xFF10 + int(digit)) for digit in "8507099805")),
    *("".join(chr(0x0660 + int(digit)) for digit in "8507099805"), "".join(chr(0x1D7CE + int(digit)) for digit in "8507099805")),
    *("".join(chr(0x2080 + int(digit)) for digit in "850709") + "-9805", "\N{CIRCLED DIGIT EIGHT}50709-9805"),
    # Within something longer.
    *("1850709-9805", "850709-98051", "000198507099805", "RS-2026-850709-9805", "SE2321000131-P198507099805", "850709x9805", "850709nr9805"),
    # Reserve numbers, VGR's and national ones, with and without a known birth date.
    *("19810829M071", "19810829m071", "19810829-M071", "19810829 K061", "om 22790814-AA01.", "22790814aa01", "00202140AA01", "19810829X801"),
)  # fmt: skip
NO_NUMBERS = (
    *("", "RS 2026-01234", "RS 2026-012345", "Dnr VGR 2026/00123-4", "RS 2037-0042, § 14, 2037-03-10", "2037-03-10", "20370310", "370310"),
    *("KS 2026/0815", "Gallringsbeslut 2026:17", "Dnr 1177-2026-00001", "2026-03-10, RS 2026-01234", "2026-03-10, 2026-01234"),
    *("2026-03-10 2026/00123-4", "2026-03-10 14:30", "2026-03-10T14:30:00Z", "Beslut 2026-03-10 kl. 14:30, § 12", "RA-FS 2026:1"),
    *("SE2321000131-P000000123456", "SE2321000131-E000000000001", "SE165565594230-1003", "232100-0131", "851309-9805", "850732-9805"),
    *("019cad8fac00793cb0d595b51205d935", "550e8400-e29b-41d4-a716-446655440000", "x" * 200, "8" * 200),
)  # fmt: skip


@pytest.mark.rule("D-21a")
@pytest.mark.parametrize("text", NUMBERS, ids=ascii)
def test_a_number_is_seen_in_any_spelling(text: str) -> None:
    """Otherwise the number of a purged patient would stay in the receipt for good."""
    assert True is contains_identity_number(text)
    assert True is contains_identity_number(f"RS 2037-0042, {text}")
    assert True is contains_identity_number(f"{text}, § 14")


@pytest.mark.rule("D-21a")
@pytest.mark.parametrize("text", NO_NUMBERS, ids=ascii)
def test_a_plain_reference_is_no_number(text: str) -> None:
    """Otherwise a decision could not be named, and nothing be purged."""
    assert False is contains_identity_number(text)
