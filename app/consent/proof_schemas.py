"""Bodies of the proof operations."""

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from app.consent.fold import Act
from app.consent.schemas import Bsuid, Strict


class ProofKeyOut(BaseModel):
    """By which proofs of the business can be checked. Publish it where others find it: on the business's website."""

    algorithm: Literal["Ed25519"]
    key: str = Field(description="32 bytes in Base64")
    fingerprint: str = Field(description="SHA-256 of these bytes, hexadecimal")


class ProofQuery(Strict):
    """Whose acts are looked for, also after an erasure: by the number or BSUID that the person tells."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"phone": "+905321112233"}]})

    phone: Annotated[str, Field(max_length=40, examples=["+905321112233"])] | None = None
    bsuid: Bsuid | None = None

    @model_validator(mode="after")
    def _identified(self) -> Self:
        if (self.phone is None) == (self.bsuid is None):
            raise ValueError("give either phone or bsuid")
        return self


class ProvenBusiness(BaseModel):
    id: str
    name: str
    country: str
    language: str
    time_zone: str
    website: str
    colour: str
    topics: dict[str, dict[str, str]] = Field(description="The business's own names of its topics, by language")


class ProvenContact(BaseModel):
    id: str
    phone: str | None
    bsuid: str | None
    wa_id: str | None
    ended_at: str | None
    ended_by: str | None


class ProvenState(BaseModel):
    contact: str
    topic: str
    state: str
    since: str
    act: str = Field(description="By which it holds")


class ProvenEvidence(BaseModel):
    salt: str
    personal: dict[str, str]


class ProvenAct(BaseModel):
    """A line of the ledger: every column that its `mac` covers, and what is personal about it."""

    number: int | None
    id: str
    contact: str
    act: Act
    channel: str
    topic: str
    value: dict[str, Any] | None
    source: str
    place: str | None
    link: str | None
    actor: str
    wording: str | None
    wording_version: str | None
    language: str | None
    subject: str | None = Field(description="Keyed hash of the number or BSUID")
    evidence_hash: str | None = Field(description="SHA-256 of `evidence.salt` and `evidence.personal` in RFC 8785")
    occurred_at: str
    recorded_at: str
    mac: str | None
    evidence: ProvenEvidence | None = Field(description="Null after an erasure")


class ProvenLedger(BaseModel):
    """The end of the business's chain when the proof was issued: `ulak consent verify --seal length:head` finds it."""

    length: int
    head: str


class ProofIssue(BaseModel):
    at: str
    key: str = Field(description="Id of the API key that asked for it")


class Proof(BaseModel):
    format: Literal["ulak-consent-proof/1"]
    business: ProvenBusiness
    mode: str
    erased: bool = Field(description="Whether nothing personal is left: the acts are those of a pseudonym")
    contacts: list[ProvenContact]
    consents: list[ProvenState]
    preferences: dict[str, Any]
    acts: list[ProvenAct] = Field(description="All of them, oldest first")
    ledger: ProvenLedger
    issued: ProofIssue


class ProofSignature(BaseModel):
    algorithm: Literal["Ed25519"]
    canonicalization: Literal["RFC 8785"]
    key: str
    fingerprint: str
    value: str = Field(description="Of `proof` in canonical JSON; Base64")


class SignedProof(BaseModel):
    proof: Proof
    signature: ProofSignature
