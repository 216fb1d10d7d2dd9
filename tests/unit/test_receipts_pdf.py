"""The receipt as a document: everything it must say, nothing it must not."""

import io
import re

import pytest
from pypdf import PdfReader
from pytest_django import Settings

from billing import receipt_pdf, receipts
from billing.cause import Cause
from billing.models import Receipt
from billing.models.plan import BenefitClass
from tests import rows

pytestmark = pytest.mark.django_db


def _read(pdf: bytes) -> str:
    reader = PdfReader(io.BytesIO(pdf))
    assert len(reader.pages) == 1
    return re.sub(r"\s+", " ", reader.pages[0].extract_text())


def _monthly() -> Receipt:
    return receipts.issue(rows.payment(rows.membership()), cause=Cause.clock(), now=rows.START)


def _of(benefit_class: BenefitClass, benefits: str) -> Receipt:
    plan = rows.plan()
    plan.benefit_class, plan.benefits = benefit_class, benefits
    plan.save()
    return _monthly()


def test_it_states_all_that_a_receipt_must() -> None:
    receipt = _monthly()
    text = _read(receipt_pdf.render(receipt, name="Alice"))
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
    assert name in _read(receipt_pdf.render(_monthly(), name=name))


def test_it_leaves_a_name_out_that_it_has_no_letters_for() -> None:
    text = _read(receipt_pdf.render(_monthly(), name="Alice \U0001f469\u200d\U0001f680"))
    assert "Receipt R-2026-000001" in text
    assert "Received from" not in text


def test_it_tells_a_token_and_a_material_benefit_apart() -> None:
    token = receipt_pdf.statement(_of(BenefitClass.TOKEN, "a sticker"))
    assert token == (
        "Membership with a token benefit including: a sticker. "
        "Not eligible for the Charitable Donation Scheme."
    )
    material = _of(BenefitClass.MATERIAL, "the magazine by post.")
    assert receipt_pdf.statement(material) == (
        "Membership including: the magazine by post. "
        "Not eligible for the Charitable Donation Scheme."
    )
    assert "For Membership: Monthly support" in _read(receipt_pdf.render(material, name=""))


def test_it_says_of_a_gift_nothing_about_a_period_or_an_end() -> None:
    gift = receipts.issue(rows.payment(), cause=Cause.clock(), now=rows.START)
    text = _read(receipt_pdf.render(gift, name="Bob"))
    assert "For Donation: One-off gift" in text
    assert "Period covered" not in text
    assert "end your support" not in text


def test_it_refers_a_credit_note_to_its_receipt() -> None:
    payment = rows.payment(rows.membership())
    receipts.issue(payment, cause=Cause.clock(), now=rows.START)
    refund = rows.refund(payment, amount_cents=99)
    note = receipts.credit(refund, cause=Cause.clock(), now=rows.START)
    text = _read(receipt_pdf.render(note, name="Alice"))
    assert "Credit note C-2026-000001" in text
    assert "€0.99 refunded on 4 March 2026" in text
    assert "Refers to Receipt R-2026-000001 of 2 March 2026, €1.99" in text


def test_it_keeps_the_office_that_the_charity_had_then(settings: Settings) -> None:
    settings.CHARITY = settings.CHARITY | {"office": "1 Old Street, Dublin"}
    receipt = _monthly()
    settings.CHARITY = settings.CHARITY | {"office": "2 New Street, Dublin"}
    text = _read(receipt_pdf.render(receipt, name=""))
    assert "Registered office: 1 Old Street, Dublin" in text
    assert "New Street" not in text


@pytest.mark.parametrize(
    "name",
    [
        "Seán Ó Súilleabháin",
        "Әлия Қасымқызы",
        "Ελένη Παπαδοπούλου",
        '#eval("1+1") $x$ *bold* @ref <b> {{ name }} \\ "',
        "A name as long as life itself " * 8,
    ],
)
def test_it_prints_any_name_as_it_is(name: str) -> None:
    assert name.strip() in _read(receipt_pdf.render(_monthly(), name=name))


@pytest.mark.parametrize("name", ["", "   ", "李雷", "🌻"])
def test_it_leaves_out_a_name_that_is_blank_or_cannot_be_printed(name: str) -> None:
    assert "Received from" not in _read(receipt_pdf.render(_monthly(), name=name))


def test_it_draws_the_same_bytes_for_the_same_receipt() -> None:
    receipt = _monthly()
    assert receipt_pdf.render(receipt, name="Alice") == receipt_pdf.render(receipt, name="Alice")


def test_it_is_tagged_and_says_its_language_and_title() -> None:
    pdf = receipt_pdf.render(_monthly(), name="Alice")
    reader = PdfReader(io.BytesIO(pdf))
    assert str(reader.root_object["/Lang"]) == "en-IE"
    assert "/StructTreeRoot" in reader.root_object
    assert reader.metadata is not None
    assert reader.metadata.title == "Receipt R-2026-000001"
    assert b"<pdfuaid:part>1" in pdf
    assert b"<pdfaid:part>2" in pdf


def test_it_tells_nothing_by_its_file_name() -> None:
    assert _monthly().file_name == "receipt-2026-000001.pdf"
