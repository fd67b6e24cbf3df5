"""A check-up as programs read it."""

from collections.abc import Sequence
from datetime import datetime, tzinfo
from typing import Literal

from pydantic import BaseModel, Field

from app.core.languages import OurLanguage
from app.doctor.outcomes import OF_INSTALLATION, Check, Finding, Outcome, in_order
from app.doctor.service import CheckUp, zone_of
from app.doctor.words import tell_all, title


class CheckOut(BaseModel):
    check: Check = Field(examples=["token_expiry"])
    about: Literal["installation", "sender"]
    outcome: Outcome = Field(
        description="`failed`: messages, or the news of them, do not get through, or will not before long. `warning`: "
        "it works, and something should be done or known. `unknown`: it could not be found out, or Meta does not say"
    )
    title: str = Field(examples=["Life of the access token"])
    found: list[str] = Field(examples=[["It expires at 3 Dec 2026 10:00 (7 days left)."]])
    advice: list[str] = Field(
        description="What to do; empty where all is well",
        examples=[["A system user’s token that is generated without expiry spares you this."]],
    )


class CheckUpOut(BaseModel):
    """How a sender stands with Meta, and with Ulak."""

    sender: str = Field(examples=["snd_019a8f3c2b7d7c31a4e5f60718293a4b"])
    display_phone_number: str
    verified_name: str
    outcome: Literal[Outcome.FAILED, Outcome.WARNING, Outcome.OK] = Field(
        description="The worst of all; what is unknown is no fault by itself"
    )
    checked_at: datetime
    checks: list[CheckOut] = Field(description="The worst first")


def check_out(finding: Finding, language: OurLanguage, zone: tzinfo) -> CheckOut:
    return CheckOut(
        check=finding.check,
        about="installation" if finding.check in OF_INSTALLATION else "sender",
        outcome=finding.outcome,
        title=title(finding.check, language),
        found=tell_all(finding.found, language, zone),
        advice=tell_all(finding.advice, language, zone),
    )


def checks_out(findings: Sequence[Finding], language: OurLanguage, zone: tzinfo) -> list[CheckOut]:
    return [check_out(one, language, zone) for one in in_order(findings)]


def check_up_out(check_up: CheckUp, language: OurLanguage) -> CheckUpOut:
    """Moments in the business's zone."""
    return CheckUpOut.model_validate(
        {
            "sender": check_up.public_id,
            "display_phone_number": check_up.display_phone_number,
            "verified_name": check_up.verified_name,
            "outcome": check_up.outcome,
            "checked_at": check_up.checked_at,
            "checks": checks_out(check_up.findings, language, zone_of(check_up)),
        }
    )
