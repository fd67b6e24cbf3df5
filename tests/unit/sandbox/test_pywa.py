"""A public client drives the sandbox as it drives Meta: only its base URL is another."""

import struct
import zlib

import httpx
import pytest
from pywa import WhatsApp
from pywa.errors import WhatsAppError
from pywa.types import Button, Section, SectionList, SectionRow
from pywa.types import templates as t

from app.sandbox.settings import SandboxSettings
from tests.support.sandbox_server import sandbox_server

CUSTOMER = "+33612345678"


def png():
    """One white pixel."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    size = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", size)
        + chunk(b"IDAT", zlib.compress(b"\0\xff\xff\xff"))
        + chunk(b"IEND", b"")
    )


@pytest.fixture(scope="module")
def server():
    with sandbox_server(SandboxSettings(clock="manual", delay_jitter=0.0)) as url:
        yield url


@pytest.fixture
def control(server):
    with httpx.Client(base_url=server, trust_env=False) as client:
        yield client


@pytest.fixture
def account(control):
    return control.post("/control/accounts", json={}).json()


@pytest.fixture
def client(server, account):
    with httpx.Client(trust_env=False) as session:
        whatsapp = WhatsApp(
            phone_id=account["phone_number_id"],
            token=account["access_token"],
            waba_id=account["waba_id"],
            app_id=account["app_id"],
            app_secret=account["app_secret"],
            session=session,
        )
        session.base_url = f"{server}/v25.0"
        yield whatsapp


def advance(control, seconds=2):
    control.post("/control/clock/advance", json={"seconds": seconds}).raise_for_status()


def write(control, account):
    inbound = {"from": CUSTOMER, "phone_number_id": account["phone_number_id"], "text": "Hi"}
    return control.post("/control/inbound", json=inbound).json()["wamid"]


def seen(control, account):
    return control.get("/control/messages", params={"phone_number_id": account["phone_number_id"]}).json()["messages"]


def parcel(**more):
    return t.Template(
        **{
            "name": "parcel_ready",
            "language": t.TemplateLanguage.ENGLISH,
            "category": t.TemplateCategory.UTILITY,
            "parameter_format": t.ParamFormat.NAMED,
            "components": [
                t.HeaderText("Parcel {{parcel_no}}", parcel_no="P-77"),
                t.BodyText(
                    "Hello {{first_name}}, your parcel is waiting at the desk until {{last_day}} included.",
                    first_name="Ana",
                    last_day="Friday",
                ),
                t.FooterText(text="Reply STOP to end parcel messages"),
                t.Buttons(
                    buttons=[
                        t.URLButton(text="See parcel", url="https://ex.org/p/{{1}}", example="https://ex.org/p/1"),
                        t.QuickReplyButton(text="Stop updates"),
                    ]
                ),
            ],
        }
        | more
    )


def test_a_template_is_created_listed_sent_and_deleted(client, control, account):
    created = client.create_template(parcel())
    assert created.status == t.TemplateStatus.PENDING
    with pytest.raises(WhatsAppError) as refused:
        client.create_template(parcel())
    assert (refused.value.code, refused.value.subcode) == (100, 2388024)
    advance(control)

    (listed,) = client.get_templates(name="parcel_ready", statuses=[t.TemplateStatus.APPROVED])
    assert listed.id == created.id
    assert client.get_template(created.id).status == t.TemplateStatus.APPROVED

    sent = client.send_template(
        CUSTOMER,
        "parcel_ready",
        t.TemplateLanguage.ENGLISH,
        [
            t.HeaderText.params(parcel_no="P-9"),
            t.BodyText.params(first_name="Zoé", last_day="Monday"),
            t.URLButton.params(url_variable="9", index=0),
            t.QuickReplyButton.params(callback_data="STOP", index=1),
        ],
        tracker="msg_1",
    )
    (message,) = seen(control, account)
    assert message["wamid"] == sent.id
    assert message["biz_opaque_callback_data"] == "msg_1"
    assert "Hello Zoé, your parcel is waiting at the desk until Monday included." in message["text"]
    assert client.delete_template("parcel_ready")
    assert list(client.get_templates()) == []


def test_a_refused_template_send_is_this_clients_error(client):
    with pytest.raises(WhatsAppError) as refused:
        client.send_template(CUSTOMER, "unheard_of", t.TemplateLanguage.ENGLISH, [])
    assert refused.value.code == 132001


def test_a_template_with_a_picture_uploads_its_sample(client, control, account):
    picture = t.HeaderImage(png(), mime_type="image/png")
    body = t.BodyText("Your parcel is waiting at the desk until Friday included.")
    client.create_template(parcel(name="with_picture", components=[picture, body], parameter_format=None))
    advance(control)
    media = client.upload_media(png(), mime_type="image/png", filename="a.png")
    params = [t.HeaderImage.params(image=media.id)]
    sent = client.send_template(CUSTOMER, "with_picture", t.TemplateLanguage.ENGLISH, params)
    assert seen(control, account)[-1]["wamid"] == sent.id


def test_free_form_messages_in_the_window(client, control, account):
    inbound = write(control, account)
    client.send_message(CUSTOMER, "Hello", preview_url=True, reply_to_message_id=inbound)
    client.send_message(CUSTOMER, "When?", buttons=[Button("Morning", callback_data="am")])
    rows = [SectionRow(title="Morning", callback_data="am", description="8-12")]
    client.send_message(CUSTOMER, "When?", buttons=SectionList("Times", sections=[Section(title="Day", rows=rows)]))
    client.send_location(CUSTOMER, 48.8, 2.3, name="Desk", address="Here")
    client.send_reaction(CUSTOMER, "👍", inbound)
    client.send_image(CUSTOMER, png(), caption="Map", mime_type="image/png")
    client.send_document(CUSTOMER, "https://ex.org/a.pdf", filename="a.pdf")
    assert client.mark_message_as_read(inbound)
    advance(control, 5)
    kinds = ["text", "interactive", "interactive", "location", "reaction", "image", "document"]
    messages = seen(control, account)
    assert [message["type"] for message in messages] == kinds
    assert {message["status"] for message in messages} == {"sent", "read"}


def test_media_goes_up_comes_down_and_away(client):
    media = client.upload_media(png(), mime_type="image/png", filename="a.png")
    url = client.get_media_url(media.id)
    assert client.get_media_bytes(url.url) == png()
    assert client.delete_media(media.id)
    with pytest.raises(WhatsAppError):
        client.get_media_url(media.id)


def test_the_business_number_is_read(client, account):
    number = client.get_business_phone_number()
    assert number.display_phone_number == account["display_phone_number"]
    assert [each.id for each in client.get_business_phone_numbers()] == [account["phone_number_id"]]
    assert client.get_business_account().id == account["waba_id"]
