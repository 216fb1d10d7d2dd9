"""The receipt as a document: everything it must say, nothing it must not."""

import io
from datetime import UTC, datetime

import pytest
from django.utils import translation
from pypdf import PdfReader
from pytest_django import Settings

from billing import receipts
from billing.cause import Cause
from billing.documents import receipt_pdf
from billing.documents.words import in_return
from billing.models import Receipt
from billing.models.plan import BenefitClass
from tests import rows
from tests.reading import language_of, text_of, unembedded_fonts

# What is said and drawn is the same on every database.
pytestmark = [pytest.mark.django_db, pytest.mark.once]


def _read(pdf: bytes) -> str:
    return text_of(pdf)


def _monthly() -> Receipt:
    return receipts.issue(rows.payment(rows.membership()), cause=Cause.clock(), now=rows.START)


def _of(benefit_class: BenefitClass, benefits: str) -> Receipt:
    plan = rows.plan()
    plan.benefit_class, plan.benefits = benefit_class, benefits
    plan.save()
    return _monthly()


def test_it_states_all_that_a_receipt_must() -> None:
    receipt = _monthly()
    text = _read(receipt_pdf(receipt, name="Alice"))
    for words in (
        "Receipt R-2026-000001",
        "€1.99 paid on 2 March 2026",
        "Received from Alice",
        "Paid with Visa ending 4242",
        "For Donation: Monthly support",
        "Period covered 2 March 2026 to 2 April 2026",
        "Issued on 2 March 2026",
        f"Reference {receipt.pk}",
        "This is a donation. No goods or services were provided in return.",
        "http://testserver/account/",
        "hello@gcn.example",
        "GCN is a trading name of National LGBT Federation CLG",
        "Registered Charity Number 20034580",
    ):
        assert words in text
    assert "deductible" not in text
    assert "VAT" not in text
    assert "Charity Tax Number" not in text, "what is not configured is left out"


@pytest.mark.parametrize(
    "name",
    ["مینا\u200cسادات", "Al\u200dice"],  # noqa: RUF001 - Persian, not l
)
def test_it_prints_a_name_whose_letters_are_joined(name: str) -> None:
    assert name in _read(receipt_pdf(_monthly(), name=name))


def test_it_leaves_a_name_out_that_it_has_no_letters_for() -> None:
    text = _read(receipt_pdf(_monthly(), name="Alice \U0001f469\u200d\U0001f680"))
    assert "Receipt R-2026-000001" in text
    assert "Received from" not in text


def test_it_tells_a_token_and_a_material_benefit_apart() -> None:
    token = in_return(_of(BenefitClass.TOKEN, "a sticker"))
    assert token == (
        "Membership with a token benefit including: a sticker. "
        "Not eligible for the Charitable Donation Scheme."
    )
    material = _of(BenefitClass.MATERIAL, "the magazine by post.")
    assert in_return(material) == (
        "Membership including: the magazine by post. "
        "Not eligible for the Charitable Donation Scheme."
    )
    assert "For Membership: Monthly support" in _read(receipt_pdf(material, name=""))


def test_it_says_of_a_gift_nothing_about_a_period_or_an_end() -> None:
    gift = receipts.issue(rows.payment(), cause=Cause.clock(), now=rows.START)
    text = _read(receipt_pdf(gift, name="Bob"))
    assert "For Donation: One-off gift" in text
    assert "Period covered" not in text
    assert "end your support" not in text


def test_it_refers_a_credit_note_to_its_receipt() -> None:
    payment = rows.payment(rows.membership())
    receipts.issue(payment, cause=Cause.clock(), now=rows.START)
    refund = rows.refund(payment, amount_cents=99)
    note = receipts.credit(refund, cause=Cause.clock(), now=rows.START)
    text = _read(receipt_pdf(note, name="Alice"))
    assert "Credit note C-2026-000001" in text
    assert "€0.99 refunded on 4 March 2026" in text
    assert "Refers to Receipt R-2026-000001 of 2 March 2026, €1.99" in text


def test_it_keeps_the_office_that_the_charity_had_then(settings: Settings) -> None:
    settings.CHARITY = settings.CHARITY | {"office": "1 Old Street, Dublin"}
    receipt = _monthly()
    settings.CHARITY = settings.CHARITY | {"office": "2 New Street, Dublin"}
    text = _read(receipt_pdf(receipt, name=""))
    assert "Registered office: 1 Old Street, Dublin" in text
    assert "New Street" not in text


@pytest.mark.parametrize(
    "name",
    [
        "Seán Ó Súilleabháin",
        "Ḃriġid Ní Ḋoṁnaill",
        "Nguyễn Thị Ánh",
        "Әлия Қасымқызы",
        "Ελένη Παπαδοπούλου",
        "Արամ Խաչատրյան",
        "გიორგი",
        "አበበ ቢቂላ",
        "李雷",
        "山田 たろう",
        "김민수",
        "สมชาย",
        '#eval("1+1") $x$ *bold* @ref <b> {{ name }} \\ "',
        "A name as long as life itself " * 8,
    ],
)
def test_it_prints_any_name_as_it_is(name: str) -> None:
    assert name.strip() in _read(receipt_pdf(_monthly(), name=name))


@pytest.mark.parametrize(
    "name",
    ["محمد عبد الرحمن", "שרה כהן", "अनिता शर्मा", "অনিতা", "ਗੁਰਪ੍ਰੀਤ", "அனிதா", "ഷൈലജ", "සුනිල්"],
)
def test_it_draws_a_name_whose_letters_change_with_their_neighbours(name: str) -> None:
    # How much of it a reader program gets back is the program's art; here it is that it is there.
    text = _read(receipt_pdf(_monthly(), name=name))
    assert "Received from" in text
    assert set(name[:1]) <= set(text)


def test_it_reads_a_name_on_one_line_and_in_its_own_order() -> None:
    text = _read(receipt_pdf(_monthly(), name="Al\u202eice\r\nBcc: x\t\x07 \u2066Ní\u2069"))
    assert "Received from Alice Bcc: x Ní Paid with" in text


def test_it_keeps_a_word_without_end_on_the_page() -> None:
    page = PdfReader(io.BytesIO(receipt_pdf(_monthly(), name="W" * 300))).pages[0]
    lines = page.extract_text().splitlines()
    assert sum("WWWWW" in line for line in lines) > 5
    assert "W" * 300 in "".join(lines).replace("\u200b", "")


@pytest.mark.parametrize("name", ["", "   ", "\r\n", "🌻", "សុខ", "\ue000", "Alice \u0378"])
def test_it_leaves_out_a_name_that_is_blank_or_cannot_be_printed(name: str) -> None:
    text = _read(receipt_pdf(_monthly(), name=name))
    assert "Received from" not in text
    assert "Receipt R-2026-000001" in text


@pytest.mark.parametrize("name", ["Seán Ó Súilleabháin", "李雷", "محمد", "김민수", "अनिता"])
def test_it_brings_its_fonts_along(name: str) -> None:
    pdf = receipt_pdf(_monthly(), name=name)
    assert not unembedded_fonts(pdf)
    assert len(pdf) < 40_000, "of a font it takes only the letters it needs"


def test_it_speaks_irish_to_who_reads_irish() -> None:
    receipt = _monthly()
    with translation.override("ga"):
        pdf = receipt_pdf(receipt, name="Alice")
    assert language_of(pdf) == "ga-IE"
    assert "2 Márta 2026" in _read(pdf)
    with translation.override("xx"):
        assert language_of(receipt_pdf(receipt, name="Alice")) == "en-IE"


def test_it_follows_a_name_that_changed_and_forgets_one_that_was_erased() -> None:
    receipt = _monthly()
    assert "Received from Alice Paid" in _read(receipt_pdf(receipt, name="Alice"))
    assert "Received from Ailís Paid" in _read(receipt_pdf(receipt, name="Ailís"))
    text = _read(receipt_pdf(receipt, name=""))
    assert "Received from" not in text
    for words in ("Receipt R-2026-000001", "€1.99 paid on 2 March 2026", str(receipt.pk)):
        assert words in text


def test_it_dates_a_payment_by_the_clock_in_dublin() -> None:
    before_midnight = datetime(2026, 6, 30, 22, 59, tzinfo=UTC)
    after = datetime(2026, 6, 30, 23, 30, tzinfo=UTC)
    for moment, words in ((before_midnight, "paid on 30 June"), (after, "paid on 1 July")):
        receipt = receipts.issue(rows.payment(paid_at=moment), cause=Cause.clock(), now=moment)
        assert words in _read(receipt_pdf(receipt, name=""))


def test_it_draws_the_same_bytes_for_the_same_receipt() -> None:
    receipt = _monthly()
    assert receipt_pdf(receipt, name="Alice") == receipt_pdf(receipt, name="Alice")


def test_it_is_tagged_and_says_its_language_and_title() -> None:
    pdf = receipt_pdf(_monthly(), name="Alice")
    reader = PdfReader(io.BytesIO(pdf))
    assert str(reader.root_object["/Lang"]) == "en-IE"
    assert "/StructTreeRoot" in reader.root_object
    assert reader.metadata is not None
    assert reader.metadata.title == "Receipt R-2026-000001"
    assert b"<pdfuaid:part>1" in pdf
    assert b"<pdfaid:part>2" in pdf


def test_it_tells_nothing_by_its_file_name() -> None:
    assert _monthly().file_name == "receipt-2026-000001.pdf"
