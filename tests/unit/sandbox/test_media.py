import hashlib

import pytest

from tests.support.sandbox import error_of

PNG = b"\x89PNG\r\n\x1a\n" + b"x" * 64


async def upload(bench, data=PNG, mime="image/png", name="a.png", **fields):
    form = {"messaging_product": "whatsapp", "type": mime} | fields
    return await bench.graph("POST", "{pnid}/media", data=form, files={"file": (name, data, mime)})


async def test_media_goes_up_and_comes_down(bench):
    media_id = (await upload(bench)).json()["id"]
    found = (await bench.graph("GET", media_id, params={"phone_number_id": bench.account["phone_number_id"]})).json()
    assert found["mime_type"] == "image/png"
    assert found["file_size"] == len(PNG)
    assert found["sha256"] == hashlib.sha256(PNG).hexdigest()
    assert (await bench.http.get(found["url"])).content == PNG
    bench.http.headers.pop("Authorization")
    assert (await bench.http.get(found["url"])).status_code == 401


async def test_the_download_address_goes_stale(bench):
    media_id = (await upload(bench)).json()["id"]
    address = (await bench.graph("GET", media_id)).json()["url"]
    await bench.advance(301)
    assert (await bench.http.get(address)).status_code == 404


async def test_media_ends_after_thirty_days_or_by_deletion(bench):
    old = (await upload(bench)).json()["id"]
    await bench.advance(30 * 86_400 + 1)
    assert error_of(await bench.graph("GET", old)) == (400, 100, 33)
    new = (await upload(bench)).json()["id"]
    wrong = await bench.graph("DELETE", new, params={"phone_number_id": "1"})
    assert error_of(wrong) == (400, 100, 33)
    assert (await bench.graph("DELETE", new)).json() == {"success": True}
    assert error_of(await bench.graph("GET", new)) == (400, 100, 33)


@pytest.mark.parametrize(
    ("data", "mime"), [(PNG, "image/gif"), (b"", "image/png"), (b"x" * (5 * 1024 * 1024 + 1), "image/png")]
)
async def test_bad_media_is_refused(bench, data, mime):
    assert error_of(await upload(bench, data, mime))[:2] == (400, 100)


async def test_media_needs_its_fields(bench):
    assert error_of(await upload(bench, messaging_product="sms"))[1] == 100
    missing = await bench.graph("POST", "{pnid}/media", data={"messaging_product": "whatsapp"})
    assert error_of(missing)[1] == 100


async def test_media_of_the_wrong_kind_fails_later(bench):
    await bench.write()
    media_id = (await upload(bench)).json()["id"]
    good = (await bench.send("image", {"id": media_id})).json()["messages"][0]["id"]
    bad = (await bench.send("video", {"id": media_id})).json()["messages"][0]["id"]
    await bench.advance(3)
    assert bench.receiver.statuses(good)[-1]["status"] == "read"
    assert bench.receiver.statuses(bad)[0]["errors"][0]["code"] == 131053
    shown = await bench.http.get(f"/phone/media/{media_id}")
    assert (shown.status_code, shown.content) == (200, PNG)


async def sample(bench, data=PNG, mime="image/png", pieces=1):
    params = {"file_name": "a.png", "file_length": len(data), "file_type": mime}
    upload_id = (await bench.graph("POST", "{app}/uploads", params=params)).json()["id"]
    assert upload_id.startswith("upload:")
    size = -(-len(data) // pieces)
    for start in range(0, len(data), size):
        headers = {"file_offset": str(start), "Authorization": f"OAuth {bench.account['access_token']}"}
        answer = await bench.graph("POST", upload_id, content=data[start : start + size], headers=headers)
        if start + size < len(data):
            assert (await bench.graph("GET", upload_id)).json() == {"id": upload_id, "file_offset": start + size}
    return answer.json()["h"]


@pytest.mark.parametrize("pieces", [1, 3])
async def test_a_header_sample_makes_a_template_with_media(bench, pieces):
    handle = await sample(bench, pieces=pieces)
    assert handle.startswith("4::")
    components = [
        {"type": "HEADER", "format": "IMAGE", "example": {"header_handle": [handle]}},
        {"type": "BODY", "text": "Your parcel is waiting at the desk today."},
    ]
    await bench.create(components=components)
    media_id = (await upload(bench)).json()["id"]

    def header(kind, content):
        return {"type": "header", "parameters": [{"type": kind, kind: content}]}

    sent = await bench.send_template("parcel_ready", header("image", {"id": media_id}))
    assert sent.status_code == 200
    linked = await bench.send_template("parcel_ready", header("image", {"link": "https://ex.org/a.png"}))
    assert linked.status_code == 200
    for components, code in [
        ([], 132012),
        ([header("video", {"link": "https://ex.org/a.mp4"})], 132012),
        ([header("image", {})], 131008),
        ([header("image", {"id": media_id, "caption": "x"})], 131009),
        ([header("image", {"id": "404"})], 100),
    ]:
        assert error_of(await bench.send_template("parcel_ready", *components))[1] == code
    wrong = await bench.send_template("parcel_ready")
    details = wrong.json()["error"]["error_data"]["details"]
    assert details == "header: Format mismatch, expected IMAGE, received UNKNOWN"


async def test_a_sample_must_be_of_the_header_s_kind(bench):
    handle = await sample(bench, mime="application/pdf")
    components = [
        {"type": "HEADER", "format": "IMAGE", "example": {"header_handle": [handle]}},
        {"type": "BODY", "text": "Your parcel is waiting at the desk today."},
    ]
    assert error_of(await bench.create(components=components)) == (400, 100, 2388047)


async def test_uploads_hold_to_what_was_announced(bench):
    path = "{app}/uploads"
    assert error_of(await bench.graph("POST", path, params={"file_type": "image/gif", "file_length": 1}))[1] == 100
    assert error_of(await bench.graph("POST", path, params={"file_type": "image/png", "file_length": 0}))[1] == 100
    upload_id = (await bench.graph("POST", path, params={"file_type": "image/png", "file_length": 4})).json()["id"]
    assert error_of(await bench.graph("POST", upload_id, content=b"12345"))[1] == 131009
    assert error_of(await bench.graph("POST", upload_id, content=b"1", headers={"file_offset": "2"}))[1] == 131009
    assert error_of(await bench.graph("GET", "upload:none")) == (400, 100, 33)
