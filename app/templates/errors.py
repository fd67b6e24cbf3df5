"""Why a template cannot be made, changed or sent to Meta."""

import contextlib
from collections.abc import Iterator
from datetime import datetime
from typing import ClassVar

from app.core.problems import Conflict, Problem
from app.whatsapp.client import GraphUnreachableError
from app.whatsapp.errors import GraphError


class TemplateExists(Conflict):
    code: ClassVar[str] = "template_exists"
    title: ClassVar[str] = "There is such a template already"


class NotEditable(Conflict):
    code: ClassVar[str] = "template_not_editable"
    title: ClassVar[str] = "The template cannot be changed as it is now"


class EditLimit(Conflict):
    code: ClassVar[str] = "template_edit_limit"
    title: ClassVar[str] = "Meta allows no more edits of the template for now"

    @classmethod
    def until(cls, moment: datetime) -> "EditLimit":
        return cls(
            "An approved template can be edited once in 24 hours and ten times in 30 days: this one again from "
            f"{moment.isoformat(timespec='seconds')}."
        )


class NameBarred(Conflict):
    code: ClassVar[str] = "template_name_barred"
    title: ClassVar[str] = "The template's name was deleted a short while ago"

    @classmethod
    def until(cls, moment: datetime) -> "NameBarred":
        return cls(
            "Meta lets the name of an approved template that was deleted be used again after 30 days: from "
            f"{moment.isoformat(timespec='seconds')}. Until then another name must do."
        )


class NothingToSubmit(Conflict):
    code: ClassVar[str] = "template_nothing_to_submit"
    title: ClassVar[str] = "There is nothing to submit of the template"


class TooManyVariants(Conflict):
    code: ClassVar[str] = "too_many_variants"
    title: ClassVar[str] = "The event type has as many variants as it can"


class NotPaused(Conflict):
    code: ClassVar[str] = "template_not_paused"
    title: ClassVar[str] = "The template is not paused"


class RefusedByMeta(Problem):
    status: ClassVar[int] = 422
    code: ClassVar[str] = "template_refused"
    title: ClassVar[str] = "Meta refused the template"

    @classmethod
    def because(cls, error: GraphError) -> "RefusedByMeta":
        return cls(f"Meta's error {error.code}: {error.details or error.message}")


class MetaUnreachable(Problem):
    status: ClassVar[int] = 503
    code: ClassVar[str] = "meta_unreachable"
    title: ClassVar[str] = "Meta could not be reached"


@contextlib.contextmanager
def at_meta() -> Iterator[None]:
    """Around a call to Graph: its errors become the problems that a caller is told. Raises RefusedByMeta or
    MetaUnreachable."""
    try:
        yield
    except GraphError as error:
        raise RefusedByMeta.because(error) from error
    except GraphUnreachableError as error:
        raise MetaUnreachable(str(error)) from error
