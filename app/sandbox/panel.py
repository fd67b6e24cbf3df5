"""The faults page: the dial for people. It speaks to the control API as everybody else does."""

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse

from app.sandbox.errors import CATALOGUE
from app.sandbox.fault_words import FIELDS, STANDING, WORDS
from app.sandbox.faults import FaultDial
from app.sandbox.magic import OF_CALLS
from app.sandbox.pages import language_of, page, template
from app.sandbox.standing import FAULTS

router = APIRouter(include_in_schema=False)

_PAGE = template("faults.html")


@router.get("/faults")
async def panel(request: Request, lang: str | None = None) -> HTMLResponse:
    """Its presets start from Meta's best day, whatever the settings say."""
    language = language_of(request, lang)
    codes = [[code, fault.title, fault.mode] for code, fault in sorted(CATALOGUE.items()) if code not in OF_CALLS]
    best = FaultDial().model_dump(mode="json", exclude={"seed"})
    standing = [[name, STANDING[language][name], fault.changed] for name, fault in FAULTS.items()]
    texts = WORDS[language]
    return page(_PAGE, language, texts, fields=FIELDS[language], codes=codes, best=best, standing=standing)
