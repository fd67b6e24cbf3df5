"""A public client drives the sandbox as it drives Meta: only its base URL is another."""

import struct
import zlib

import httpx
import pytest
from pywa import WhatsApp
from pywa.errors import WhatsAppError
from pywa.types import Button, Contact, ContactInfoRequestButton, Section, SectionList, SectionRow, URLButton
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
    with sandbox_server(SandboxSettings(clock="manual", delay_jitter=0.0, compare_sends=2)) as url:
        yield url


@pytest.fixture
def control(server):
    with httpx.Client(base_url=server, trust_env=False) as client:
        yield client


@pytest.fixture
def account(control):
    return control.post("/control/accounts", json={}).json()


class ToTheSandbox(httpx.BaseTransport):
    """Leads another host's calls there, as a name server would."""

    def __init__(self, server):
        self._server = httpx.URL(server)
        self._transport = httpx.HTTPTransport()

    def handle_request(self, request):
        request.url = request.url.copy_with(scheme="http", host=self._server.host, port=self._server.port)
        return self._transport.handle_request(request)

    def close(self):
        self._transport.close()


@pytest.fixture
def client(server, account):
    with httpx.Client(trust_env=False, mounts={"https://api.facebook.com": ToTheSandbox(server)}) as session:
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
    (leaving,) = client.get_templates()
    assert leaving.status == t.TemplateStatus.PENDING_DELETION
    advance(control)
    assert list(client.get_templates()) == []


PLAIN = t.BodyText("Your parcel is waiting at the desk until Friday included.")


def simple(name="plain", text="Your parcel is waiting at the desk until Friday included.", **more):
    return parcel(**({"name": name, "components": [t.BodyText(text)], "parameter_format": None} | more))


def test_a_template_is_edited_and_reviewed_again(client, control):
    created = client.create_template(simple(text="Please REJECT_PROMOTIONAL this parcel, it is a test."))
    advance(control)
    rejected = client.get_template(created.id)
    assert (rejected.status, rejected.rejected_reason) == (
        t.TemplateStatus.REJECTED,
        t.TemplateRejectionReason.PROMOTIONAL,
    )
    assert client.update_template(created.id, new_category=t.TemplateCategory.MARKETING, new_components=[PLAIN]).success
    with pytest.raises(WhatsAppError) as refused:
        client.update_template(created.id, new_components=[PLAIN])
    assert (refused.value.code, refused.value.subcode) == (100, 2388039)
    advance(control)
    approved = client.get_template(created.id)
    assert (approved.status, approved.category) == (t.TemplateStatus.APPROVED, t.TemplateCategory.MARKETING)


def test_templates_are_filtered_and_summed_up(client, control):
    client.create_template(simple("one"))
    client.create_template(simple("two", "Your order number two is on its way to you now."))
    advance(control)
    (found,) = client.get_templates(content="number two")
    assert found.name == "two"
    assert list(client.get_templates(quality_scores=[t.QualityScoreType.RED])) == []
    result = client.get_templates(statuses=[t.TemplateStatus.APPROVED], categories=[t.TemplateCategory.UTILITY])
    assert (len(result), result.message_template_count, result.message_template_limit) == (2, 2, 250)


def test_a_pause_by_pacing_is_lifted(client, control):
    created = client.create_template(simple())
    advance(control)
    control.post(f"/control/templates/{created.id}/pacing", json={"decision": "drop"}).raise_for_status()
    paused = client.get_template(created.id)
    assert paused.status == t.TemplateStatus.PAUSED
    assert not client.unpause_template(created.id).success
    advance(control, 301)
    assert paused.unpause().success
    assert client.get_template(created.id).status == t.TemplateStatus.APPROVED


def test_quality_is_read(client, control):
    created = client.create_template(simple())
    advance(control)
    control.post(f"/control/templates/{created.id}/feedback", json={"kind": "report", "count": 30}).raise_for_status()
    assert client.get_template(created.id).quality_score.score == t.QualityScoreType.RED


def test_templates_are_archived_and_brought_back(client, control):
    """By a host of their own, and without a version."""
    created = client.create_template(simple())
    advance(control)
    result = client.archive_templates([created.id, "404"])
    assert (result.archived, list(result.failed)) == ((created.id,), ["404"])
    archived = client.get_template(created.id)
    assert archived.status == t.TemplateStatus.ARCHIVED
    assert archived.unarchive().unarchived == (created.id,)
    assert client.get_template(created.id).status == t.TemplateStatus.APPROVED


def test_two_templates_are_compared(client, control):
    control.patch("/control/faults", json={"throughput": None, "pair_interval": 0}).raise_for_status()
    one = client.create_template(simple("one"))
    two = client.create_template(simple("two", "Your order number two is on its way to you now."))
    advance(control)
    for name, times in (("one", 2), ("two", 3)):
        for _ in range(times):
            client.send_template(CUSTOMER, name, t.TemplateLanguage.ENGLISH, [])
    block = {"kind": "block", "reason": "NO_SIGN_UP"}
    control.post(f"/control/templates/{one.id}/feedback", json=block).raise_for_status()
    now = int(control.get("/healthz").json()["now"])
    timeframe = {"start": now - 7 * 86_400, "end": now}
    result = client.compare_templates(one.id, two.id, **timeframe)
    assert result.block_rate == [two.id, one.id]
    assert result.times_sent == {one.id: 2, two.id: 3}
    assert result.top_block_reason[one.id] == t.TopBlockReasonType.NO_SIGN_UP
    with pytest.raises(WhatsAppError):
        client.compare_templates(one.id, two.id, start=now - 5 * 86_400, end=now)
    with pytest.raises(WhatsAppError):
        client.compare_templates(one.id, "404", **timeframe)


def test_a_template_of_the_library_needs_no_review(client, control):
    made = client.create_template(
        t.LibraryTemplate(
            name="my_reminder",
            library_template_name="payment_due_reminder_1",
            category=t.TemplateCategory.UTILITY,
            language=t.TemplateLanguage.ENGLISH,
            library_template_button_inputs=[
                t.URLButton.library_input(base_url="https://ex.org/{{1}}", url_suffix_example="https://ex.org/a"),
                t.PhoneNumberButton.library_input(phone_number="+905551112233"),
            ],
        )
    )
    assert made.status == t.TemplateStatus.APPROVED
    assert client.get_template(made.id).library_template_name == "payment_due_reminder_1"
    sent = client.send_template(
        CUSTOMER,
        "my_reminder",
        t.TemplateLanguage.ENGLISH,
        [t.BodyText.params("Ana", "€25.00", "12 March"), t.URLButton.params(url_variable="7", index=0)],
    )
    assert sent.id


def test_authentication_templates_are_made_and_changed_in_bulk(client, control):
    languages = [t.TemplateLanguage.ENGLISH, t.TemplateLanguage.TURKISH]
    made = client.upsert_authentication_template(
        name="code", languages=languages, otp_button=t.CopyCodeOTPButton(), code_expiration_minutes=5
    )
    assert [one.status for one in made] == [t.TemplateStatus.PENDING] * 2
    advance(control)
    again = client.upsert_authentication_template(
        name="code", languages=[*languages, t.TemplateLanguage.GERMAN], otp_button=t.CopyCodeOTPButton()
    )
    assert [one.id for one in again][:2] == [one.id for one in made]
    advance(control)
    found = list(client.get_templates(statuses=[t.TemplateStatus.APPROVED]))
    assert [one.language for one in found] == [*languages, t.TemplateLanguage.GERMAN]


def test_templates_move_to_another_account_of_the_business(client, control, account):
    other = control.post("/control/accounts", json={"business_id": account["business_id"]}).json()
    first = client.create_template(simple("one"))
    second = client.create_template(simple("two", "Please REJECT_SCAM this parcel, it is a test."))
    advance(control)
    result = client.migrate_templates(account["waba_id"], destination_waba_id=other["waba_id"])
    assert [one.id for one in result.migrated] == [first.id]
    assert [(one.id, one.reason) for one in result.failed] == [(second.id, "The template is REJECTED.")]
    advance(control)
    (moved,) = client.get_templates(waba_id=other["waba_id"])
    assert (moved.name, moved.status) == ("one", t.TemplateStatus.APPROVED)


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
    client.send_document(CUSTOMER, "https://ex.org/a.pdf", filename="a.pdf", caption="Bill")
    client.send_message(CUSTOMER, "Map", header="Courier", footer="Live", buttons=URLButton("Open", "https://ex.org/m"))
    client.send_message(CUSTOMER, "May we call you?", buttons=ContactInfoRequestButton())
    client.request_location(CUSTOMER, "Where to?")
    client.send_contact(
        CUSTOMER, Contact(name=Contact.Name(formatted_name="Can"), phones=[Contact.Phone("+905551112233")])
    )
    client.send_audio(CUSTOMER, "https://ex.org/a.ogg", is_voice=True)
    client.send_video(CUSTOMER, "https://ex.org/a.mp4", caption="Film")
    client.send_sticker(CUSTOMER, "https://ex.org/a.webp")
    client.remove_reaction(CUSTOMER, inbound)
    assert client.mark_message_as_read(inbound)
    assert client.indicate_typing(inbound)
    advance(control, 5)
    messages = seen(control, account)
    assert [message["type"] for message in messages] == [
        *("text", "interactive", "interactive", "location", "reaction", "image", "document", "interactive"),
        *("interactive", "interactive", "contacts", "audio", "video", "sticker", "reaction"),
    ]
    assert {message["status"] for message in messages} == {"sent", "read"}
    assert {(message["pricing"]["type"], message["pricing"]["category"]) for message in messages} == {
        ("free_customer_service", "service")
    }
    assert messages[0]["context"] == inbound


def test_what_is_not_for_this_chat_or_comes_too_late(client, control, account):
    """The client hears of a wrong quote at once, and of the closed window by a receipt."""
    write(control, account)
    for refused in (
        lambda: client.send_message(CUSTOMER, "Hello", reply_to_message_id="wamid.X"),
        lambda: client.mark_message_as_read("wamid.X"),
        lambda: client.send_message(CUSTOMER, "x" * 4097),
    ):
        with pytest.raises(WhatsAppError):
            refused()
    advance(control, 86_400)
    client.send_message(CUSTOMER, "Hello")
    advance(control, 5)
    (late,) = seen(control, account)
    assert late["statuses"][-1]["code"] == 131047


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
