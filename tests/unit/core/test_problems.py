"""Problem details: stable codes, pointers to the fault, and answers that are always JSON in UTF-8."""

from typing import Annotated

import asyncpg
import httpx
import orjson
import pytest
from fastapi import FastAPI
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from app.core.problems import (
    BodyTooLarge,
    Conflict,
    FieldError,
    Forbidden,
    InternalError,
    InvalidRequest,
    MalformedBody,
    NotFound,
    Problem,
    Unauthorized,
    Unavailable,
    answer_to,
    field_errors,
    install,
    pointer_to,
    problem_of,
    responses,
)


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid")
    amount: int


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str = Field(max_length=3)
    inner: Inner | None = None
    rows: list[Inner] = []


def _refused(body: str | bytes) -> Problem:
    with pytest.raises(ValidationError) as error:
        Body.model_validate_json(body)
    return problem_of(error.value)


@pytest.mark.parametrize(
    ("location", "pointer"),
    [
        ((), "#"),
        (("data", "total", "currency"), "#/data/total/currency"),
        (("rows", 0, "amount"), "#/rows/0/amount"),
        (("a/b", "m~n", "~1"), "#/a~1b/m~0n/~01"),
        (("",), "#/"),
    ],
)
def test_pointers_are_json_pointers(location: tuple, pointer: str) -> None:
    assert pointer_to(location) == pointer


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ('{"name":"long"}', ["#/name"]),
        ("{}", ["#/name"]),
        ('{"name":"a","inner":{"amount":"x"}}', ["#/inner/amount"]),
        ('{"name":"a","rows":[{"amount":1},{"amount":[]},{}]}', ["#/rows/1/amount", "#/rows/2/amount"]),
        ('{"name":"a","rows":[{"amount":1,"more":1}]}', ["#/rows/0/more"]),
        ('{"name":"a","a/b":1,"m~n":2}', ["#/a~1b", "#/m~0n"]),
        ("[]", ["#"]),
        ("null", ["#"]),
    ],
)
def test_every_fault_is_pointed_to(body: str, pointers: list[str]) -> None:
    problem = _refused(body)
    assert isinstance(problem, InvalidRequest)
    assert [error.pointer for error in problem.errors] == pointers
    assert all(error.code and error.message for error in problem.errors)


@pytest.mark.parametrize("body", ["", "{", '{"name":"a"} more', b'{"name":"\xff"}', '{"name":"\\ud800"}', "nul"])
def test_what_is_not_json_is_malformed(body: str | bytes) -> None:
    problem = _refused(body)
    assert isinstance(problem, MalformedBody)
    assert problem.status == 400


def test_a_fault_that_quotes_a_lone_surrogate_can_still_be_answered() -> None:
    details = [{"type": "odd", "loc": ("a", "\ud800"), "msg": "\udfff is odd", "input": None}]
    answer = InvalidRequest.from_faults(field_errors(details, under=["events", 3])).as_response()
    assert orjson.loads(answer.body)["errors"] == [{"pointer": "#/events/3/a/?", "code": "odd", "message": "? is odd"}]


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (1, "1 fault: #/f0 is wrong"),
        (3, "3 faults: #/f0 is wrong; #/f1 is wrong; #/f2 is wrong"),
        (5, "5 faults: #/f0 is wrong; #/f1 is wrong; #/f2 is wrong (+2 more)"),
    ],
)
def test_the_detail_counts_faults_and_shows_the_first(count: int, text: str) -> None:
    faults = [FieldError(pointer=f"#/f{number}", code="x", message="is wrong") for number in range(count)]
    problem = InvalidRequest.from_faults(faults)
    assert problem.detail == text
    assert problem.errors == faults


def test_a_fault_may_be_of_a_parameter_or_of_the_whole() -> None:
    faults = [FieldError(parameter="cursor", code="x", message="is bad"), FieldError(code="y", message="is odd")]
    assert InvalidRequest.from_faults(faults).detail == "2 faults: cursor is bad; # is odd"


def test_a_problem_is_rendered_by_rfc_9457() -> None:
    answer = InvalidRequest.at("#/data", "too_long", "is too long").as_response()
    assert answer.media_type == "application/problem+json"
    assert answer.status_code == 422
    assert orjson.loads(answer.body) == {
        "type": "urn:ulak:problem:invalid_request",
        "code": "invalid_request",
        "title": "The request does not fit",
        "status": 422,
        "detail": "1 fault: #/data is too long",
        "errors": [{"pointer": "#/data", "code": "too_long", "message": "is too long"}],
    }


@pytest.mark.parametrize(
    ("problem", "status", "code", "header"),
    [
        (MalformedBody("x"), 400, "malformed_body", None),
        (Unauthorized("x"), 401, "unauthorized", ("www-authenticate", "Bearer")),
        (Forbidden("x"), 403, "forbidden", None),
        (NotFound("x"), 404, "not_found", None),
        (Conflict("x"), 409, "conflict", None),
        (BodyTooLarge("x"), 413, "body_too_large", None),
        (InvalidRequest("x"), 422, "invalid_request", None),
        (InternalError(), 500, "internal_error", None),
        (Unavailable(), 503, "unavailable", ("retry-after", "2")),
    ],
)
def test_each_kind_has_its_status_code_and_headers(
    problem: Problem, status: int, code: str, header: tuple[str, str] | None
) -> None:
    answer = problem.as_response()
    assert answer.status_code == status
    assert orjson.loads(answer.body)["code"] == code
    if header:
        assert answer.headers[header[0]] == header[1]


def test_the_documentation_names_every_problem_of_a_status() -> None:
    documented = responses(Conflict, NotFound, type("Other", (Conflict,), {"code": "other", "title": "Another"}))
    assert list(documented) == [404, 409]
    assert "`conflict`" in documented[409]["description"]
    assert "`other`" in documented[409]["description"]


@pytest.fixture
def application() -> FastAPI:
    application = FastAPI()
    install(application)

    @application.post("/typed")
    async def typed(body: Body, size: int = 1) -> None: ...

    @application.get("/fail/{kind}")
    async def fail(kind: str) -> None:
        raise {"bug": RuntimeError("secret detail"), "away": ConnectionRefusedError("db"), "problem": NotFound("gone")}[
            kind
        ]

    return application


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("POST", "/typed", b'{"name":"a"}', 200, None),
        ("POST", "/typed", b'{"name":"long"}', 422, "invalid_request"),
        ("POST", "/typed?size=x", b'{"name":"a"}', 422, "invalid_request"),
        ("POST", "/typed", b"{", 400, "malformed_body"),
        ("POST", "/typed", b'{"name":"\xff"}', 400, None),
        ("POST", "/typed", b'{"name":"\\ud800"}', 422, "invalid_request"),
        ("POST", "/typed", b'{"name":"a","\\ud800":1}', 422, "invalid_request"),
        ("POST", "/typed", b'{"name":"a","inner":{"\\ud800":{"\\udfff":1}}}', 422, "invalid_request"),
        ("GET", "/typed", b"", 405, "method_not_allowed"),
        ("GET", "/nowhere", b"", 404, "not_found"),
        ("GET", "/fail/problem", b"", 404, "not_found"),
        ("GET", "/fail/away", b"", 503, "unavailable"),
        ("GET", "/fail/bug", b"", 500, "internal_error"),
    ],
)
async def test_whatever_goes_wrong_is_answered_as_a_problem(
    application: FastAPI, method: str, path: str, body: bytes, status: int, code: str | None
) -> None:
    transport = httpx.ASGITransport(application, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://t") as client:
        answer = await client.request(method, path, content=body, headers={"content-type": "application/json"})
    assert answer.status_code == status
    assert "secret" not in answer.text
    if status != 200:
        assert answer.headers["content-type"] == "application/problem+json"
    if code:
        assert answer.json()["code"] == code


async def test_faults_of_parameters_and_of_the_body_are_told_apart(application: FastAPI) -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(application), base_url="http://t") as client:
        answer = await client.post("/typed?size=x", json={"name": "long"})
    errors = answer.json()["errors"]
    assert {error.get("parameter") for error in errors} == {"size", None}
    assert {error.get("pointer") for error in errors} == {"#/name", None}


@pytest.mark.parametrize(
    "error",
    [
        ConnectionRefusedError(),
        asyncpg.CannotConnectNowError("the database system is starting up"),
        asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation"),
        asyncpg.InternalClientError("cannot switch to state 12; another operation (2) is in progress"),
    ],
)
def test_a_database_that_is_away_is_no_fault_of_ours(error: Exception) -> None:
    answer = answer_to(error)
    assert answer.status_code == 503
    assert orjson.loads(answer.body)["code"] == "unavailable"
    assert answer.headers["retry-after"]


class Named(BaseModel):
    name: Annotated[str, AfterValidator(lambda text: text), Field(max_length=3)]
    more: dict[Annotated[str, Field(max_length=2)], str] = Field(default_factory=dict)


def test_a_text_that_is_too_long_is_told_as_a_text() -> None:
    with pytest.raises(ValidationError) as refused:
        Named(name="long")
    (fault,) = field_errors(refused.value.errors())
    assert (fault.code, fault.message) == ("string_too_long", "String should have at most 3 characters")


def test_a_property_that_is_wrong_by_its_name_is_pointed_to() -> None:
    with pytest.raises(ValidationError) as refused:
        Named(name="a", more={"long": "x"})
    (fault,) = field_errors(refused.value.errors())
    assert fault.pointer == "#/more/long"
