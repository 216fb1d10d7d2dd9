"""Every amount from 0.01 to 999.99, cent by cent, in every spelling that people use."""

import pytest

from billing.money import BadAmount, decimal_amount, format_amount, parse_amount


@pytest.mark.case("E18", "F16")
def test_every_amount_is_exact_to_the_cent_in_every_spelling() -> None:
    for cents in range(1, 100_000):
        euros, rest = divmod(cents, 100)
        text = f"{euros}.{rest:02d}"
        assert parse_amount(text) == cents
        assert parse_amount(text.replace(".", ",")) == cents
        assert parse_amount(f"€{text}") == cents
        assert decimal_amount(cents) == text
        assert format_amount(cents) == f"€{text}"


@pytest.mark.case("E18")
@pytest.mark.parametrize(
    ("text", "cents"),
    [
        ("1.99", 199),
        ("1,99", 199),
        ("€1.99", 199),
        (" € 1,99 ", 199),
        ("1.99 €", 199),
        ("EUR 1.99", 199),
        ("1.99 eur", 199),
        ("EUR1,99", 199),
        ("1.99eur", 199),
        ("2", 200),
        ("0", 0),
    ],
)
def test_it_reads_what_people_type(text: str, cents: int) -> None:
    assert parse_amount(text) == cents


@pytest.mark.case("E18", "F16")
@pytest.mark.parametrize(
    "text",
    [
        "1.999",
        "-5",
        "1e9",
        "abc",
        "",
        "1.9",
        "1,000.00",
        "1.99.99",
        "٣",
        "€",
        "NaN",
        "0x10",
        "1 99",
    ],
)
def test_it_refuses_what_would_need_a_guess(text: str) -> None:
    with pytest.raises(BadAmount):
        parse_amount(text)


@pytest.mark.parametrize(
    ("cents", "currency", "text"),
    [
        (199, "eur", "€1.99"),
        (-199, "eur", "-€1.99"),
        (123456, "eur", "€1,234.56"),
        (500, "chf", "CHF 5.00"),
        (5, "gbp", "£0.05"),
    ],
)
def test_it_writes_amounts_one_way(cents: int, currency: str, text: str) -> None:
    assert format_amount(cents, currency) == text
