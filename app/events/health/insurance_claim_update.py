"""Insurance claim update: how far a claim has come."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field

from app.events import mapping
from app.events.event_type import CUSTOMER_NAME, EventType, Industry, LinkButton, Priority, Wording, english, turkish
from app.events.fields import Code, Day, Payload, PrivateLink, belongs_to
from app.events.formatting import Money


class InsuranceClaimUpdate(Payload):
    """Neither treatment nor names of documents: what is missing, or why a claim fails, stands behind the link."""

    claim_number: Annotated[Code, Field(examples=["HS-88120"])]
    status: Literal[
        "received", "under_review", "documents_needed", "approved", "partially_approved", "rejected", "paid"
    ]
    amount: Annotated[
        Money | None,
        belongs_to("status", "approved", "partially_approved", "paid"),
        Field(validate_default=True, description="Needed for `approved`, `partially_approved` and `paid`"),
    ] = None
    documents_by: Annotated[
        Day | None,
        belongs_to("status", allowed=("documents_needed",)),
        Field(validate_default=True, description="For `documents_needed`, where there is a last day"),
    ] = None
    claim_url: PrivateLink


def _plain(turkish: str, english: str) -> mapping.Case:
    return mapping.Case({"tr": turkish, "en": english}, {})


def _with_amount(turkish: str, english: str) -> mapping.Case:
    return mapping.Case({"tr": turkish, "en": english}, {"amount": mapping.money("amount")})


EVENT_TYPE = EventType(
    name="insurance-claim-update",
    title="Insurance claim update",
    description="Post it whenever a claim comes a step further, with the claim's `reference`: what still waits about "
    "an earlier step is taken back. The customer sees the claim's number, its state, and the amount where there is "
    "one; everything else stands behind the button.",
    industry=Industry.HEALTH,
    payload=InsuranceClaimUpdate,
    topic="insurance_claims",
    priority=Priority.NORMAL,
    time_to_live=timedelta(hours=48),
    on_unconfirmed="resend",
    unconfirmed_window=timedelta(minutes=10),
    quiet_hours="keep",
    parameters={
        "customer_name": CUSTOMER_NAME,
        "claim_number": mapping.text("claim_number"),
        "status": mapping.cases(
            "status",
            {
                "received": _plain("Talebiniz alındı", "We have received your claim"),
                "under_review": _plain("Talebiniz inceleniyor", "Your claim is being reviewed"),
                "documents_needed": mapping.Case(
                    {
                        "tr": "Talebinizin sonuçlanması için eksik belge bekleniyor. Son gün: {due}",
                        "en": "A document is still missing for your claim to be decided. Last day: {due}",
                    },
                    {
                        "due": mapping.either(
                            "documents_by", mapping.day("documents_by"), {"tr": "belirlenmedi", "en": "not set"}
                        )
                    },
                ),
                "approved": _with_amount(
                    "Talebiniz onaylandı. Ödenecek tutar: {amount}",
                    "Your claim has been approved. Amount to be paid: {amount}",
                ),
                "partially_approved": _with_amount(
                    "Talebiniz kısmen onaylandı. Ödenecek tutar: {amount}",
                    "Your claim has been approved in part. Amount to be paid: {amount}",
                ),
                "rejected": _plain(
                    "Talebiniz onaylanmadı. Gerekçesi ve itiraz yolu talep sayfanızda yer alıyor",
                    "Your claim has not been approved. The reasons and how to appeal are on the page of your claim",
                ),
                "paid": _with_amount(
                    "Ödemeniz yapıldı. Ödenen tutar: {amount}", "Your claim has been paid. Amount: {amount}"
                ),
            },
        ),
    },
    buttons=(LinkButton(mapping.link("claim_url"), {"tr": "Talebi görüntüle", "en": "View claim"}),),
    overtakes=("insurance-claim-update",),
    wordings={
        "tr": Wording(
            header="Sigorta talebinizde gelişme",
            body=(
                "Merhaba {{customer_name}}, sigorta talebinizle ilgili yeni bir gelişme var. "
                "Talep numarası: *{{claim_number}}*. Durum: {{status}}. "
                "Ayrıntıları aşağıdaki düğmeden görebilirsiniz."
            ),
        ),
        "en": Wording(
            header="Insurance claim update",
            body=(
                "Hello {{customer_name}}, there is news about your insurance claim. "
                "Claim number: *{{claim_number}}*. Status: {{status}}. "
                "You can see the details with the button below."
            ),
        ),
    },
    examples={
        "tr": turkish(
            {
                "claim_number": "HS-88120",
                "status": "approved",
                "amount": {"amount": 480000, "currency": "TRY"},
                "claim_url": "https://shop.example/claims/HS-88120",
            },
            reference="claim-88120",
        ),
        "en": english(
            {
                "claim_number": "HS-88121",
                "status": "approved",
                "amount": {"amount": 480000, "currency": "TRY"},
                "claim_url": "https://shop.example/claims/HS-88121",
            },
            reference="claim-88121",
        ),
    },
)
