"""Everything that can be said of a template before Meta is asked: its structure, its practice, and the forecast."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from app.templates.creation_rules import faults, is_positional
from app.templates.definition import Bases, MediaHeader, TemplateDefinition, submission
from app.templates.findings import Finding, Severity
from app.templates.forecast.forecast import Forecast, forecast
from app.templates.lint import lint
from app.templates.shapes import said, upper
from app.templates.text import TemplateText, read_text

_ANYWHERE = Bases("https://www.example.com", "https://www.example.com")
"""Where the links of a business would begin; no rule asks which business it is."""
_HANDLE = "4::sample"
"""Stands for the sample of a media header, which is uploaded when the template is submitted."""

SEVERITIES: tuple[Severity, ...] = ("error", "warning", "hint")


class Linted(BaseModel):
    """What can be said of a template."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    passes: bool = Field(description="Whether there is no finding of the severity `error`")
    findings: list[Finding] = Field(description="The gravest first")
    forecast: Forecast


def lint_definition(definition: TemplateDefinition) -> Linted:
    sample = _HANDLE if isinstance(definition.header, MediaHeader) and definition.header.format != "LOCATION" else None
    found = faults(submission(definition, _ANYWHERE, sample))
    text = read_text(definition)
    found += lint(text, definition.language, definition.category)
    return _linted(found, text, definition.language)


def lint_body(body: Mapping[str, Any]) -> Linted:
    """Of a body of Meta's POST message_templates. What has a wrong type is a finding too."""
    components = body.get("components")
    text = read_text(components if isinstance(components, list) else [])
    language, category = said(body, "language"), upper(body.get("category"))
    found = faults(body)
    # Of a template of the library Meta has the text.
    if text.body or text.is_preset:
        found += lint(text, language, category, is_positional=is_positional(body))
    return _linted(found, text, language)


def _linted(found: list[Finding], text: TemplateText, language: str) -> Linted:
    ordered = sorted(found, key=lambda one: SEVERITIES.index(one.severity))
    passes = not any(one.severity == "error" for one in found)
    return Linted(passes=passes, findings=ordered, forecast=forecast(text, language))
