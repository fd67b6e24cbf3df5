"""Meter reading reminder: the customer reads the meter and answers with what it shows."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from app.events import mapping
from app.events.answers import Expected
from app.events.event_type import CUSTOMER_NAME, EventType, Industry, Priority, Wording, english, turkish
from app.events.fields import AccountNumber, Code, Day, Payload, Service


class MeterReadingReminder(Payload):
    service: Service
    account_number: AccountNumber
    meter_number: Annotated[Code, Field(examples=["70318842"], description="As it is printed on the meter")]
    read_by: Annotated[Day, Field(examples=["2026-11-28"], description="Last day on which a reading counts")]


EVENT_TYPE = EventType(
    name="meter-reading-reminder",
    title="Meter reading reminder",
    description="Post it when customers are to read their meter: which one and by when. What the customer answers "
    "reaches you as `reply.received`, of kind `meter_reading` where it is surely one.",
    industry=Industry.UTILITIES,
    payload=MeterReadingReminder,
    topic="meter_readings",
    priority=Priority.NORMAL,
    time_to_live=timedelta(hours=48),
    on_unconfirmed="resend",
    unconfirmed_window=timedelta(minutes=30),
    quiet_hours="keep",
    parameters={
        "customer_name": CUSTOMER_NAME,
        "account_number": mapping.text("account_number"),
        "service": mapping.text("service"),
        "meter_number": mapping.text("meter_number"),
        "read_by": mapping.day("read_by"),
    },
    expects=(Expected.METER_READING,),
    wordings={
        "tr": Wording(
            header="Sayaç okuma hatırlatması",
            body=(
                "Merhaba {{customer_name}}, *{{account_number}}* numaralı aboneliğinizin {{service}} sayacını okuma "
                "zamanı geldi. Sayaç numarası: {{meter_number}}. Bildirim için son gün: *{{read_by}}*. "
                "Sayaçta gördüğünüz değeri, virgülden sonraki haneler olmadan, bu mesaja yanıt olarak yazmanız yeterli."
            ),
        ),
        "en": Wording(
            header="Meter reading reminder",
            body=(
                "Hello {{customer_name}}, it is time to read the {{service}} meter of your account "
                "*{{account_number}}*. Meter number: {{meter_number}}. Last day: *{{read_by}}*. "
                "Please reply to this message with the number that the meter shows, without decimals."
            ),
        ),
    },
    examples={
        "tr": turkish(
            {
                "service": "doğal gaz",
                "account_number": "4500123456",
                "meter_number": "70318842",
                "read_by": "2026-11-28",
            },
            reference="reading-70318842-2026-11",
        ),
        "en": english(
            {
                "service": "gas",
                "account_number": "4500123457",
                "meter_number": "70318843",
                "read_by": "2026-11-28",
            },
            reference="reading-70318843-2026-11",
        ),
    },
)
